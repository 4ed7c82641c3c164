/** What is left of a rate, at a moment on a monotonic clock. */
export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A second's worth may go at once; with less than one a second, one. */
function capacityOf(ratePerSecond: number): number {
  return Math.max(1, ratePerSecond);
}

/** A bucket that is full. */
export function fullBucket(ratePerSecond: number, nowMs: number): TokenBucket {
  return { tokens: capacityOf(ratePerSecond), atMs: nowMs };
}

/** What is in it now. A rate that was changed meanwhile counts from now on. */
export function refilled({ tokens, atMs }: TokenBucket, ratePerSecond: number, nowMs: number): TokenBucket {
  const gained = (Math.max(0, nowMs - atMs) / 1_000) * ratePerSecond;
  return { tokens: Math.min(capacityOf(ratePerSecond), tokens + gained), atMs: nowMs };
}

/** How long until there is a whole one, in milliseconds; 0: there is. */
export function msUntilToken({ tokens }: TokenBucket, ratePerSecond: number): number {
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / ratePerSecond) * 1_000);
}
