/** How long to wait between attempts. All in milliseconds. */
export interface BackoffPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Share of the delay that is random, 0..1, so that many clients do not return in step. */
  readonly jitter: number;
}

/**
 * The delay before attempt `attempt + 1`: doubles from `firstMs`, never above `maxMs`, shortened by up to `jitter` of
 * itself. `random` returns [0, 1).
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: () => number): number {
  const full = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (1 - policy.jitter * random()));
}
