import type { mongo } from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Delivery } from '../../../src/delivery/desk/delivery.js';
import { deliveries } from '../../../src/delivery/desk/delivery-store.js';
import { forgetSettled, type ForgetPlace } from '../../../src/delivery/desk/forget-settled.js';
import { invokeDispatcher } from '../../../src/delivery/desk/invoke-dispatcher.js';
import { newDelivery } from '../../../src/delivery/desk/new-delivery.js';
import { replayRecords } from '../../../src/delivery/desk/replay-records.js';
import { sendAnew } from '../../../src/delivery/desk/send-anew.js';
import { defineJob } from '../../../src/delivery/jobs/define-job.js';
import { jobRuns, newRun, runIdOf, type JobRun } from '../../../src/delivery/jobs/job-run.js';
import type { EventRecord } from '../../../src/delivery/records/event-record.js';
import { eventRecords } from '../../../src/delivery/records/record-store.js';
import { ledgerEvents } from '../../../src/ledger/ledger-collections.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { eventually } from '../../support/eventually.js';
import { openDeskBench, THE_DESK } from './desk-bench.js';

const BEFORE = new Date('2026-03-01T00:00:00Z');
const LONG_AGO = new Date('2026-01-01T00:00:00Z');
const LATELY = new Date('2026-03-02T00:00:00Z');

let bench: Awaited<ReturnType<typeof openDeskBench>>;

beforeEach(async () => {
  bench = await openDeskBench();
});
afterEach(() => bench.close());

const old = (given: Partial<EventRecord> = {}) =>
  bench.record({ state: 'delivered', deliveredAt: LONG_AGO, createdAt: LONG_AGO, ...given });

async function delivery(record: EventRecord, given: Partial<Delivery>) {
  const dispatcher = await bench.dispatcher();
  const made: Delivery = { ...newDelivery(record, dispatcher, LONG_AGO), ...given };
  await deliveries(bench.db).insertOne(made);
  return made;
}

async function run(record: EventRecord, given: Partial<JobRun>) {
  const order = { environment: 'env_a', job: 'greet', version: '1', dispatcher: 'disp_a', delivery: 'd' };
  await jobRuns(bench.db).insertOne({
    ...newRun({ id: `run_${record._id}`, record: record._id, ...order }, LONG_AGO),
    ...given,
  });
}

/** Everything, one bite after another. */
async function forget(db: mongo.Db = bench.db): Promise<number> {
  let records = 0;
  let place: ForgetPlace | null = null;
  do {
    const deps = {
      db,
      commit: <T>(body: Parameters<typeof inTransaction<T>>[1]) => inTransaction(bench.client, body),
    };
    const bite: Awaited<ReturnType<typeof forgetSettled>> = await forgetSettled(deps, THE_DESK, BEFORE, place);
    records += bite.records;
    place = bite.next;
  } while (place !== null);
  return records;
}

const left = async () => (await eventRecords(bench.db).find().toArray()).map(({ _id }) => _id).sort();

it('what is over goes with all of it; what is younger, of another desk or owed stays whole', async () => {
  const over = await old();
  await delivery(over, { state: 'delivered', endedAt: LONG_AGO });
  await delivery(over, { state: 'failed', endedAt: LONG_AGO });
  await run(over, { state: 'done', endedAt: LONG_AGO });
  await old({ payload: 'reached nobody' });

  const kept = [
    await old({ deliveredAt: LATELY }),
    await old({ desk: THE_DESK + 1 }),
    await bench.record({ deliverAt: LONG_AGO }),
  ];
  const waiting = await old();
  await delivery(waiting, { state: 'delivered', endedAt: LONG_AGO });
  await delivery(waiting, { state: 'waiting' });
  const tried = await old();
  await delivery(tried, { state: 'due' });
  const late = await old();
  await delivery(late, { state: 'cancelled', endedAt: LATELY });
  const running = await old();
  await delivery(running, { state: 'delivered', endedAt: LONG_AGO });
  await run(running, { state: 'running' });
  kept.push(waiting, tried, late, running);

  expect(await forget()).toBe(2);
  expect(await left()).toEqual(kept.map(({ _id }) => _id).sort());
  expect(await deliveries(bench.db).countDocuments({ record: over._id })).toBe(0);
  expect(await jobRuns(bench.db).countDocuments()).toBe(1);
  expect(await deliveries(bench.db).countDocuments({ record: waiting._id })).toBe(2);
  expect(await forget()).toBe(0);
});

it('what was told as confirmed stays until it is final, and until it is taken back (I7)', async () => {
  const of = async (at: number, commitment: 'confirmed' | 'finalized', state = 'applied') => {
    const eventId = `sig/log/${at}`;
    await ledgerEvents(bench.db).insertOne({ _id: eventId, program: 'coupons', generation: 0, commitment, state });
    return old({ eventId: `${eventId}~0/confirmed`, commitment: 'confirmed', context: { eventId }, source: 'chain' });
  };
  await of(0, 'finalized');
  const open = await of(1, 'confirmed');
  const dropped = await of(2, 'confirmed', 'orphaned');
  const follower = await bench.record({
    ...{ eventId: 'sig/log/3~0/orphaned', commitment: 'orphaned', source: 'chain', desk: THE_DESK + 1 },
    follows: (await of(3, 'finalized'))._id,
  });
  expect(await forget()).toBe(1);
  expect(await left()).toEqual([open._id, dropped._id, String(follower.follows), follower._id].sort());
  await eventRecords(bench.db).updateOne({ _id: dropped._id }, { $set: { takenBack: true } });
  expect(await forget()).toBe(1);
});

it('goes on past what is owed, however much of it there is, and what is sent anew counts from its new end', async () => {
  const many = Array.from({ length: 150 }, () => ({ state: 'delivered' as const, deliveredAt: LONG_AGO }));
  const records = await bench.records(many);
  const [model] = records;
  if (!model) throw new Error('they were just made');
  const dispatcher = await bench.dispatcher();
  await deliveries(bench.db).insertMany(
    records
      .slice(0, 120)
      .map((record) => ({ ...newDelivery(record, dispatcher, LONG_AGO), state: 'waiting' as const })),
  );
  expect(await forget()).toBe(30);
  await deliveries(bench.db).updateMany({}, { $set: { state: 'failed', endedAt: LONG_AGO } });
  await sendAnew(bench.db, 'env_a', `${model._id}/${dispatcher._id}`, LATELY);
  expect(await forget()).toBe(119);
  expect(await left()).toEqual([model._id]);
});

/** The database as a process has it that is killed after it has removed something from so many collections. */
function killedAfter(removals: number): mongo.Db {
  let left = removals;
  const dying = <T extends mongo.Document>(collection: mongo.Collection<T>) =>
    new Proxy(collection, {
      get: (target, name) => {
        if (name === 'deleteMany' && left-- === 0) throw new Error('killed');
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  return new Proxy(bench.db, {
    get: (target, name): unknown =>
      name === 'collection' ? (of: string) => dying(target.collection(of)) : Reflect.get(target, name),
  });
}

it('what a killed process has half removed can be sent anew: a job gets a new run', async () => {
  const dispatcher = await bench.dispatcher({ dispatchable: { kind: 'job', job: 'greet', version: '1' } });
  const record = await old();
  const delivery = { ...newDelivery(record, dispatcher, LONG_AGO), attempts: 1, endedAt: LONG_AGO };
  await deliveries(bench.db).insertOne({ ...delivery, state: 'delivered' });
  const order = { environment: 'env_a', job: 'greet', version: '1', dispatcher: dispatcher._id, record: record._id };
  const id = runIdOf(delivery._id, 1);
  const done = { ...newRun({ id, delivery: delivery._id, ...order }, LONG_AGO), endedAt: LONG_AGO };
  await jobRuns(bench.db).insertOne({ ...done, state: 'done' });
  await expect(forget(killedAfter(1))).rejects.toThrow('killed');

  const { db, client } = bench;
  const deps = { db, client, clock: { now: Date.now }, wake: () => {} };
  expect(await invokeDispatcher(deps, dispatcher._id, record._id)).toMatchObject({ kind: 'due' });
  let greeted = 0;
  const greet = () => Promise.resolve(void greeted++);
  bench.start({ jobs: [defineJob({ id: 'greet', version: '1', run: greet })] });
  await eventually(async () => (await bench.delivery(record, dispatcher))?.state === 'delivered' && greeted === 1);
});

it('nobody is told by hand of what is removed meanwhile', async () => {
  const dispatcher = await bench.dispatcher();
  const { db, client } = bench;
  // Between reading an event and having it told.
  const removing = new Proxy(client, {
    get: (target, name): unknown =>
      name === 'withSession'
        ? async <T>(body: mongo.WithSessionCallback<T>) => {
            await forget();
            return target.withSession(body);
          }
        : Reflect.get(target, name),
  });
  const deps = { db, client: removing, clock: { now: Date.now }, wake: () => {} };
  for (const commitment of [null, 'confirmed'] as const) {
    const record = await old({ commitment });
    expect(await invokeDispatcher(deps, dispatcher._id, record._id)).toEqual({ kind: 'unknown-record' });
    await old({ commitment });
    const span = { from: new Date(0), to: LATELY, after: null, force: true };
    expect(await replayRecords({ ...deps, isReached: () => true }, dispatcher, span)).toMatchObject({ created: 0 });
  }
  expect(await deliveries(db).countDocuments()).toBe(0);
});

it('what is removed and told by hand at the same moment is kept, or is told to nobody', async () => {
  const dispatcher = await bench.dispatcher();
  const { db, client } = bench;
  const deps = { db, client, clock: { now: Date.now }, wake: () => {} };
  for (let turn = 0; turn < 12; turn += 1) {
    const record = await old();
    const [outcome] = await Promise.all([invokeDispatcher(deps, dispatcher._id, record._id), forget()]);
    expect(['due', 'unknown-record']).toContain(outcome.kind);
    const isKept = (await eventRecords(db).countDocuments({ _id: record._id })) === 1;
    expect((await bench.delivery(record, dispatcher)) !== null).toBe(isKept);
    expect(outcome.kind === 'due').toBe(isKept);
  }
});
