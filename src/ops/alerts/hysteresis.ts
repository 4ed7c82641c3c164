/** What a look says of a condition: `between` is neither bad enough to tell nor well enough to take it back. */
export type Condition = 'bad' | 'well' | 'between';

/** How long a condition must hold without a break before anybody is told, in milliseconds. */
export interface Hold {
  readonly fireAfterMs: number;
  readonly clearAfterMs: number;
}

/** An alert as the watch remembers it between two looks. */
export interface AlertState {
  readonly isFiring: boolean;
  /** Since when it has been as it must be to change, on a monotonic clock; null while it is not. */
  readonly sinceMs: number | null;
}

/** What a look changes: somebody is told of `fire` and of `clear`. */
export interface Step {
  readonly state: AlertState;
  readonly change: 'fire' | 'clear' | null;
}

/** An alert nobody was told of. */
export const QUIET: AlertState = { isFiring: false, sinceMs: null };

/**
 * One look. A condition that comes and goes faster than it is held for changes nothing, so that flapping tells nobody, and
 * never more than once in each hold time.
 */
export function step({ isFiring, sinceMs }: AlertState, condition: Condition, nowMs: number, hold: Hold): Step {
  const turns = condition === (isFiring ? 'well' : 'bad');
  if (!turns) return { state: { isFiring, sinceMs: null }, change: null };
  const since = sinceMs ?? nowMs;
  if (nowMs - since < (isFiring ? hold.clearAfterMs : hold.fireAfterMs)) {
    return { state: { isFiring, sinceMs: since }, change: null };
  }
  return { state: { isFiring: !isFiring, sinceMs: null }, change: isFiring ? 'clear' : 'fire' };
}
