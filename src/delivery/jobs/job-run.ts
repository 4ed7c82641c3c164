import { createHash } from 'node:crypto';
import type { mongo } from 'mongoose';

/** due: to be run at `dueAt`. running: somebody does. The rest are ends. */
export const JOB_RUN_STATES = ['due', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobRunState = (typeof JOB_RUN_STATES)[number];

/** Kept of an error, and of a line of the log. */
export const MAX_TEXT_CHARACTERS = 2_000;

/** One try of a run. */
export interface JobAttempt {
  readonly number: number;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** Null: it went well. */
  readonly error: string | null;
}

/** A line that a job wrote. */
export interface JobLogLine {
  readonly at: Date;
  readonly attempt: number;
  readonly message: string;
  /** JSON. */
  readonly data: string | null;
}

/** A job on its way through one event. */
export interface JobRun {
  readonly _id: string;
  readonly environment: string;
  readonly job: string;
  readonly version: string;
  /** `<job>@<version>`: what a process has to have registered. */
  readonly handler: string;
  readonly record: string;
  readonly dispatcher: string;
  readonly delivery: string;
  readonly state: JobRunState;
  /** While it is running: another one with every sign of life of whoever runs it. */
  readonly dueAt: Date;
  /** Of whoever runs it, another one for every try; null: nobody does. */
  readonly claim: string | null;
  /** For how long the claim holds without a sign of life, in milliseconds; null: whoever claims it has not said. */
  readonly claimMs: number | null;
  /** Begun, ever. */
  readonly attempts: number;
  /** When the last one began; null: none did. */
  readonly startedAt: Date | null;
  readonly history: readonly JobAttempt[];
  readonly logs: readonly JobLogLine[];
  /** Somebody wants it to end. */
  readonly isCancelWanted: boolean;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** What a run is made of. */
export type RunOrder = { readonly id: string } & Pick<
  JobRun,
  'environment' | 'job' | 'version' | 'record' | 'dispatcher' | 'delivery'
>;

/** The name of a version of a job. */
export function handlerOf(job: string, version: string): string {
  return `${job}@${version}`;
}

/** The same for the same try of a delivery, so that one makes one run. */
export function runIdOf(delivery: string, number: number): string {
  return `run_${createHash('sha256').update(`${delivery}#${number}`).digest('hex').slice(0, 24)}`;
}

/** The collection of runs. */
export function jobRuns(db: mongo.Db): mongo.Collection<JobRun> {
  return db.collection<JobRun>('job_runs', { writeConcern: { w: 'majority' } });
}

/** Creates the indexes of runs: for what is due of the versions that a process has, and for lists. */
export async function ensureJobIndexes(db: mongo.Db): Promise<void> {
  await jobRuns(db).createIndexes([
    { key: { handler: 1, state: 1, dueAt: 1 }, name: 'due' },
    { key: { environment: 1, state: 1, createdAt: -1, _id: -1 }, name: 'listed' },
    { key: { environment: 1, job: 1, createdAt: -1, _id: -1 }, name: 'of-job' },
    { key: { record: 1 }, name: 'record' },
    // Those that are wanted to end: few, and none for long.
    { key: { dueAt: 1 }, name: 'wished', partialFilterExpression: { state: 'running', isCancelWanted: true } },
  ]);
}

/** A run that nobody has begun. */
export function newRun({ id, ...order }: RunOrder, now: Date): JobRun {
  return {
    _id: id,
    ...order,
    handler: handlerOf(order.job, order.version),
    state: 'due',
    dueAt: now,
    claim: null,
    claimMs: null,
    ...{
      attempts: 0,
      startedAt: null,
      history: [],
      logs: [],
      isCancelWanted: false,
      error: null,
      createdAt: now,
      endedAt: null,
    },
  };
}
