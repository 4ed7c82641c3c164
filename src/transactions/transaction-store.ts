import { mongo } from 'mongoose';
import { isBrokenBulk } from '../lib/broken-bulk.js';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';
import { fromStored, toStored } from '../lib/stored-value.js';
import type { IndexCounter } from './index-counter.js';
import { WISHES, type ManagedTransaction, type TransactionState, type Wish } from './managed-transaction.js';

/** A request as MongoDB has it. */
export type StoredTransaction = { _id: string; state: TransactionState } & mongo.Document;
type Stored = StoredTransaction;

/** What is worked on under a signer's lease. */
export const OPEN_STATES = ['pending', 'signed', 'sent', 'confirmed'] as const satisfies readonly TransactionState[];

/** What waits for the chain: nobody knows yet what becomes of it. */
export const UNRESOLVED_STATES = ['pending', 'signed', 'sent'] as const satisfies readonly TransactionState[];

/** Managed transactions and the rows of numbers they take from, in MongoDB. */
export class TransactionStore {
  readonly #transactions: mongo.Collection<Stored>;
  readonly #counters: mongo.Collection<{ _id: string } & mongo.Document>;

  constructor(db: mongo.Db) {
    // Majority: bytes that a failover forgets could be signed a second time (I9).
    const writeConcern = { w: 'majority' } as const;
    this.#transactions = db.collection<Stored>('managed_transactions', { writeConcern });
    this.#counters = db.collection('index_counters', { writeConcern });
  }

  async ensureIndexes(): Promise<void> {
    await this.#transactions.createIndexes([
      // What a holder of a signer's lease works on, in the order it came.
      { key: { signer: 1, state: 1, createdAt: 1, _id: 1 }, name: 'signer-state' },
      // What nobody works on yet: `fence` 0.
      { key: { signer: 1, fence: 1, state: 1, createdAt: 1 }, name: 'untouched' },
      // What an operator wants.
      { key: { signer: 1, wish: 1 }, name: 'wish' },
      // What an operator lists.
      { key: { state: 1, createdAt: 1, _id: 1 }, name: 'listed' },
      // What a client lists of its own.
      { key: { owner: 1, createdAt: 1, _id: 1 }, name: 'owner' },
      // Who has which number of a row.
      { key: { signer: 1, counter: 1, 'allocation.index': 1 }, name: 'numbers' },
      // Which request a transaction on chain belongs to.
      // Unique: two requests with the same instructions over the same blockhash are the same bytes, so that one effect
      // would answer both.
      {
        key: { 'attempts.signature': 1 },
        name: 'signature',
        unique: true,
        partialFilterExpression: { 'attempts.signature': { $exists: true } },
      },
      // Which of what was prepared a wallet has signed. Unique for the same reason: a wallet's signature is not there yet.
      {
        key: { 'prepared.hash': 1 },
        name: 'prepared',
        unique: true,
        partialFilterExpression: { 'prepared.hash': { $exists: true } },
      },
    ]);
  }

  async find(id: string): Promise<ManagedTransaction | null> {
    const stored = await this.#transactions.findOne({ _id: id });
    return stored && transactionFrom(stored);
  }

  /** What was prepared for this owner with that message. */
  async findPrepared(owner: string, hash: string): Promise<ManagedTransaction | null> {
    const stored = await this.#transactions.findOne({ 'prepared.hash': hash, owner });
    return stored && transactionFrom(stored);
  }

  /** Stores what wallets have signed, for whoever holds their lease. False when it is not only prepared any more. */
  async takeSigned({ id, state, attempts, updatedAt }: ManagedTransaction): Promise<boolean> {
    const changed = await this.#transactions.updateOne(
      { _id: id, state: 'prepared' },
      { $set: { state, attempts: toStored(attempts), updatedAt } },
    );
    return changed.matchedCount === 1;
  }

  /**
   * Removes what was prepared before that moment and never submitted; how many there were. Not over a nonce: that may be
   * signed at any time.
   */
  async forgetPrepared(before: Date): Promise<number> {
    const removed = await this.#transactions.deleteMany({
      ...{ state: 'prepared', lifetime: 'blockhash', createdAt: { $lt: before } },
    });
    return removed.deletedCount;
  }

  /** Those there are of these ids, in no order. */
  async findMany(ids: readonly string[], session?: mongo.ClientSession): Promise<ManagedTransaction[]> {
    const stored = await this.#transactions.find({ _id: { $in: [...ids] } }, session ? { session } : {}).toArray();
    return stored.map(transactionFrom);
  }

  /**
   * For each, whether it is new: false when its id is taken. One write for all of them.
   * @throws what the database throws; `isBrokenBulk` tells whether what broke off may be tried again.
   */
  async insertMany(transactions: readonly ManagedTransaction[]): Promise<readonly boolean[]> {
    try {
      await this.#transactions.insertMany(transactions.map(storedFrom), { ordered: false });
      return transactions.map(() => true);
    } catch (error) {
      if (!(error instanceof mongo.MongoBulkWriteError) || isBrokenBulk(error)) throw error;
      const failures = [error.writeErrors].flat();
      if (failures.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
      const taken = new Set(failures.map(({ index }) => index));
      return transactions.map((_, position) => !taken.has(position));
    }
  }

  /** What is open of a signer and somebody worked on, in the order it came, from `after` on. */
  async readOpen(signer: string, limit: number, after: ManagedTransaction | null): Promise<ManagedTransaction[]> {
    const stored = await this.#transactions
      .find({
        signer,
        state: { $in: [...OPEN_STATES] },
        fence: { $gt: 0 },
        ...(after
          ? { $or: [{ createdAt: { $gt: after.createdAt } }, { createdAt: after.createdAt, _id: { $gt: after.id } }] }
          : {}),
      })
      .sort({ createdAt: 1, _id: 1 })
      .limit(limit)
      .toArray();
    return stored.map(transactionFrom);
  }

  /** What is open of a signer and nobody worked on yet, in the order it came. */
  async readNew(signer: string, limit: number): Promise<ManagedTransaction[]> {
    const stored = await this.#transactions
      .find({ signer, fence: 0, state: { $in: [...OPEN_STATES] } })
      .sort({ createdAt: 1, _id: 1 })
      .limit(limit)
      .toArray();
    return stored.map(transactionFrom);
  }

  /** Requests whose bytes may be under way, of whatever signer, oldest first. */
  async unresolved(limit: number): Promise<ManagedTransaction[]> {
    const stored = await this.#transactions
      .find({ state: { $in: ['signed', 'sent'] } })
      .sort({ createdAt: 1 })
      .limit(limit)
      .toArray();
    return stored.map(transactionFrom);
  }

  /** Of these requests, those in one of the states; by id and state alone. */
  async whichAre(ids: readonly string[], states: readonly TransactionState[]): Promise<readonly string[]> {
    const found = await this.#transactions
      .find({ _id: { $in: [...ids] }, state: { $in: [...states] } }, { projection: { _id: 1 } })
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /**
   * Notes what an operator wants done. False when the request rests, there is none, or something else is wanted already; only
   * a cancel takes the place of that.
   */
  async wish(id: string, wish: Wish, now: Date): Promise<boolean> {
    const changed = await this.#transactions.updateOne(
      {
        ...{ _id: id, state: { $in: ['prepared', ...OPEN_STATES] } },
        ...(wish === 'cancel' ? {} : { wish: { $in: [null, wish] } }),
      },
      { $set: { wish, updatedAt: now } },
    );
    return changed.matchedCount === 1;
  }

  /** Requests with a wish, of a signer. */
  async readWished(signer: string): Promise<ManagedTransaction[]> {
    const stored = await this.#transactions
      .find({ signer, wish: { $in: [...WISHES] }, state: { $in: ['prepared', ...OPEN_STATES] } })
      .limit(1_000)
      .toArray();
    return stored.map(transactionFrom);
  }

  async readCounters(ids: readonly string[], session?: mongo.ClientSession): Promise<IndexCounter[]> {
    const stored = await this.#counters.find({ _id: { $in: [...ids] } }, session ? { session } : {}).toArray();
    return stored.map(({ _id, ...rest }) => ({ id: _id, ...(fromStored(rest) as Omit<IndexCounter, 'id'>) }));
  }

  /** Writes requests and counters as they are given, in the caller's transaction. */
  async replaceAll(
    transactions: readonly ManagedTransaction[],
    counters: readonly IndexCounter[],
    session: mongo.ClientSession,
  ): Promise<void> {
    if (transactions.length > 0) {
      await this.#transactions.bulkWrite(
        transactions.map((transaction) => {
          const { _id, ...replacement } = storedFrom(transaction);
          return { replaceOne: { filter: { _id }, replacement: replacement as Stored } };
        }),
        { session, ordered: false },
      );
    }
    for (const { id, ...rest } of counters) {
      await this.#counters.replaceOne({ _id: id }, toStored(rest) as mongo.Document, { session, upsert: true });
    }
  }
}

function storedFrom({ id, ...rest }: ManagedTransaction): Stored {
  return { _id: id, ...(toStored(rest) as Omit<Stored, '_id'>) } as Stored;
}

/** The request that a document holds. */
export function transactionFrom(stored: StoredTransaction): ManagedTransaction {
  const { _id, ...rest } = fromStored(stored) as { _id: string } & Omit<ManagedTransaction, 'id'>;
  return { id: _id, ...rest };
}
