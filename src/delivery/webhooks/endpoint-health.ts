const SECOND = 1_000;
const DAY = 24 * 3_600 * SECOND;
/** Tries in a row that fail before an endpoint is left alone for a while. */
const FAILURES_TO_PAUSE = 5;
/** How long at first, doubled with each further pause. */
const FIRST_PAUSE_MS = 30 * SECOND;
const MAX_PAUSE_MS = 600 * SECOND;
/** Without a Retry-After that says more. */
const SLOW_DOWN_MS = 5 * SECOND;
/** Only failures for so long, and at least so many: nobody is there any more. */
const DISABLED_AFTER_MS = 5 * DAY;
const DISABLED_AFTER_FAILURES = 10;

/** How an endpoint is. Times in milliseconds since 1970. */
export interface EndpointHealth {
  /** Since the last success. */
  readonly failures: number;
  /** The first of them. */
  readonly failingSince: number | null;
  /** Times that it was left alone since then. */
  readonly pauses: number;
  /** Nothing is sent before. */
  readonly pausedUntil: number | null;
  /** It asked for less: one request at a time until one that began after its pause succeeds. */
  readonly isSlow: boolean;
}

/** Of an endpoint of which nothing bad is known. */
export const WELL: EndpointHealth = { failures: 0, failingSince: null, pauses: 0, pausedUntil: null, isSlow: false };

/** What a try says of an endpoint. `afterMs`: how long it asked to be left alone; null: it did not say. */
export type HealthSign =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure' }
  | { readonly kind: 'slow-down'; readonly afterMs: number | null };

/** How it is after a try. */
export function healthAfter(health: EndpointHealth, sign: HealthSign, nowMs: number): EndpointHealth {
  const { pausedUntil } = health;
  const isPaused = pausedUntil !== null && nowMs < pausedUntil;
  // What succeeds within a pause was under way before it, and says nothing of what was asked for since.
  if (sign.kind === 'success') return isPaused ? { ...WELL, pausedUntil, isSlow: health.isSlow } : WELL;
  const failures = health.failures + 1;
  const isSlow = health.isSlow || sign.kind === 'slow-down';
  // Requests that were under way together fail together: those after the first say nothing of how it is after the pause.
  const begins = failures >= FAILURES_TO_PAUSE && !isPaused;
  const untils = [pausedUntil ?? 0];
  if (sign.kind === 'slow-down') untils.push(nowMs + Math.max(sign.afterMs ?? 0, SLOW_DOWN_MS));
  if (begins) untils.push(nowMs + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(health.pauses, 30)));
  const until = Math.max(...untils);
  return {
    ...{ failures, failingSince: health.failingSince ?? nowMs, pauses: health.pauses + (begins ? 1 : 0), isSlow },
    pausedUntil: until > nowMs ? until : null,
  };
}

/** How many requests it may have under way now: none while it is left alone, then one that tries how it is. */
export function requestsAllowed({ failures, pausedUntil, isSlow }: EndpointHealth, nowMs: number): number {
  if (pausedUntil !== null && nowMs < pausedUntil) return 0;
  return isSlow || failures >= FAILURES_TO_PAUSE ? 1 : Infinity;
}

/** Until when nothing is sent to it; null: it does not rest. */
export function restsUntil({ pausedUntil }: EndpointHealth, nowMs: number): Date | null {
  return pausedUntil !== null && nowMs < pausedUntil ? new Date(pausedUntil) : null;
}

/** Whether to give up on it: for days it did nothing but fail. */
export function isGivenUp({ failures, failingSince }: EndpointHealth, nowMs: number): boolean {
  return failingSince !== null && failures >= DISABLED_AFTER_FAILURES && nowMs - failingSince >= DISABLED_AFTER_MS;
}
