import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { ClaimWatch } from './claim-watch.js';
import type { JobRun } from './job-run.js';
import { endRun, wishedRuns } from './job-store.js';
import { errorOf } from './judge-attempt.js';
import type { JobTiming } from './job-timing.js';

/**
 * Ends runs that somebody wants to end and nobody works on any more, of whatever version: where no process has it, nobody else
 * would come to see the wish.
 */
export class WishedEnds {
  readonly #watch: ClaimWatch;
  #lookAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly db: mongo.Db,
    private readonly clock: Pick<Clock, 'now' | 'monotonic'>,
    private readonly timing: Pick<JobTiming, 'renewMs' | 'abandonedMs'>,
  ) {
    this.#watch = new ClaimWatch(timing.abandonedMs);
  }

  /** Call it again and again, or nothing is watched. Returns those that it ended. `except` are one's own. */
  async pass(except: readonly string[]): Promise<JobRun[]> {
    if (this.clock.monotonic() < this.#lookAtMs) return [];
    const wished = await wishedRuns(this.db, except);
    const nowMs = this.clock.monotonic();
    this.#lookAtMs = nowMs + this.timing.renewMs;
    const ended: JobRun[] = [];
    for (const run of this.#watch.runOut(wished, nowMs)) if (await this.#end(run)) ended.push(run);
    return ended;
  }

  async #end(run: JobRun): Promise<boolean> {
    const now = new Date(this.clock.now());
    const error = errorOf({ kind: 'abandoned' }, 0);
    const attempt = { number: run.attempts, startedAt: run.startedAt ?? now, endedAt: now, error };
    return (await endRun(this.db, run, { state: 'cancelled', error: null }, attempt, [], now)) !== null;
  }
}
