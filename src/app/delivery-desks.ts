import { DESKS } from '../delivery/desk-number.js';
import { countOpenDeliveries } from '../delivery/desk/count-deliveries.js';
import { DELIVERY_TIMING, type DeliveryTiming } from '../delivery/desk/delivery-timing.js';
import { deskLease, runDesk, type RunningDesk } from '../delivery/desk/run-desk.js';
import { reachOf } from '../delivery/dispatchers/reach-of.js';
import type { Job } from '../delivery/jobs/define-job.js';
import { handlerOf } from '../delivery/jobs/job-run.js';
import { JOB_TIMING, type JobTiming } from '../delivery/jobs/job-timing.js';
import { startJobWorker } from '../delivery/jobs/job-worker.js';
import { servedVersion } from '../delivery/jobs/open-versions.js';
import { competeForKeys } from '../leases/lease-competition.js';
import { showNode } from '../leases/show-node.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import { keepForgetting } from './delivery-forgetting.js';
import { deliveryHints, watchDeliveryHints } from './delivery-hints.js';
import type { Foundation } from './foundation.js';
import { webhookInvoker, type WebhookInvoker } from './webhook-invoker.js';

const MEASURE_EVERY_MS = 5_000;

/** The delivery desks of a process. */
export interface DeliveryDesks {
  /** Looks at once for what is due. */
  wake(): void;
  /** Ends what is under way, or leaves it to whoever takes over, and gives the leases up. */
  stop(): Promise<void>;
}

/** What desks are given to work with; production leaves it out. */
export interface DeskParts {
  readonly timing: DeliveryTiming;
  readonly jobTiming: JobTiming;
  readonly invoker: WebhookInvoker;
}

/**
 * Tells dispatchers of events: works at the desks that belong to this process, under their leases, and runs the jobs that it
 * has. Any number of processes share the desks.
 */
export function startDeliveryDesks(
  foundation: Foundation,
  jobs: readonly Job[],
  given: Partial<DeskParts> = {},
): DeliveryDesks {
  const { config, log, metrics, mongo, databaseClock: clock } = foundation;
  const { random, holder } = foundation.machine;
  const { db } = mongo;
  const stop = new AbortController();
  const hint = deliveryHints(foundation);
  const { timing = DELIVERY_TIMING, jobTiming = JOB_TIMING, invoker = webhookInvoker(foundation) } = given;
  const { invoke, close } = invoker;
  const jobWorker = startJobWorker({ db, clock, random, log, metrics, timing: jobTiming, jobs });
  const desks = new Map<number, RunningDesk>();
  const deps = {
    ...{ db, clock, random, log, metrics, invoke, timing },
    reach: (record: Parameters<typeof reachOf>[1]) => reachOf(db, record),
    wakeJobs: () => {
      jobWorker.wake();
      hint();
    },
    wake: (those: ReadonlySet<number>) => {
      for (const desk of those) desks.get(desk)?.wake();
      if ([...those].some((desk) => !desks.has(desk))) hint();
    },
  };
  const served = new Map(Array.from({ length: DESKS }, (_, desk) => [deskLease(desk), desk]));
  const competition = competeForKeys({
    // Of its own: a node is known by what it serves, and this process may serve signers as well.
    ...{ db, clock, log, holder: `${holder}:delivery`, termMs: config.leaseTermMs, keys: [...served.keys()] },
    work: async (lease, work, lost) => {
      const number = served.get(lease) as number;
      const desk = runDesk(deps, number, work, lost);
      desks.set(number, desk);
      const measuring = new AbortController();
      const measured = measure(number, measuring.signal);
      const forgetting = keepForgetting(foundation, number, work, measuring.signal);
      try {
        await desk.ended;
      } finally {
        desks.delete(number);
        measuring.abort();
        await Promise.all([measured, forgetting]);
      }
    },
  });
  const wake = () => {
    for (const desk of desks.values()) desk.wake();
    jobWorker.wake();
  };
  watchDeliveryHints(foundation, wake, stop.signal);
  // For people: the doctor says which versions nobody has.
  const showing =
    jobs.length === 0
      ? Promise.resolve()
      : showNode(
          { db, clock, log, termMs: config.leaseTermMs },
          {
            id: `${holder}:jobs`,
            serves: jobs.map(({ id, version }) => servedVersion(handlerOf(id, version))),
            startedAt: new Date(clock.now()),
          },
          stop.signal,
        );

  async function measure(desk: number, until: AbortSignal): Promise<void> {
    const labels = { desk: String(desk) };
    await repeat(
      clock,
      MEASURE_EVERY_MS,
      until,
      async () => {
        const { due, oldestDueAt } = await countOpenDeliveries(db, desk, new Date(clock.now()));
        metrics.deliveriesDue.set(labels, due);
        const late = oldestDueAt === null ? 0 : Math.max(0, clock.now() - oldestDueAt.getTime());
        metrics.deliveriesOldestDueSeconds.set(labels, late / 1_000);
      },
      (error) => log.warn({ desk, error: messageOf(error) }, 'deliveries could not be counted; it goes on'),
    ).ended;
    // Whoever takes over tells it from now on.
    metrics.deliveriesDue.remove(labels);
    metrics.deliveriesOldestDueSeconds.remove(labels);
  }

  return {
    wake,
    stop: async () => {
      stop.abort();
      await Promise.all([competition.stop(), jobWorker.stop(), showing]);
      await close();
    },
  };
}
