/** RFC 9110 has three forms; every one begins with the name of the day. */
const HTTP_DATE = /^\s*[A-Z][a-z]{2,8}/;

/** Nobody may keep us waiting for longer than the schedule's longest pause: not with a mistake in seconds, nor with a far year. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/**
 * How long `Retry-After` asks to wait, in milliseconds from `nowMs`, a day at most; null: it is not there, or says nothing that
 * is known.
 */
export function parseRetryAfter(header: string | readonly string[] | undefined, nowMs: number): number | null {
  if (typeof header !== 'string') return null;
  if (/^\d+$/.test(header.trim())) return capped(Number(header) * 1_000);
  // Date.parse alone takes `-5` for a date.
  const at = HTTP_DATE.test(header) ? Date.parse(header) : NaN;
  return Number.isNaN(at) ? null : capped(at - nowMs);
}

function capped(ms: number): number {
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}
