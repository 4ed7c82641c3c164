import type { mongo } from 'mongoose';
import { olderThan, type TimePlace } from '../../lib/older-than.js';
import { JOB_RUN_STATES, jobRuns, type JobRun, type JobRunState } from './job-run.js';

/** Which runs of an environment a list shows; what is left out narrows nothing. */
export interface JobRunFilter {
  readonly job?: string;
  readonly record?: string;
  readonly state?: JobRunState;
}

/** Runs, the newest first, from after `after` on. */
export function listRuns(
  db: mongo.Db,
  environment: string,
  { state, ...equal }: JobRunFilter,
  limit: number,
  after: TimePlace | null,
): Promise<JobRun[]> {
  return jobRuns(db)
    .find({
      environment,
      ...equal,
      state: { $in: state ? [state] : [...JOB_RUN_STATES] },
      ...olderThan(after),
    } as mongo.Filter<JobRun>)
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit)
    .toArray();
}

/** One of an environment; null: it has none of that id. */
export function findRun(db: mongo.Db, environment: string, _id: string): Promise<JobRun | null> {
  return jobRuns(db).findOne({ _id, environment });
}
