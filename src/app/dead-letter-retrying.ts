import { TransactionFetcher } from '../chain/transaction-fetcher.js';
import { retryDead, type RetryOutcome } from '../recovery/dead-letter-retry.js';
import { createIngest } from './create-ingest.js';
import type { Foundation } from './foundation.js';

/** Somebody waits for the answer: an endpoint that lags is asked again at the next retry, not for longer now. */
const PATIENCE_MS = 5_000;

/** Retries of what is dead, for the API and for scripts. Whoever holds the program's lease projects what they recover. */
export function createDeadLetterRetrying(foundation: Foundation): {
  readonly retry: (id: string) => Promise<RetryOutcome>;
  stop(): void;
} {
  const { config, mongo, pool, modules, machine } = foundation;
  const { clock, random } = machine;
  const fetcher = new TransactionFetcher({ chain: pool.chain, clock, random, patienceMs: PATIENCE_MS });
  const ingests = new Map(
    modules.map((installed) => [installed.module.name, createIngest(foundation, installed, fetcher)]),
  );
  const dependencies = {
    ...{ db: mongo.db, clock, finalityDelayMs: config.finalityDelayMs },
    ingestOf: (program: string) => ingests.get(program) ?? null,
  };
  return { retry: (id) => retryDead(dependencies, id), stop: () => fetcher.stop() };
}
