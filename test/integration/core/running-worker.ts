import { startEventWorker, type EventWorker } from '../../../src/app/event-worker.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import type { FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { recordFrom } from '../../../src/ledger/ledger-collections.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import type { TestDatabase } from '../../support/test-database.js';

export interface RunningWorker {
  readonly worker: EventWorker;
  readonly foundation: Foundation;
  readonly finalized: string[];
  records(filter?: object): Promise<LedgerRecord[]>;
  /** Waits until the events of these transactions are applied and final, and gives their records: not those of executions that never landed. */
  allFinal(signatures: readonly string[], timeoutMs?: number): Promise<LedgerRecord[]>;
  stop(): Promise<void>;
}

/** An event worker over a network that can be broken. It drops its database when it is stopped. */
export async function startWorker(
  proxy: Pick<FaultProxy, 'rpcUrl' | 'wsUrl'>,
  database: TestDatabase,
  modules: readonly DomainModule[],
  env: Readonly<Record<string, string>>,
): Promise<RunningWorker> {
  const config = readConfig({
    ...{ MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', SWEEP_INTERVAL_MS: '500', SILENCE_MS: '1000' },
    ...{ LEASE_TERM_MS: '2000', HANDLER_BACKOFF_MS: '10', RECONCILE_SCHEDULE: 'off' },
    ...env,
  });
  const endpoints = { rpcUrls: [proxy.rpcUrl], wsUrls: [proxy.wsUrl], mongodbUri: database.uri };
  const metrics = createMetrics({ processMetrics: false });
  const foundation = await layFoundation(config, endpoints, modules, createLogger(config), metrics);
  const worker = startEventWorker(foundation, endpoints);
  const finalized: string[] = [];
  worker.announcer.on('transaction-finalized', ({ signature }: { signature: string }) => finalized.push(signature));
  await eventually(() => worker.status().live, { timeoutMs: 30_000 });

  const records = async (filter: object = {}) =>
    (await foundation.mongo.db.collection('ledger_events').find(filter).toArray()).map(recordFrom);
  let stopped: Promise<void> | undefined;
  return {
    ...{ worker, foundation, finalized, records },
    allFinal: (signatures, timeoutMs = 60_000) =>
      eventually(
        async () => {
          const found = await records({ signature: { $in: [...signatures] }, state: { $ne: 'orphaned' } });
          const done = found.filter(({ state, commitment }) => state === 'applied' && commitment === 'finalized');
          const missing = signatures.filter((one) => !done.some(({ signature }) => signature === one));
          if (missing.length > 0)
            throw new Error(`${missing.length} of ${signatures.length} are not applied and final`);
          if (done.length < found.length) throw new Error('some of their events are not applied and final');
          return found;
        },
        { timeoutMs, everyMs: 100 },
      ),
    stop: () =>
      (stopped ??= (async () => {
        await worker.stop();
        await foundation.close();
        await database.drop();
      })()),
  };
}
