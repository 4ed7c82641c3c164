import type { mongo } from 'mongoose';
import { startEventWorker, type EventWorker } from '../../src/app/event-worker.js';
import type { Foundation } from '../../src/app/foundation.js';
import type { PooledEndpoint } from '../../src/chain/pooled-endpoint.js';
import { RpcPool } from '../../src/chain/rpc-pool.js';
import type { OpenLogSocket } from '../../src/chain/log-socket.js';
import { readConfig } from '../../src/config/env.js';
import type { DomainModule } from '../../src/domain-kit/domain-module.js';
import type { Logger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { couponsCodec } from '../support/coupon-history-render.js';
import type { Random } from './random.js';
import type { SimProcess } from './sim-process.js';

/** The settings of a worker, shorter than in production only so that a run is short. */
const SETTINGS = {
  LEASE_TERM_MS: '4000',
  SWEEP_INTERVAL_MS: '3000',
  SILENCE_MS: '2000',
  FINALITY_DELAY_MS: '8000',
  HANDLER_ATTEMPTS: '5',
  HANDLER_BACKOFF_MS: '200',
  BATCH_SIZE: '20',
  POLLING_INTERVAL_MS: '1500',
  RECONCILE_SCHEDULE: 'off',
};

/** Shared by all: nobody reads them here. */
const metrics = createMetrics();

/** What a simulated worker is given instead of a machine, a network and a database. */
export interface WorkerParts {
  readonly process: SimProcess;
  readonly random: Random;
  readonly db: mongo.Db;
  readonly endpoints: readonly PooledEndpoint[];
  readonly openSocket: OpenLogSocket;
  readonly module: DomainModule;
  /** Environment variables beyond those that make a run short, or instead of them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly log: Logger;
}

/** Starts the production event worker, whole, in a simulated process. */
export function startSimWorker(parts: WorkerParts): EventWorker {
  const { process, random, db, endpoints, openSocket, module, log } = parts;
  const { clock } = process;
  const close = () => Promise.resolve();
  const foundation: Foundation = {
    ...{ config: readConfig({ ...SETTINGS, ...parts.settings }), log, metrics, close },
    mongo: { client: db.client, db, close },
    pool: new RpcPool({ endpoints, clock, random: random.next, log }),
    modules: [{ module, codec: couponsCodec }],
    machine: { clock, random: random.next, openSocket, holder: process.name },
    databaseClock: clock,
  };
  return startEventWorker(foundation, { wsUrls: endpoints.map(({ name }) => `ws://${name}`) });
}
