import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { ClaimWatch } from './claim-watch.js';
import type { JobRun } from './job-run.js';
import { runningRuns } from './job-store.js';
import type { JobTiming } from './job-timing.js';

/** Finds runs that nobody works on any more, among those of the versions that a process has. */
export class AbandonedRuns {
  readonly #watch: ClaimWatch;
  #found: JobRun[] = [];
  #lookAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly db: mongo.Db,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly handlers: readonly string[],
    private readonly timing: Pick<JobTiming, 'pollMs' | 'abandonedMs'>,
  ) {
    this.#watch = new ClaimWatch(timing.abandonedMs);
  }

  /** The next one; null: there is none. Call it again and again, or nothing is watched. `except` are one's own. */
  async next(except: readonly string[]): Promise<JobRun | null> {
    if (this.clock.monotonic() >= this.#lookAtMs) {
      const running = await runningRuns(this.db, this.handlers, except);
      const nowMs = this.clock.monotonic();
      this.#found = this.#watch.runOut(running, nowMs);
      this.#lookAtMs = nowMs + this.timing.pollMs;
    }
    return this.#found.shift() ?? null;
  }
}
