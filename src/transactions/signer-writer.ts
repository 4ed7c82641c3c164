import type { mongo } from 'mongoose';
import type { LeaseWork } from '../leases/lease-work.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease } from '../leases/lease.js';
import { BatchWriter, type BatchStatistics } from '../lib/batch-writer.js';
import type { Clock } from '../lib/clock.js';
import { newCounter, type IndexCounter } from './index-counter.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { TransactionStore } from './transaction-store.js';

/** What becomes of a request and of the row of numbers it takes from. */
export interface Decision {
  /** Null: it stays as it is, and so does who wrote it last. */
  readonly transaction: ManagedTransaction | null;
  readonly counter?: IndexCounter;
}

/** A change of one request. `decide` may run more than once, on what is stored then: it must have no effect. */
export interface Change {
  readonly id: string;
  /** The row of numbers that `decide` is given. */
  readonly counter?: string;
  readonly decide: (current: ManagedTransaction, counter: IndexCounter) => Decision | ManagedTransaction | null;
}

/** What a desk takes in at once is one write; a larger transaction would hold its documents for long. */
export const MOST_AT_ONCE = 256;
/** Far more than a desk ever has under way: beyond it nothing new is taken in. */
const MOST_WAITING = 100_000;
const NO_COUNTER = newCounter('');

/**
 * Every write to the requests of a signer: read, decided and written in one transaction that ends with touching the lease, so
 * that one made under a stale fence changes nothing (I8). One transaction at a time; what comes up meanwhile goes with the
 * next.
 */
export class SignerWriter {
  readonly #batches: BatchWriter<Change, ManagedTransaction | null>;

  constructor(
    private readonly deps: {
      readonly db: mongo.Db;
      readonly store: TransactionStore;
      readonly work: LeaseWork;
      readonly clock: Clock;
    },
  ) {
    const { work, clock } = deps;
    this.#batches = new BatchWriter({
      ...{ clock, partitions: 1, maxBatch: MOST_AT_ONCE, maxDelayMs: 0, maxWaiting: MOST_WAITING },
      write: async (batch) =>
        (await work.exclusive(() => this.#write(batch))).map((value) => ({ kind: 'done', value })),
    });
  }

  /**
   * The request as it is stored then, changed or not; null: there is no such request.
   * @throws StaleFenceError when the lease is somebody else's; what the database throws, after which it may be tried again.
   */
  change(change: Change): Promise<ManagedTransaction | null> {
    return this.#batches.add(change);
  }

  /** How many changes there were, and how many shared their write with others. */
  statistics(): BatchStatistics {
    return this.#batches.statistics();
  }

  #write(batch: readonly Change[]): Promise<(ManagedTransaction | null)[]> {
    const { db, store, work, clock } = this.deps;
    const { lease } = work;
    const ids = [...new Set(batch.map(({ id }) => id))];
    const counterIds = [...new Set(batch.flatMap(({ counter }) => (counter === undefined ? [] : [counter])))];
    return inLeaseTransaction(db, lease, async (session) => {
      const transactions = new Map(
        (await store.findMany(ids, session)).map((transaction) => [transaction.id, transaction]),
      );
      const counters = new Map(
        counterIds.length === 0
          ? []
          : (await store.readCounters(counterIds, session)).map((counter) => [counter.id, counter]),
      );
      const [changed, moved] = [new Set<string>(), new Set<string>()];
      const now = new Date(clock.now());
      const written = batch.map(({ id, counter: counterId, decide }) => {
        const current = transactions.get(id);
        if (!current) return null;
        const counter = counterId === undefined ? NO_COUNTER : (counters.get(counterId) ?? newCounter(counterId));
        const decided = decide(current, counter);
        if (!decided) return current;
        const decision: Decision = 'transaction' in decided ? decided : { transaction: decided };
        if (decision.counter) {
          counters.set(decision.counter.id, decision.counter);
          moved.add(decision.counter.id);
        }
        if (!decision.transaction) return current;
        const next = { ...decision.transaction, fence: lease.fence, updatedAt: now };
        transactions.set(id, next);
        changed.add(id);
        return next;
      });
      await store.replaceAll(
        [...transactions.values()].filter(({ id }) => changed.has(id)),
        [...counters.values()].filter(({ id }) => moved.has(id)),
        session,
      );
      await touchLease(db, lease, session);
      return written;
    });
  }
}
