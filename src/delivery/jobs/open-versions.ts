import type { mongo } from 'mongoose';
import { jobRuns } from './job-run.js';

/** Runs of one version of a job that are not over. */
export interface OpenVersion {
  readonly handler: string;
  /** Counted up to COUNTED_AT_MOST. */
  readonly runs: number;
  readonly oldestDueAt: Date;
}

const COUNTED_AT_MOST = 1_000;
/** Versions looked at: each costs a look into the index. */
const MOST_VERSIONS = 200;
const PREFIX = 'job:';

/** What a process that has a version shows that it serves. */
export function servedVersion(handler: string): string {
  return PREFIX + handler;
}

/** The versions that have runs which are not over. One look into the index for each there ever was. */
export async function readOpenVersions(db: mongo.Db): Promise<OpenVersion[]> {
  const found: OpenVersion[] = [];
  for (let [after, looks] = ['', 0]; looks < MOST_VERSIONS; looks++) {
    const next = await jobRuns(db).findOne(
      { handler: { $gt: after } },
      { sort: { handler: 1 }, projection: { handler: 1 } },
    );
    if (!next) break;
    after = next.handler;
    const open = { handler: next.handler, state: { $in: ['due' as const, 'running' as const] } };
    const first = await jobRuns(db).findOne(open, { sort: { dueAt: 1 }, projection: { dueAt: 1 } });
    if (!first) continue;
    const runs = await jobRuns(db).countDocuments(open, { limit: COUNTED_AT_MOST });
    found.push({ handler: next.handler, runs, oldestDueAt: first.dueAt });
  }
  return found;
}
