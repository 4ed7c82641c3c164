import type { mongo } from 'mongoose';
import { startDeliveryDesks, type DeliveryDesks } from '../../../src/app/delivery-desks.js';
import type { Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import { DELIVERY_TIMING } from '../../../src/delivery/desk/delivery-timing.js';
import { invokeByWebhook } from '../../../src/delivery/desk/invoke.js';
import { defineJob, type JobContext } from '../../../src/delivery/jobs/define-job.js';
import { JOB_TIMING } from '../../../src/delivery/jobs/job-timing.js';
import type { Logger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { Random } from '../random.js';
import type { SimProcess } from '../sim-process.js';
import type { DlEndpoints } from './dl-endpoints.js';

const LEASE_TERM_MS = 4_000;
/**
 * Whoever waits for somebody else waits for less than in production, and looks by itself less often: both cost steps. A desk
 * is crowded with less.
 */
const CROWDED = { readAtOnce: 5, readOfLane: 3 };
const TIMING = { ...DELIVERY_TIMING, ...CROWDED, pollMs: 3_000, graceMs: 1_500, drainMs: 300, troubleMs: 300 };
const JOBS = { ...JOB_TIMING, pollMs: 2_500, renewMs: 1_000, abandonedMs: 4_000, drainMs: 700, troubleMs: 300 };

/** Shared by all: nobody reads them here. */
export const metrics = createMetrics();
const config = readConfig({ LEASE_TERM_MS: String(LEASE_TERM_MS) });

/** What a simulated process is given instead of a machine, a network and a database. */
export interface DlProcessParts {
  readonly process: SimProcess;
  readonly random: Random;
  readonly db: mongo.Db;
  /** What the database's clock shows, in milliseconds: right, however wrong the process's own is. */
  readonly wall: () => number;
  readonly log: Logger;
  readonly endpoints: DlEndpoints;
  /** What the job does. */
  readonly runJob: (context: JobContext) => Promise<void>;
}

/** Starts what production does for deliveries, whole, in a simulated process: the desks and the runs of jobs. */
export function startDlProcess(parts: DlProcessParts): DeliveryDesks {
  const { process, random, db, wall, log, endpoints, runJob } = parts;
  const { clock } = process;
  const close = () => Promise.resolve();
  const foundation: Foundation = {
    ...{ config, log, metrics, close },
    mongo: { client: db.client, db, close },
    // Nobody here asks the chain.
    pool: null as never,
    modules: [],
    // As it is followed in production (test/unit/lib/followed-clock.test.ts): it may be behind, never ahead.
    databaseClock: { ...clock, now: () => Math.floor(wall()) },
    machine: {
      ...{ clock, random: random.next, holder: process.name },
      openSocket: () => {
        throw new Error('nobody listens here');
      },
    },
  };
  const job = defineJob({ id: 'count', version: '1', timeoutMs: 2_000, run: runJob });
  return startDeliveryDesks(foundation, [job], {
    timing: TIMING,
    jobTiming: JOBS,
    invoker: { invoke: invokeByWebhook((request, stop) => endpoints.send(process, request, stop)), close },
  });
}
