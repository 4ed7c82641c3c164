import type { EventRecord } from './event-record.js';

/** An event that is to be told sooner than this, in milliseconds, is not changed any more: a desk may be at it. */
export const REPLACEABLE_AHEAD_MS = 5_000;

/**
 * What becomes of an event whose id is known: what was told stays what it was, and what is about to be told does as well;
 * only what waits for longer is replaced.
 */
export function judgeRepeat(known: Pick<EventRecord, 'state' | 'deliverAt'>, now: Date): 'replace' | 'keep' {
  if (known.state !== 'due') return 'keep';
  return known.deliverAt.getTime() >= now.getTime() + REPLACEABLE_AHEAD_MS ? 'replace' : 'keep';
}
