import type { Finding, Status } from './finding.js';

/** How a doctor's visit ends. 2 is for what could not be done at all, as with every command. */
export const EXIT = { well: 0, failing: 1, warning: 3 } as const;

/** Findings counted, and what they come to together. */
export interface Verdict {
  readonly counts: Readonly<Record<Status, number>>;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly exitCode: number;
}

/** One failure makes it fail, else one warning a warning; what was skipped only follows from something else. */
export function verdictOf(findings: readonly Pick<Finding, 'status'>[]): Verdict {
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length;
  const counts = { ok: count('ok'), warn: count('warn'), fail: count('fail'), skipped: count('skipped') };
  if (counts.fail > 0) return { counts, status: 'fail', exitCode: EXIT.failing };
  if (counts.warn > 0) return { counts, status: 'warn', exitCode: EXIT.warning };
  return { counts, status: 'ok', exitCode: EXIT.well };
}
