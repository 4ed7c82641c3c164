import type { BackoffPolicy } from '../../lib/backoff.js';
import { MAX_TIMER_MS } from '../../lib/clock.js';
import { MooringError } from '../../lib/errors.js';
import type { ToldRecord } from '../records/told-record.js';
import { handlerOf } from './job-run.js';

/** What a job works with. */
export interface JobContext {
  /** What happened; `account` is the application's own name of it, its `accountId`. */
  readonly event: ToldRecord;
  readonly run: {
    /** The same for every attempt: whatever a job does elsewhere can be told by it from what it did already. */
    readonly id: string;
    /** From 1. */
    readonly attempt: number;
  };
  /** Aborted when the attempt takes too long, is cancelled, or its process stops: what the job waits for has to heed it. */
  readonly signal: AbortSignal;
  /**
   * Writes a line that is kept with the run; the newest 200 are. `data` is kept as JSON, or as a description where it has
   * none (it holds itself, say): writing never throws.
   */
  readonly log: (message: string, data?: unknown) => void;
}

/** A job as it is registered. */
export interface JobSpec {
  readonly id: string;
  readonly version: string;
  /** Done when it resolves; a rejection is tried again. It may run more than once: whoever is killed at its end did not note it. */
  readonly run: (context: JobContext) => Promise<void>;
  /** For one attempt, in milliseconds: at most `MAX_TIMER_MS`, which is 24 days; 5 minutes when left out. */
  readonly timeoutMs?: number;
  /** Attempts in all; 3 when left out. */
  readonly attempts?: number;
  /** Between attempts; from a second up to a minute when left out. */
  readonly backoff?: BackoffPolicy;
}

/** A version of a job that a process can run. */
export type Job = Required<JobSpec>;

const MINUTE = 60_000;
const NAME = /^[\w.-]{1,100}$/;
const BACKOFF: BackoffPolicy = { firstMs: 1_000, maxMs: MINUTE, jitter: 0.2 };

/**
 * Makes a job that events can be delivered to. Processes that have its id and version run it; the others leave it to them.
 * @throws MooringError `job-invalid`
 */
export function defineJob(spec: JobSpec): Job {
  for (const [what, value] of Object.entries({ id: spec.id, version: spec.version })) {
    if (NAME.test(value)) continue;
    const message = `The ${what} of a job must have 1 to 100 letters, digits, dots, dashes and underscores: ${value}`;
    throw new MooringError('job-invalid', message);
  }
  const { timeoutMs = 5 * MINUTE, attempts = 3, backoff = BACKOFF } = spec;
  // What is not a number compares as false.
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
    const message = `The timeoutMs of the job ${spec.id} must be above 0 and at most ${MAX_TIMER_MS} (24 days): ${timeoutMs}`;
    throw new MooringError('job-invalid', message);
  }
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new MooringError('job-invalid', `The job ${spec.id} needs at least one attempt: ${attempts}`);
  }
  return { ...spec, timeoutMs, attempts, backoff };
}

/** Jobs by `<id>@<version>`. @throws MooringError `job-invalid` when two are the same. */
export function jobsByHandler(jobs: readonly Job[]): ReadonlyMap<string, Job> {
  const known = new Map<string, Job>();
  for (const job of jobs) {
    const handler = handlerOf(job.id, job.version);
    if (known.has(handler)) throw new MooringError('job-invalid', `The job ${handler} is registered twice.`);
    known.set(handler, job);
  }
  return known;
}
