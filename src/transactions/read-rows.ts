import type { mongo } from 'mongoose';
import { fromStored, toStored } from '../lib/stored-value.js';
import type { IndexCounter } from './index-counter.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { RowView } from './signer-view.js';
import { TransactionStore, transactionFrom, type StoredTransaction } from './transaction-store.js';

/** Of the requests at rest only the newest are looked at: those that came within a day, so many at most. */
const RESTING_FOR_MS = 24 * 3_600_000;
const RESTING_AT_MOST = 1_000;
const WITHOUT_EFFECT = ['failed', 'expired', 'cancelled'] as const;

/** The rows of numbers that a signer's requests took from, by name. */
export async function readRows(db: mongo.Db, signer: string): Promise<RowView[]> {
  const rows = await new TransactionStore(db).readCounters(await readRowNames(db, signer));
  return rows.map(({ id, next, free }) => ({ row: id, next, free })).sort((a, b) => (a.row < b.row ? -1 : 1));
}

/** Their names, also of those of which nothing was taken yet. */
export async function readRowNames(db: mongo.Db, signer: string): Promise<string[]> {
  const names = (await requestsOf(db).distinct('counter', { signer })) as (string | null)[];
  return names.filter((name) => name !== null);
}

/** A row as it is stored and the requests that say something of it. */
export interface RowReading {
  readonly row: IndexCounter;
  /** By which the chain can be asked about the row. */
  readonly sample: ManagedTransaction;
  /** The newest at rest without effect that hold a number of it. */
  readonly resting: readonly ManagedTransaction[];
  /** Of the numbers that were given back or that `resting` hold, those of a request that is open or landed. */
  readonly held: ReadonlySet<bigint>;
}

/** Reads the row first, then its requests: see `judgeRow`. Null: nothing was taken of it yet. */
export async function readRow(db: mongo.Db, signer: string, name: string, nowMs: number): Promise<RowReading | null> {
  const [row] = await new TransactionStore(db).readCounters([name]);
  const requests = requestsOf(db);
  const sample = await requests.findOne({ signer, counter: name });
  if (!row || !sample) return null;
  const found = await requests
    .find({
      ...{ signer, state: { $in: [...WITHOUT_EFFECT] }, createdAt: { $gt: new Date(nowMs - RESTING_FOR_MS) } },
      'allocation.counter': name,
    })
    .sort({ createdAt: -1, _id: -1 })
    .limit(RESTING_AT_MOST)
    .toArray();
  const resting = found.map(transactionFrom);
  const asked = [...row.free, ...resting.flatMap(({ allocation }) => (allocation ? [allocation.index] : []))];
  const holders = await requests
    .find({
      signer,
      counter: name,
      'allocation.index': { $in: asked.map(toStored) },
      state: { $nin: [...WITHOUT_EFFECT] },
    })
    .project<{ allocation: { index: unknown } }>({ 'allocation.index': 1 })
    .toArray();
  const held = new Set(holders.map(({ allocation }) => fromStored(allocation.index) as bigint));
  return { row, sample: transactionFrom(sample), resting, held };
}

function requestsOf(db: mongo.Db): mongo.Collection<StoredTransaction> {
  return db.collection<StoredTransaction>('managed_transactions');
}
