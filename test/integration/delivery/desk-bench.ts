import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { ensureEventRecordIndexes, eventRecords } from '../../../src/delivery/records/record-store.js';
import { deliveries, ensureDeliveryIndexes } from '../../../src/delivery/desk/delivery-store.js';
import { DELIVERY_TIMING, type DeliveryTiming } from '../../../src/delivery/desk/delivery-timing.js';
import { newDelivery } from '../../../src/delivery/desk/new-delivery.js';
import type { StoredHealth } from '../../../src/delivery/desk/endpoint-health-store.js';
import { invokeByWebhook, type Invoke } from '../../../src/delivery/desk/invoke.js';
import { deskLease, runDesk, type RunningDesk } from '../../../src/delivery/desk/run-desk.js';
import { ensureDispatcherIndexes, eventDispatchers } from '../../../src/delivery/dispatchers/dispatcher-store.js';
import { reachOf } from '../../../src/delivery/dispatchers/reach-of.js';
import type { Dispatcher } from '../../../src/delivery/dispatchers/dispatcher.js';
import type { Job } from '../../../src/delivery/jobs/define-job.js';
import { ensureJobIndexes } from '../../../src/delivery/jobs/job-run.js';
import { JOB_TIMING, type JobTiming } from '../../../src/delivery/jobs/job-timing.js';
import { startJobWorker } from '../../../src/delivery/jobs/job-worker.js';
import type { EventRecord } from '../../../src/delivery/records/event-record.js';
import { WebhookSender, type WebhookRequest } from '../../../src/delivery/webhooks/webhook-sender.js';
import { keepLease } from '../../../src/leases/lease-keeper.js';
import { systemClock, type Clock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { createTestDatabase } from '../../support/test-database.js';

/** Where everything is that names no other desk: eight at work in each test would be slow. */
export const THE_DESK = 3;

/** Nothing goes out unsigned. */
export const SECRET = `whsec_${randomBytes(24).toString('base64')}`;

const id = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`;

/** A database of its own with what delivers events. */
export async function openDeskBench() {
  const database = await createTestDatabase();
  const client = await new mongo.MongoClient(database.uri).connect();
  const db = client.db(database.name);
  await ensureDeliveryIndexes(db);
  await ensureJobIndexes(db);
  await ensureEventRecordIndexes(db);
  await ensureDispatcherIndexes(db);
  const fleets: Fleet[] = [];
  return {
    ...{ database, client, db },
    dispatcher: (given: Partial<Dispatcher> & { url?: string } = {}) => addDispatcher(db, given),
    stored: ({ _id }: Dispatcher) => eventDispatchers(db).findOne({ _id }),
    health: () => db.collection<StoredHealth>('endpoint_health').find().toArray(),
    disable: ({ _id }: Dispatcher) => eventDispatchers(db).updateOne({ _id }, { $set: { enabled: false } }),
    record: (given: Partial<EventRecord> = {}) => addRecord(db, given),
    records: (many: readonly Partial<EventRecord>[]) => addRecords(db, many),
    deliveries: () => deliveries(db).find().sort({ createdAt: 1, _id: 1 }).toArray(),
    delivery: async (record: EventRecord, dispatcher: Dispatcher) =>
      deliveries(db).findOne({ _id: `${record._id}/${dispatcher._id}` }),
    /** So many deliveries of one record that wait for a dispatcher, each as if of a record of its own. */
    backlog: async (record: EventRecord | undefined, dispatcher: string, count: number) => {
      if (!record) throw new Error('a backlog is of a record');
      const model = newDelivery(record, { ...UNKNOWN, _id: dispatcher }, new Date(Date.now() - 1_000));
      await deliveries(db).insertMany(
        Array.from({ length: count }, (_, n) => ({
          ...model,
          desk: THE_DESK,
          _id: `${record._id}.${n}/${dispatcher}`,
        })),
      );
    },
    start: (options: FleetOptions = {}) => {
      const fleet = startFleet(db, options);
      fleets.push(fleet);
      return fleet;
    },
    close: async () => {
      await Promise.all(fleets.map((fleet) => fleet.stop()));
      await client.close();
      await database.drop();
    },
  };
}

const UNKNOWN = { orderBy: null } as unknown as Dispatcher;

interface FleetOptions {
  readonly desks?: readonly number[];
  readonly timing?: Partial<DeliveryTiming>;
  readonly termMs?: number;
  readonly clock?: Clock;
  readonly invoke?: Invoke;
  readonly jobs?: readonly Job[];
  readonly jobTiming?: Partial<JobTiming>;
}

/** The desks of one process. */
export interface Fleet {
  readonly wake: () => void;
  readonly isHolding: (desk: number) => boolean;
  stop(): Promise<void>;
}

let holders = 0;

/** Works at desks, each under its lease. */
export function startFleet(db: mongo.Db, options: FleetOptions): Fleet {
  const { clock = systemClock, termMs = 1_000, desks = [THE_DESK] } = options;
  const log = createLogger({ logLevel: 'silent', logPretty: false });
  const running = new Map<number, RunningDesk>();
  const stop = new AbortController();
  const deps = {
    ...{ db, clock, log, metrics: createMetrics(), random: Math.random },
    timing: { ...DELIVERY_TIMING, ...options.timing },
    reach: (record: EventRecord) => reachOf(db, record),
    invoke: options.invoke ?? invokeByWebhook(sendPlainly),
    wakeJobs: () => jobs.wake(),
    wake: (those: ReadonlySet<number>) => those.forEach((desk) => running.get(desk)?.wake()),
  };
  const jobs = startJobWorker({
    ...deps,
    timing: { ...JOB_TIMING, drainMs: 200, ...options.jobTiming },
    jobs: options.jobs ?? [],
  });
  const holder = `test:${process.pid}:${holders++}`;
  const keeping = desks.map((desk) =>
    keepLease({ db, clock, log, holder, termMs }, deskLease(desk), stop.signal, async (work, lost) => {
      const one = runDesk(deps, desk, work, lost);
      running.set(desk, one);
      await one.ended.finally(() => running.delete(desk));
    }),
  );
  return {
    wake: () => running.forEach((one) => one.wake()),
    isHolding: (desk) => running.has(desk),
    stop: async () => {
      stop.abort();
      await Promise.all([...keeping, jobs.stop()]);
    },
  };
}

async function addDispatcher(
  db: mongo.Db,
  { url = 'http://127.0.0.1:9/', ...given }: Partial<Dispatcher> & { url?: string },
): Promise<Dispatcher> {
  const { _id = id('disp') } = given;
  const now = new Date();
  const dispatcher: Dispatcher = {
    ...{ _id, environment: 'env_a', dispatchableId: _id, events: ['order.paid'], source: 'app' },
    dispatchable: {
      ...{ kind: 'webhook', url, secrets: [SECRET] },
      ...{ concurrency: 5, ratePerSecond: null, timeoutMs: 2_000 },
    },
    ...{ filter: {}, filterMode: 'strict', commitment: 'finalized', account: null, manual: false, enabled: true },
    ...{ disabledReason: null, orderBy: null, endpointRevision: 0, desk: THE_DESK, createdAt: now, updatedAt: now },
    ...given,
  };
  await eventDispatchers(db).insertOne({ ...dispatcher, filter: JSON.stringify(dispatcher.filter), revision: 1 });
  return dispatcher;
}

function newRecord(given: Partial<EventRecord>): EventRecord {
  const { _id = id('evt') } = given;
  const now = new Date();
  return {
    ...{ _id, eventId: _id, environment: 'env_a', name: 'order.paid', source: 'app', timestamp: now },
    ...{ payload: { order: _id }, context: null, account: null, isTest: false, commitment: null, follows: null },
    ...{ state: 'due', deliverAt: now, deliveredAt: null, desk: THE_DESK, createdAt: now, updatedAt: now },
    ...given,
  };
}

async function addRecord(db: mongo.Db, given: Partial<EventRecord>): Promise<EventRecord> {
  const record = newRecord(given);
  await eventRecords(db).insertOne(record);
  return record;
}

async function addRecords(db: mongo.Db, many: readonly Partial<EventRecord>[]): Promise<EventRecord[]> {
  const made = many.map(newRecord);
  await eventRecords(db).insertMany(made);
  return made;
}

const sender = new WebhookSender({ version: 'test', allowPrivate: true, now: Date.now });

/** Posts, and says what came of it. */
export const sendPlainly = (request: WebhookRequest, signal: AbortSignal) => sender.send(request, signal);
