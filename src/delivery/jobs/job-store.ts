import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { jobRuns, type JobAttempt, type JobLogLine, type JobRun } from './job-run.js';
import { underWish, type JobVerdict } from './judge-attempt.js';

/** Kept of each run, the newest. */
const MAX_KEPT_ATTEMPTS = 20;
const MAX_KEPT_LINES = 200;
/** Looked at for signs of life at once; those that were due first, so that whoever is gone is among them. */
const MAX_WATCHED_RUNS = 1_000;
const BRIEFLY = { logs: 0, history: 0 } as const;

/**
 * The run of one of these versions that is due next, whenever that is; null: there is none. `except` are run by whoever asks:
 * one that could not show so for a while is not begun a second time by itself.
 */
export function nextRun(db: mongo.Db, handlers: readonly string[], except: readonly string[]): Promise<JobRun | null> {
  return jobRuns(db).findOne(inState('due', handlers, except), { sort: { dueAt: 1 }, projection: BRIEFLY });
}

/** The runs of these versions that somebody works on, or did when last heard of; without `except`. */
export function runningRuns(db: mongo.Db, handlers: readonly string[], except: readonly string[]): Promise<JobRun[]> {
  return jobRuns(db)
    .find(inState('running', handlers, except), { sort: { dueAt: 1 }, limit: MAX_WATCHED_RUNS, projection: BRIEFLY })
    .toArray();
}

/** The runs, of any version, that somebody works on, or did when last heard of, and that are wanted to end; without `except`. */
export function wishedRuns(db: mongo.Db, except: readonly string[]): Promise<JobRun[]> {
  return jobRuns(db)
    .find(
      { state: 'running', isCancelWanted: true, _id: { $nin: [...except] } },
      { sort: { dueAt: 1 }, limit: MAX_WATCHED_RUNS, projection: BRIEFLY },
    )
    .toArray();
}

function inState(state: 'due' | 'running', handlers: readonly string[], except: readonly string[]) {
  return { handler: { $in: [...handlers] }, state, _id: { $nin: [...except] } };
}

/** Takes a run as it was read, for so long without a sign of life. Null: somebody else did, or whoever has it lives. */
export async function claimRun(
  db: mongo.Db,
  { _id, dueAt, claim, state }: JobRun,
  now: Date,
  claimMs: number,
): Promise<JobRun | null> {
  const change = { claim: randomUUID(), claimMs, dueAt: after(now, claimMs), startedAt: now };
  return jobRuns(db).findOneAndUpdate(
    { _id, dueAt, claim, state },
    { $set: { state: 'running', ...change }, $inc: { attempts: 1 } },
    { returnDocument: 'after', projection: BRIEFLY },
  );
}

/** Shows that a run is being worked on, and keeps what it wrote. Null: it is somebody else's by now. */
export function renewRun(
  db: mongo.Db,
  { _id, claim }: JobRun,
  until: Date,
  lines: readonly JobLogLine[],
): Promise<Pick<JobRun, 'isCancelWanted'> | null> {
  return jobRuns(db).findOneAndUpdate(
    { _id, claim, state: 'running' },
    { $set: { dueAt: until }, ...keptLines(lines) },
    { projection: { isCancelWanted: 1 } },
  );
}

/**
 * Notes how an attempt ended, and returns what that makes of the run, as `underWish` where somebody wanted it to end. Null: it
 * is somebody else's by now, and nothing changed.
 */
export async function endRun(
  db: mongo.Db,
  run: JobRun,
  verdict: JobVerdict,
  attempt: JobAttempt,
  lines: readonly JobLogLine[],
  now: Date,
): Promise<JobVerdict | null> {
  // A wish is never taken back: one of the two finds the run, whenever the wish comes.
  for (const isCancelWanted of [false, true]) {
    const outcome = isCancelWanted ? underWish(verdict) : verdict;
    if (await noteEnd(db, run, isCancelWanted, outcome, attempt, lines, now)) return outcome;
  }
  return null;
}

async function noteEnd(
  db: mongo.Db,
  { _id, claim }: JobRun,
  isCancelWanted: boolean,
  verdict: JobVerdict,
  attempt: JobAttempt,
  lines: readonly JobLogLine[],
  now: Date,
): Promise<boolean> {
  const { state, error } = verdict;
  const isOver = state !== 'due';
  const change = { state, error, claim: null, ...(isOver ? { endedAt: now } : { dueAt: after(now, verdict.afterMs) }) };
  const isCounted = isOver || verdict.counts;
  const noted = await jobRuns(db).updateOne(
    { _id, claim, isCancelWanted, state: 'running' },
    {
      $set: change,
      ...(isCounted
        ? pushed({ history: { $each: [attempt], $slice: -MAX_KEPT_ATTEMPTS } }, lines)
        : { $inc: { attempts: -1 }, ...keptLines(lines) }),
    },
  );
  return noted.matchedCount === 1;
}

/** What becomes of a wish to end a run. */
export type CancelOutcome = 'cancelled' | 'asked' | 'ended' | 'unknown';

/** Ends a run that nobody has begun, and asks whoever runs it to end it. */
export async function cancelRun(db: mongo.Db, environment: string, _id: string, now: Date): Promise<CancelOutcome> {
  const own = { _id, environment };
  const change = { state: 'cancelled' as const, endedAt: now, isCancelWanted: true, claim: null };
  if ((await jobRuns(db).updateOne({ ...own, state: 'due' }, { $set: change })).matchedCount === 1) return 'cancelled';
  const asked = await jobRuns(db).updateOne({ ...own, state: 'running' }, { $set: { isCancelWanted: true } });
  if (asked.matchedCount === 1) return 'asked';
  return (await jobRuns(db).findOne(own, { projection: { _id: 1 } })) ? 'ended' : 'unknown';
}

function keptLines(lines: readonly JobLogLine[]): mongo.UpdateFilter<JobRun> {
  return lines.length === 0 ? {} : pushed({}, lines);
}

function pushed(push: Record<string, unknown>, lines: readonly JobLogLine[]): mongo.UpdateFilter<JobRun> {
  const logs = lines.length === 0 ? {} : { logs: { $each: [...lines], $slice: -MAX_KEPT_LINES } };
  return { $push: { ...push, ...logs } };
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
