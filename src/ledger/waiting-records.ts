import type { mongo } from 'mongoose';
import { findByIndex } from './find-by-index.js';

/** Counted up to this many: a long queue is as good as endless, and counting it costs. */
const COUNTED_AT_MOST = 100_000;

/** How many records of a program wait to be applied since before `seenBefore`, and since when the oldest of them does. */
export async function readWaiting(
  db: mongo.Db,
  program: string,
  seenBefore: Date,
): Promise<{ readonly count: number; readonly oldestSeenAt: Date | null }> {
  const waiting = findByIndex(
    db,
    { program, state: 'received' },
    { also: { seenAt: { $lt: seenBefore } }, limit: COUNTED_AT_MOST, project: { _id: 0, seenAt: 1 } },
  );
  let count = 0;
  let oldestSeenAt: Date | null = null;
  for await (const { seenAt } of waiting) {
    count += 1;
    if (oldestSeenAt === null || (seenAt as Date) < oldestSeenAt) oldestSeenAt = seenAt as Date;
  }
  return { count, oldestSeenAt };
}
