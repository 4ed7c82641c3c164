import cluster from 'node:cluster';
import { ApiKeys } from '../api/api-keys.js';
import { listen } from '../api/http-server.js';
import { exampleRoutes } from '../api/routes/example-routes.js';
import { createApi } from '../api/server.js';
import { createCommandContext } from '../domain-kit/command-context.js';
import { packageRoot } from '../dev/package-root.js';
import type { DomainRoutes } from '../domain-kit/routes.js';
import { redPackets } from '../domains/red-packets/module.js';
import { loadSigners } from '../transactions/keypair-signers.js';
import { TransactionStore } from '../transactions/transaction-store.js';
import { TransactionSubmitter } from '../transactions/transaction-submitter.js';
import packageJson from '../../package.json' with { type: 'json' };
import { createActionContext } from './action-context.js';
import { createDeadLetterRetrying } from './dead-letter-retrying.js';
import type { Foundation } from './foundation.js';
import { createHealthSource } from './health-source.js';
import { createOwnTransactionDoor } from './own-transactions.js';
import { createOperationsStatus } from './operations-status.js';
import { createReconcileRuns } from './reconcile-runs.js';
import { createPush } from './push.js';
import { createTrailReading } from './trail-reading.js';

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

/** Serves the HTTP API over a foundation. Takes up the transactions that a process before it left unresolved. */
export async function startApi(foundation: Foundation, domains: readonly DomainRoutes[]): Promise<ApiProcess> {
  const { config, log, metrics, mongo, pool, modules } = foundation;
  const { clock } = foundation.machine;
  const signers = await loadSigners({ keypairPaths: config.signerKeypairPaths, secretKeys: config.signerSecretKeys });
  const store = new TransactionStore(mongo.db);
  await store.ensureIndexes();
  const submitter = new TransactionSubmitter({
    chain: pool.chain,
    store,
    signers,
    catalogs: modules.map(({ module, codec }) => ({
      address: codec.programId,
      errors: (module.program.idl as { errors?: { code: number; name: string; msg?: string }[] }).errors ?? [],
    })),
    clock,
    log,
    metrics,
  });
  const apiKeys = new ApiKeys(mongo.db, clock);
  const door = createOwnTransactionDoor(foundation);
  const deadLetters = createDeadLetterRetrying(foundation);
  const app = createApi({
    db: mongo.db,
    domains: modules.flatMap(({ module, codec }) =>
      domains
        .filter((routes) => routes.module.name === module.name)
        .map((routes) => ({
          routes,
          context: createCommandContext({ chain: pool.chain, codec, heldSigners: signers.addresses }),
        })),
    ),
    actions: createActionContext(foundation),
    submitter,
    door,
    health: createHealthSource(foundation),
    retryDead: deadLetters.retry,
    readTrail: createTrailReading(foundation),
    reconcileRuns: createReconcileRuns(foundation),
    status: createOperationsStatus(foundation),
    apiKeys,
    log,
    metrics,
    clock,
    settings: { ...config, version: packageJson.version },
    // The page shows red packets; it is worth nothing where there are none.
    mounts: modules.some(({ module }) => module.name === redPackets.name) ? [exampleRoutes(packageRoot())] : [],
  });
  await submitter.resumeUnresolved();
  const server = await listen(app, { host: config.host, port: config.port });
  const push = createPush(foundation, server.server, apiKeys);
  log.info({ url: server.url, signers: signers.addresses }, 'api listening');
  return {
    url: server.url,
    apiKeys,
    stop: async () => {
      // PM2 has started our successor on the same port before it asks us to stop.
      const closed = server.close(CLOSE_GRACE_MS, { takesOver: cluster.isWorker });
      // Only now: who is cut off connects again at once, and must find our successor.
      await push?.stop();
      await closed;
      door.stop();
      deadLetters.stop();
      await submitter.stop();
    },
  };
}
