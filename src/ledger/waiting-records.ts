import type { mongo } from 'mongoose';
import { ledgerEvents } from './ledger-collections.js';

/** Counted up to this many: a long queue is as good as endless, and counting it costs. */
const COUNTED_AT_MOST = 100_000;

/** How many records of a program wait to be applied since before `seenBefore`, and since when the oldest of them does. */
export async function readWaiting(
  db: mongo.Db,
  program: string,
  seenBefore: Date,
): Promise<{ readonly count: number; readonly oldestSeenAt: Date | null }> {
  const where = { program, state: 'received', seenAt: { $lt: seenBefore } };
  const [count, oldest] = await Promise.all([
    ledgerEvents(db).countDocuments(where, { limit: COUNTED_AT_MOST }),
    ledgerEvents(db).findOne(where, { sort: { seenAt: 1 }, projection: { seenAt: 1 } }),
  ]);
  return { count, oldestSeenAt: oldest === null ? null : (oldest.seenAt as Date) };
}
