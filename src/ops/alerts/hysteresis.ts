/** What a look says of a condition: `between` is neither bad enough to tell nor well enough to take it back. */
export type Condition = 'bad' | 'well' | 'between';

/** How long a condition must hold without a break before anybody is told, in milliseconds. */
export interface Hold {
  readonly fireAfterMs: number;
  readonly clearAfterMs: number;
}

/** A condition, and since when looks have found nothing else, on a monotonic clock. */
export interface Held {
  readonly condition: Condition;
  readonly sinceMs: number;
}

/** What a look makes of what was found before it; null: nothing was. */
export function holdOn(before: Held | null, condition: Condition, nowMs: number): Held {
  return before?.condition === condition ? before : { condition, sinceMs: nowMs };
}

/**
 * What changes: somebody is told of `fire` and of `clear`. A condition that comes and goes faster than it is held for changes
 * nothing, so that flapping tells nobody, and never more than once in each hold time.
 */
export function changeOf(
  isFiring: boolean,
  { condition, sinceMs }: Held,
  nowMs: number,
  { fireAfterMs, clearAfterMs }: Hold,
): 'fire' | 'clear' | null {
  if (isFiring) return condition === 'well' && nowMs - sinceMs >= clearAfterMs ? 'clear' : null;
  return condition === 'bad' && nowMs - sinceMs >= fireAfterMs ? 'fire' : null;
}
