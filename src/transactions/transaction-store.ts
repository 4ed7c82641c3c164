import { mongo } from 'mongoose';
import type { Commitment } from '../lib/commitment.js';
import { fromStored, toStored } from '../lib/stored-value.js';
import type { Attempt, ManagedTransaction, TransactionResult, TransactionState } from './managed-transaction.js';
import type { ProgramRefusal } from './program-refusal.js';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';

type Stored = { _id: string; state: TransactionState } & mongo.Document;

/** What is known when the chain has given its answer. */
export interface Outcome {
  readonly state: 'confirmed' | 'failed' | 'expired';
  readonly slot: number | null;
  readonly commitment: Commitment | null;
  readonly refusal: ProgramRefusal | null;
}

/** not-pending: somebody else was first. same-bytes: they belong to another request, which they may not stand in for. */
export type StoreOutcome = 'stored' | 'not-pending' | 'same-bytes';

/**
 * Managed transactions in MongoDB. Every change is a compare-and-set on the state it leaves, so that any number of
 * processes can work on one request: the first one's bytes are stored, the others find them.
 */
export class TransactionStore {
  readonly #collection: mongo.Collection<Stored>;

  constructor(db: mongo.Db) {
    // Majority: bytes that a failover forgets could be signed a second time (I9).
    this.#collection = db.collection<Stored>('managed_transactions', { writeConcern: { w: 'majority' } });
  }

  async ensureIndexes(): Promise<void> {
    await this.#collection.createIndexes([
      // What a starting process picks up.
      { key: { state: 1, updatedAt: 1 }, name: 'state' },
      // Which request a transaction on chain belongs to.
      // Unique: two requests with the same instructions over the same blockhash are the same bytes, so that one effect
      // would answer both.
      {
        key: { 'attempts.signature': 1 },
        name: 'signature',
        unique: true,
        partialFilterExpression: { 'attempts.signature': { $exists: true } },
      },
    ]);
  }

  async find(id: string): Promise<ManagedTransaction | null> {
    const stored = await this.#collection.findOne({ _id: id });
    return stored && transactionFrom(stored);
  }

  /** False when the id is taken. */
  async insert(transaction: ManagedTransaction): Promise<boolean> {
    const { id, ...rest } = transaction;
    try {
      await this.#collection.insertOne({ _id: id, ...(toStored(rest) as Omit<Stored, '_id'>) } as Stored);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Stores the signed bytes, before anybody sends them. */
  async storeAttempt(id: string, attempt: Attempt, result: TransactionResult, now: Date): Promise<StoreOutcome> {
    try {
      const changed = await this.#collection.updateOne(
        { _id: id, state: 'pending' },
        { $set: { state: 'signed', attempts: [toStored(attempt)], result: toStored(result), updatedAt: now } },
      );
      return changed.matchedCount === 1 ? 'stored' : 'not-pending';
    } catch (error) {
      if (isDuplicateKey(error)) return 'same-bytes';
      throw error;
    }
  }

  async markSent(id: string, signature: string, now: Date): Promise<void> {
    await this.#collection.updateOne(
      { _id: id, state: 'signed', 'attempts.signature': signature },
      { $set: { state: 'sent', 'attempts.$.firstSentAt': now, updatedAt: now } },
    );
  }

  /** Writes the answer of the chain. False when the request left `from` in the meantime. */
  async rest(id: string, from: readonly TransactionState[], outcome: Outcome, now: Date): Promise<boolean> {
    const changed = await this.#collection.updateOne(
      { _id: id, state: { $in: [...from] } },
      { $set: { ...(toStored(outcome) as object), updatedAt: now } as Partial<Stored> },
    );
    return changed.matchedCount === 1;
  }

  /** Requests whose bytes may be under way, oldest first. */
  async unresolved(limit: number): Promise<ManagedTransaction[]> {
    const stored = await this.#collection
      .find({ state: { $in: ['signed', 'sent'] } })
      .sort({ updatedAt: 1 })
      .limit(limit)
      .toArray();
    return stored.map(transactionFrom);
  }
}

function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

function transactionFrom(stored: Stored): ManagedTransaction {
  const { _id, ...rest } = fromStored(stored) as { _id: string } & Omit<ManagedTransaction, 'id'>;
  return { id: _id, ...rest };
}
