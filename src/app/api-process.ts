import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { ApiKeys } from '../api/api-keys.js';
import { EventStreams } from '../api/event-streams.js';
import { listen } from '../api/http-server.js';
import { exampleRoutes } from '../api/routes/example-routes.js';
import { createApi } from '../api/server.js';
import { DispatcherStore } from '../delivery/dispatchers/dispatcher-store.js';
import { packageRoot } from '../dev/package-root.js';
import type { DomainRoutes } from '../domain-kit/routes.js';
import { redPackets } from '../domains/red-packets/module.js';
import { fulfilWish } from '../transactions/fulfil-wish.js';
import packageJson from '../../package.json' with { type: 'json' };
import { createActionContext } from './action-context.js';
import { createDeadLetterRetrying } from './dead-letter-retrying.js';
import { deliveryHints } from './delivery-hints.js';
import { createDispatcherTelling } from './dispatcher-telling.js';
import type { Foundation } from './foundation.js';
import { createHealthSource } from './health-source.js';
import { createOwnTransactionDoor } from './own-transactions.js';
import { createOperationsStatus } from './operations-status.js';
import { createReconcileRuns } from './reconcile-runs.js';
import { createPush } from './push.js';
import { createSignerOperations } from './signer-operations.js';
import { createTrailReading } from './trail-reading.js';
import { startTransactionDesks } from './transaction-desks.js';

/**
 * Requests under way when the process is asked to stop get this long, in milliseconds: a little more than the 10 s for
 * which a write waits for its documents, whose worker may be stopping as well.
 */
const CLOSE_GRACE_MS = 12_000;

/** The API while it serves. */
export interface ApiProcess {
  /** For people. */
  readonly url: string;
  readonly apiKeys: ApiKeys;
  stop(): Promise<void>;
}

/** Serves the HTTP API over a foundation, and works on the writes it takes in. */
export async function startApi(foundation: Foundation, domains: readonly DomainRoutes[]): Promise<ApiProcess> {
  const { config, log, metrics, mongo, modules } = foundation;
  const { clock } = foundation.machine;
  const desks = await startTransactionDesks(foundation, domains);
  const apiKeys = new ApiKeys(mongo.db, clock);
  const door = createOwnTransactionDoor(foundation);
  const deadLetters = createDeadLetterRetrying(foundation);
  const streams = new EventStreams({ db: mongo.db, clock, log, metrics, maxConsumers: config.streamMaxConsumers });
  const dispatchers = new DispatcherStore(mongo.db, { clock, randomBytes });
  const wakeDesks = deliveryHints(foundation);
  const telling = createDispatcherTelling(foundation, dispatchers, wakeDesks);
  const app = createApi({
    db: mongo.db,
    domains: domains.flatMap((routes) => {
      const context = desks.contexts.get(routes.module.name);
      return context ? [{ routes, context }] : [];
    }),
    actions: createActionContext(foundation),
    submitter: desks.submitter,
    preparer: desks.preparer,
    walletSubmitter: desks.walletSubmitter,
    door,
    health: createHealthSource(foundation),
    retryDead: deadLetters.retry,
    readTrail: createTrailReading(foundation),
    reconcileRuns: createReconcileRuns(foundation),
    signers: createSignerOperations({ db: mongo.db, chain: foundation.pool.chain, clock, nodes: desks.nodes }),
    fulfilWish: (id, wish, waitMs) => fulfilWish({ store: desks.store, clock }, id, wish, waitMs),
    status: createOperationsStatus(foundation),
    ...{ dispatchers, telling, wakeDesks },
    apiKeys,
    streams,
    log,
    metrics,
    // What is sent is due by it.
    clock: foundation.databaseClock,
    settings: { ...config, version: packageJson.version },
    // The page shows red packets; it is worth nothing where there are none.
    mounts: modules.some(({ module }) => module.name === redPackets.name) ? [exampleRoutes(packageRoot())] : [],
  });
  const server = await listen(app, { host: config.host, port: config.port });
  const push = createPush(foundation, server.server, apiKeys);
  log.info({ url: server.url, signers: desks.signers.addresses }, 'api listening');
  return {
    url: server.url,
    apiKeys,
    stop: async () => {
      // PM2 has started our successor on the same port before it asks us to stop.
      const closed = server.close(CLOSE_GRACE_MS, { takesOver: cluster.isWorker });
      // Only now: who is cut off connects again at once, and must find our successor.
      await Promise.all([push?.stop(), streams.stop()]);
      await closed;
      door.stop();
      deadLetters.stop();
      await Promise.all([desks.stop(), telling.close()]);
    },
  };
}
