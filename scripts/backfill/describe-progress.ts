import type { BackfillProgress } from '../../src/recovery/backfill.js';
import type { Progress } from '../command/progress-bar.js';

/** How far a backfill's walk is, in slots: how many transactions lie ahead, nobody knows. */
export function describeBackfill({ span, walk, atSlot, counts }: BackfillProgress): Progress {
  const what = walk === 1 ? 'fetching' : `comparing (walk ${walk})`;
  const parked = counts.parked > 0 ? `, ${counts.parked} parked` : '';
  return {
    done: span.toSlot - atSlot,
    total: span.toSlot - span.fromSlot,
    detail: `${what}, at slot ${atSlot}: ${counts.listed} transactions, ${counts.events} new events${parked}`,
  };
}
