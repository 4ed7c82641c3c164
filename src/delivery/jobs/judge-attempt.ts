import { backoffMs } from '../../lib/backoff.js';
import type { Job } from './define-job.js';
import type { JobRun } from './job-run.js';

/** How an attempt went. */
export type JobOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'threw'; readonly error: string }
  | { readonly kind: 'timed-out' }
  /** Somebody wanted it to end. */
  | { readonly kind: 'cancelled' }
  /** The process stops. */
  | { readonly kind: 'stopped' }
  /** The process that ran it is gone. */
  | { readonly kind: 'abandoned' };

/** What follows for the run. */
export type JobVerdict =
  | { readonly state: 'done' | 'cancelled'; readonly error: null }
  | { readonly state: 'failed'; readonly error: string }
  | { readonly state: 'due'; readonly error: string | null; readonly afterMs: number; readonly counts: boolean };

/**
 * How a run that was just claimed ended without being run; null: it is to be run. `wasAbandoned`: whoever ran it before did not
 * come to note how that went, and it counts as an attempt.
 */
export function settledAlready(
  job: Pick<Job, 'attempts'>,
  { isCancelWanted, attempts }: Pick<JobRun, 'isCancelWanted' | 'attempts'>,
  wasAbandoned: boolean,
): JobOutcome | null {
  // The wish may be of before: whoever ran it then did not come to see it.
  if (isCancelWanted) return { kind: 'cancelled' };
  return wasAbandoned && attempts > job.attempts ? { kind: 'abandoned' } : null;
}

/** What a verdict becomes where somebody wanted the run to end before it was noted: only what went well stays as it is. */
export function underWish(verdict: JobVerdict): JobVerdict {
  return verdict.state === 'done' ? verdict : { state: 'cancelled', error: null };
}

/** What follows from the `number`-th attempt (from 1). `random` returns [0, 1). */
export function judgeAttempt(
  job: Pick<Job, 'attempts' | 'backoff' | 'timeoutMs'>,
  outcome: JobOutcome,
  number: number,
  random: () => number,
): JobVerdict {
  switch (outcome.kind) {
    case 'done':
    case 'cancelled':
      return { state: outcome.kind, error: null };
    case 'stopped':
      return { state: 'due', error: null, afterMs: 0, counts: false };
    default: {
      const error = errorOf(outcome, job.timeoutMs);
      if (number >= job.attempts) return { state: 'failed', error };
      return { state: 'due', error, afterMs: backoffMs(job.backoff, number - 1, random), counts: true };
    }
  }
}

/** What is said of an attempt that did not end well. */
export function errorOf(outcome: JobOutcome, timeoutMs: number): string {
  switch (outcome.kind) {
    case 'threw':
      return outcome.error;
    case 'timed-out':
      return `it took longer than ${timeoutMs} ms`;
    case 'abandoned':
      return 'the process that ran it ended';
    default:
      return outcome.kind;
  }
}
