import type { mongo } from 'mongoose';
import { recordFrom, type StoredRecord } from '../ledger/ledger-collections.js';
import { groupByTransaction, type HeldTransaction } from '../ledger/held-transaction.js';
import { findByIndex, type IndexedQuestion } from '../ledger/find-by-index.js';

/** Records read per pass: four calls' worth of statuses, so that a backlog after an outage is worked off in bites. */
const RECORDS_PER_PASS = 1_024;
/** Of the newest so many more, as a share of that, where more is due: what happens now does not wait for a backlog. */
const NEWEST_SHARE = 0.25;

/** What one pass judges. */
export interface DuePage {
  readonly transactions: readonly HeldTransaction[];
  /** The last slot of the page, where more is due after it; null when everything that is due has had its turn. */
  readonly upTo: number | null;
}

/**
 * What is due for finality, a page a pass, from the oldest slot to the newest and then from the oldest again. So what
 * finds no end (nobody can prove anything of it, or it is never applied) cannot keep others from being judged. Where one
 * page holds all, each pass reads all.
 */
export class DueTransactions {
  #after: number | null = null;

  constructor(
    private readonly db: mongo.Db,
    private readonly program: string,
    private readonly recordsPerPass = RECORDS_PER_PASS,
  ) {}

  /**
   * The next page: transactions whose slot is final by now, or that have waited long enough, each as a whole. Those still
   * to be applied are among them: they may be untrue like any other. Reads the same page again until `passed` is called.
   */
  async next(finalizedSlot: number, now: Date): Promise<DuePage> {
    const isDue = { $or: [{ slot: { $lte: finalizedSlot } }, { finalityDueAt: { $lte: now } }] };
    const after = this.#after === null ? {} : { slot: { $gt: this.#after } };
    const page = await this.#read({ ...isDue, ...after }, 1, this.recordsPerPass);
    const last = page.length < this.recordsPerPass ? undefined : page.at(-1);
    if (!last) return { transactions: transactionsOf(page), upTo: null };
    const newest = await this.#read(isDue, -1, Math.ceil(this.recordsPerPass * NEWEST_SHARE));
    const ids = new Set(page.map(({ _id }) => _id));
    const both = [...page, ...newest.filter(({ _id }) => !ids.has(_id))];
    return { transactions: transactionsOf(both), upTo: Number(last.slot) };
  }

  /** The page has been judged. */
  passed({ upTo }: DuePage): void {
    this.#after = upTo;
  }

  /** At most `limit` records, and the rest of the slot that the limit cuts through: slots are judged whole (I7). */
  async #read(filter: mongo.Document, direction: 1 | -1, limit: number): Promise<readonly StoredRecord[]> {
    const waiting = { program: this.program, commitment: 'confirmed' } as const;
    const read = (question: IndexedQuestion) => findByIndex(this.db, waiting, question).toArray();
    const page = await read({ also: { kind: 'event', ...filter }, sort: { slot: direction }, limit });
    const last = page.at(-1);
    if (page.length < limit || !last) return page;
    const lastSlot = await read({ also: { kind: 'event', slot: Number(last.slot) } });
    return [...page.filter(({ slot }) => slot !== last.slot), ...lastSlot];
  }
}

function transactionsOf(stored: readonly StoredRecord[]): HeldTransaction[] {
  return groupByTransaction(stored.map(recordFrom));
}
