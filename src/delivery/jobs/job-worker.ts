import type { mongo } from 'mongoose';
import { messageOf } from '../../lib/errors.js';
import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import { Nap } from '../../lib/nap.js';
import { takeTurns } from '../../lib/take-turns.js';
import { within } from '../../lib/within.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { AbandonedRuns } from './abandoned-runs.js';
import { jobsByHandler, type Job } from './define-job.js';
import { claimRun, endRun, nextRun, renewRun } from './job-store.js';
import { errorOf, judgeAttempt, settledAlready } from './judge-attempt.js';
import { perform, type Performing } from './perform-job.js';
import type { JobRun } from './job-run.js';
import type { JobTiming } from './job-timing.js';
import { WishedEnds } from './wished-ends.js';

/** What runs jobs. */
export interface JobWorkerDeps {
  readonly db: mongo.Db;
  readonly clock: Clock;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timing: JobTiming;
  readonly jobs: readonly Job[];
}

/** The jobs of a process at work. */
export interface JobWorker {
  /** Looks at once. */
  wake(): void;
  stop(): Promise<void>;
}

const AT_ONCE = 10;

/**
 * Runs the jobs that this process has, side by side with other processes that have them: a run is claimed, and how it went
 * counts only under that claim. Whoever is killed leaves a run that another one takes up after a while; one that is wanted to
 * end is ended by whatever process.
 */
export function startJobWorker(deps: JobWorkerDeps): JobWorker {
  const { db, clock, random, log, metrics, timing } = deps;
  const jobs = jobsByHandler(deps.jobs);
  const handlers = [...jobs.keys()];
  const stopping = new AbortController();
  /** By run. */
  const running = new Map<string, Promise<void>>();
  const performing = new Set<Performing>();
  const nap = new Nap(clock);
  const abandoned = new AbandonedRuns(db, clock, handlers, timing);
  const wishes = new WishedEnds(db, clock, timing);
  const looping = loop();

  function loop(): Promise<void> {
    return takeTurns(nap, stopping.signal, takeOne, (error) => {
      log.warn({ error: messageOf(error) }, 'job runs cannot be taken now; it goes on');
      return timing.troubleMs;
    });
  }

  /** Returns for how long there is nothing to take. */
  async function takeOne(): Promise<number> {
    const own = [...running.keys()];
    for (const { _id, handler } of await wishes.pass(own)) {
      log.info({ run: _id, job: handler }, 'a run that nobody works on any more was ended, as it was wished');
    }
    if (handlers.length === 0) return timing.renewMs;
    if (running.size >= AT_ONCE) return timing.pollMs;
    const next = (await abandoned.next(own)) ?? (await nextRun(db, handlers, own));
    if (!next) return timing.pollMs;
    const waitMs = next.state === 'due' ? next.dueAt.getTime() - clock.now() : 0;
    if (waitMs > 0) return Math.min(timing.pollMs, waitMs);
    const run = await claimRun(db, next, new Date(clock.now()), timing.abandonedMs);
    if (!run) return 0;
    const work = runOne(run, jobs.get(run.handler) as Job, next.state === 'running')
      .catch((error: unknown) => log.warn({ run: run._id, error: messageOf(error) }, 'what a run did was not noted'))
      .finally(() => {
        running.delete(run._id);
        nap.cutShort();
      });
    running.set(run._id, work);
    return 0;
  }

  async function runOne(run: JobRun, job: Job, wasAbandoned: boolean): Promise<void> {
    const one = perform({ db, clock }, job, run, settledAlready(job, run, wasAbandoned));
    performing.add(one);
    if (stopping.signal.aborted) one.end({ kind: 'stopped' });
    const ended = new AbortController();
    const renewing = renewUntil(ended.signal);
    const outcome = await one.outcome;
    ended.abort();
    await renewing;
    performing.delete(one);
    const now = new Date(clock.now());
    const verdict = judgeAttempt(job, outcome, run.attempts, random);
    const error = outcome.kind === 'done' ? null : errorOf(outcome, job.timeoutMs);
    const attempt = { number: run.attempts, startedAt: run.startedAt ?? now, endedAt: now, error };
    const noted = await endRun(db, run, verdict, attempt, one.lines(), now);
    metrics.jobAttemptsTotal.inc({ job: job.id, outcome: outcome.kind });
    const told = { run: run._id, job: job.id, version: job.version, attempt: run.attempts };
    if (!noted) log.warn(told, 'a run was taken over by another process while it ran');
    else if (noted.state === 'failed') log.error({ ...told, error: noted.error }, 'a job has failed');
    else if (noted.state === 'due') log.warn({ ...told, error: noted.error }, 'a job is tried again later');
    else log.info(told, `job ${noted.state}`);

    async function renewUntil(signal: AbortSignal): Promise<void> {
      for (;;) {
        await clock.sleep(timing.renewMs, signal);
        if (signal.aborted) return;
        try {
          const until = new Date(clock.now() + timing.abandonedMs);
          const seen = await renewRun(db, run, until, one.lines());
          if (seen === null || seen.isCancelWanted) one.end({ kind: 'cancelled' });
        } catch (error) {
          one.giveBackLines();
          log.warn({ run: run._id, error: messageOf(error) }, 'a run could not show that it goes on');
        }
      }
    }
  }

  return {
    wake: () => nap.cutShort(),
    stop: async () => {
      stopping.abort();
      await looping;
      const all = Promise.all(running.values());
      await within(clock, timing.drainMs, all);
      for (const one of performing) one.end({ kind: 'stopped' });
      await all;
    },
  };
}
