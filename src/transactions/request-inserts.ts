import { mongo } from 'mongoose';
import { BatchWriter } from '../lib/batch-writer.js';
import { isBrokenBulk } from '../lib/broken-bulk.js';
import type { Clock } from '../lib/clock.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { TransactionStore } from './transaction-store.js';

/** Writes side by side; requests of one id go the same way, so that the first is the first. */
const PARTITIONS = 4;
const MOST_AT_ONCE = 200;
const MOST_WAITING = 10_000;
const RETRY = { attempts: 5, backoff: { firstMs: 50, maxMs: 1_000, jitter: 0.5 } };

/** Stores new requests, many in one write. What is acknowledged is on the majority of the database's servers. */
export class RequestInserts {
  readonly #batches: BatchWriter<ManagedTransaction, boolean>;

  /** `random`: 0 ≤ n < 1. */
  constructor(store: Pick<TransactionStore, 'insertMany'>, clock: Clock, random: () => number) {
    this.#batches = new BatchWriter({
      ...{ clock, partitions: PARTITIONS, maxBatch: MOST_AT_ONCE, maxDelayMs: 0, maxWaiting: MOST_WAITING },
      partitionOf: ({ id }) => id,
      write: async (batch) => (await store.insertMany(batch)).map((value) => ({ kind: 'done', value })),
      // Safe to repeat: what is there already is found to be so, and whose it is decided by its body.
      retry: { ...RETRY, random, isTransient },
    });
  }

  /** False when the id is taken. @throws MooringError `overloaded`, `stopped`; what the database throws. */
  insert(transaction: ManagedTransaction): Promise<boolean> {
    return this.#batches.add(transaction);
  }

  /** Writes what waits. */
  stop(): Promise<void> {
    return this.#batches.stop();
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof mongo.MongoNetworkError || isBrokenBulk(error);
}
