import { mongo } from 'mongoose';
import { DUPLICATE_KEY } from '../../lib/duplicate-key.js';
import type { NonceChange } from './judge-nonce.js';
import type { NonceValue } from './signed-over.js';
import type { NonceProblem, NonceState, StoredNonce } from './stored-nonce.js';

/** A nonce that one managed transaction may sign over. */
export interface ClaimedNonce extends NonceValue {
  readonly authority: string;
  /** The finalized slot as of which the account had it. */
  readonly asOfSlot: number;
}

/** How many there are of each state, and why those that are broken are. */
export interface NonceCounts extends Readonly<Record<NonceState, number>> {
  readonly reasons: Readonly<Partial<Record<NonceProblem, number>>>;
}

/** Creates the indexes of `nonce_accounts`. */
export async function ensureNonceIndexes(db: mongo.Db): Promise<void> {
  await nonceAccounts(db).createIndexes([
    // What a claim looks through, the one that rested longest first.
    { key: { authority: 1, state: 1, updatedAt: 1 }, name: 'claim' },
    // Unique: however often a transaction asks, it has one.
    {
      key: { claimedBy: 1 },
      name: 'claimedBy',
      unique: true,
      partialFilterExpression: { claimedBy: { $type: 'string' } },
    },
  ]);
}

/**
 * Who may use which nonce account. Every change is a compare-and-set on what it leaves, so that any number of processes
 * can claim at once.
 */
export class NonceStore {
  readonly #collection: mongo.Collection<StoredNonce>;

  constructor(db: mongo.Db) {
    this.#collection = nonceAccounts(db);
  }

  /**
   * A nonce for a managed transaction, which has to be stored before it asks: one that does not exist has no claim. The
   * same transaction gets the same nonce again, also after a crash. Null when none is available.
   */
  async claim(authority: string, transactionId: string, now: Date): Promise<ClaimedNonce | null> {
    const held = await this.#heldBy(transactionId);
    if (held) return held;
    try {
      const claimed = await this.#collection.findOneAndUpdate(
        { authority, state: 'available' },
        { $set: { state: 'claimed', used: true, claimedBy: transactionId, claimedAt: now, updatedAt: now } },
        { sort: { updatedAt: 1 }, returnDocument: 'after' },
      );
      return claimed && claimedFrom(claimed);
    } catch (error) {
      if (!(error instanceof mongo.MongoServerError) || error.code !== DUPLICATE_KEY) throw error;
      // Another process claimed for the same transaction at the same moment.
      return this.#heldBy(transactionId);
    }
  }

  /**
   * Gives back the nonce that a managed transaction has: it cools down until a refresh finds it safe. By `isSigned` whether
   * anything may be signed over the value that is stored now: the account may have had another one when it was claimed. False
   * when the transaction has none, or it is just being refreshed, which takes it back.
   */
  async release(transactionId: string, isSigned: (nonce: NonceValue) => boolean, now: Date): Promise<boolean> {
    const held = await this.#heldBy(transactionId);
    if (!held) return false;
    const { address: _id, value } = held;
    const released = await this.#collection.updateOne(
      { _id, value, state: 'claimed', claimedBy: transactionId },
      { $set: { state: 'cooling', used: isSigned(held), claimedBy: null, claimedAt: null, updatedAt: now } },
    );
    return released.matchedCount === 1;
  }

  /** All, or those of one authority, in the order of their seeds. */
  async list(authority?: string): Promise<StoredNonce[]> {
    return this.#collection
      .find(authority === undefined ? {} : { authority })
      .sort({ authority: 1, index: 1 })
      .toArray();
  }

  /** All, or those of one authority, for a view: costs one aggregation. */
  async counts(authority?: string): Promise<NonceCounts> {
    const groups = await this.#collection
      .aggregate<{
        _id: { state: NonceState; reason: NonceProblem | null };
        count: number;
      }>([
        { $match: authority === undefined ? {} : { authority } },
        { $group: { _id: { state: '$state', reason: '$reason' }, count: { $sum: 1 } } },
      ])
      .toArray();
    const counts = { available: 0, claimed: 0, cooling: 0, broken: 0 };
    const reasons: Partial<Record<NonceProblem, number>> = {};
    for (const { _id, count } of groups) {
      counts[_id.state] += count;
      if (_id.reason !== null) reasons[_id.reason] = (reasons[_id.reason] ?? 0) + count;
    }
    return { ...counts, reasons };
  }

  /** Notes accounts that are not known yet; those that are stay as they are. */
  async insert(nonces: readonly StoredNonce[]): Promise<void> {
    if (nonces.length === 0) return;
    const insertions = nonces.map(({ _id, ...rest }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
    }));
    await this.#collection.bulkWrite(insertions, { ordered: false });
  }

  /** Writes what was judged. False when the nonce is not any more what it was judged as. */
  async change(judged: StoredNonce, { next }: NonceChange, now: Date): Promise<boolean> {
    const { state, value, used, claimedBy, claimedAt, advancedAtSlot, seenAtSlot, reason } = next;
    const changed = await this.#collection.updateOne(asJudged(judged), {
      $set: { state, value, used, claimedBy, claimedAt, advancedAtSlot, seenAtSlot, reason, updatedAt: now },
    });
    return changed.matchedCount === 1;
  }

  /** Takes one that nobody has out of use, to be closed. False when somebody has it by now. */
  async beginWithdrawal(judged: StoredNonce, now: Date): Promise<boolean> {
    const begun = await this.#collection.updateOne(asJudged(judged), {
      $set: { state: 'broken', reason: 'withdrawing', updatedAt: now },
    });
    return begun.matchedCount === 1;
  }

  /** Forgets accounts that were closed. */
  async forget(addresses: readonly string[]): Promise<void> {
    await this.#collection.deleteMany({ _id: { $in: [...addresses] }, state: 'broken', reason: 'withdrawing' });
  }

  async #heldBy(transactionId: string): Promise<ClaimedNonce | null> {
    const held = await this.#collection.findOne({ claimedBy: transactionId, state: 'claimed' });
    return held && claimedFrom(held);
  }
}

function nonceAccounts(db: mongo.Db): mongo.Collection<StoredNonce> {
  // Majority: a claim that a failover forgets could be made a second time.
  return db.collection<StoredNonce>('nonce_accounts', { writeConcern: { w: 'majority' } });
}

function asJudged({ _id, state, value, used, claimedBy, reason }: StoredNonce): mongo.Filter<StoredNonce> {
  return { _id, state, value, used, claimedBy, reason };
}

function claimedFrom({ _id, authority, value, seenAtSlot }: StoredNonce): ClaimedNonce {
  return { address: _id, authority, value, asOfSlot: seenAtSlot };
}
