/** RFC 9110 has three forms; every one begins with the name of the day. */
const HTTP_DATE = /^\s*[A-Z][a-z]{2,8}/;

/** How long `Retry-After` asks to wait, in milliseconds from `nowMs`; null: it is not there, or says nothing that is known. */
export function parseRetryAfter(header: string | readonly string[] | undefined, nowMs: number): number | null {
  if (typeof header !== 'string') return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  // Date.parse alone takes `-5` for a date.
  const at = HTTP_DATE.test(header) ? Date.parse(header) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
