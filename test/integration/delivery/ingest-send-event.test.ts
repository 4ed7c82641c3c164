import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ensureExternalAccountIndexes,
  findExternalAccount,
} from '../../../src/delivery/environments/external-accounts.js';
import { ingestSendEvent, ingestSendEvents, type IngestDeps } from '../../../src/delivery/records/ingest-send-event.js';
import { cancelRecord } from '../../../src/delivery/records/list-records.js';
import { ensureEventRecordIndexes, eventRecords } from '../../../src/delivery/records/record-store.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { connectMongo, type MongoConnection } from '../../../src/store/mongo-connection.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let mongo: MongoConnection;
let deps: IngestDeps;
let nowMs = Date.parse('2026-05-01T12:00:00Z');
beforeAll(async () => {
  database = await createTestDatabase();
  mongo = await connectMongo(database.uri, database.name);
  await ensureEventRecordIndexes(mongo.db);
  await ensureExternalAccountIndexes(mongo.db);
  deps = { db: mongo.db, clock: { now: () => nowMs }, metrics: createMetrics() };
});
afterAll(async () => {
  await mongo.close();
  await database.drop();
});

const later = (ms: number) => new Date(nowMs + ms);
const stored = (eventId: string) => eventRecords(mongo.db).find({ eventId }).toArray();

/** As a desk does it: in a transaction, only while it is due. */
async function deliver(_id: string): Promise<boolean> {
  return inTransaction(mongo.client, async (session) => {
    const change = { $set: { state: 'delivered', deliveredAt: new Date(nowMs) } } as const;
    const due = { _id, state: 'due', deliverAt: { $lte: new Date(nowMs) } } as const;
    return (await eventRecords(mongo.db).updateOne(due, change, { session })).modifiedCount === 1;
  });
}

it('takes in an event once in its environment, with an account that is made for it (002-1, 002-6)', async () => {
  const event = { id: 'order-1', name: 'order.created', payload: { total: 12 } };
  const first = await ingestSendEvent(deps, 'env_a', event, { accountId: 'user-7', deliverAfter: 60 });
  expect(first).toMatchObject({
    outcome: 'created',
    record: {
      eventId: 'order-1',
      source: 'trigger.dev',
      context: {},
      state: 'due',
      isTest: false,
      deliverAt: later(60_000),
    },
  });
  const account = await findExternalAccount(mongo.db, 'env_a', 'user-7');
  expect(first.record.account).toBe(account?._id);
  const elsewhere = await ingestSendEvent(deps, 'env_b', { ...event, isTest: true }, { accountId: 'user-7' });
  expect(elsewhere).toMatchObject({ outcome: 'created', record: { isTest: true, deliverAt: later(0) } });
  expect(elsewhere.record.account).not.toBe(account?._id);
  expect(await stored('order-1')).toHaveLength(2);
});

it('replaces what waits for five seconds or longer, and keeps what is told or about to be (002-2)', async () => {
  const event = { id: 'order-2', name: 'order.created', payload: { total: 1 }, context: { by: 'me' } };
  const { record } = await ingestSendEvent(deps, 'env_a', event, { deliverAfter: 60 });
  nowMs += 1_000;
  const changed = { ...event, name: 'another', payload: { total: 2, $odd: { 'a.b': 1 } }, context: undefined };
  expect(await ingestSendEvent(deps, 'env_a', changed, { deliverAfter: 5 })).toMatchObject({
    outcome: 'replaced',
    record: {
      ...{ _id: record._id, name: 'order.created', payload: { total: 2, $odd: { 'a.b': 1 } }, context: { by: 'me' } },
      ...{ deliverAt: later(5_000), createdAt: record.createdAt, updatedAt: later(0) },
    },
  });
  nowMs += 1;
  const tooLate = await ingestSendEvent(deps, 'env_a', { ...event, payload: { total: 3 } });
  expect(tooLate).toMatchObject({ outcome: 'unchanged', record: { payload: { total: 2 } } });
  nowMs += 10_000;
  expect(await deliver(record._id)).toBe(true);
  const told = await ingestSendEvent(deps, 'env_a', { ...event, payload: { total: 4 } }, { deliverAfter: 600 });
  expect(told).toMatchObject({ outcome: 'unchanged', record: { state: 'delivered', payload: { total: 2 } } });
});

it('makes one record of fifty posts of one id at once (002-2, I3)', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      ingestSendEvent(deps, 'env_a', { id: 'storm', name: 'x', payload: { index } }, { accountId: 'of-storm' }),
    ),
  );
  expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
  expect(new Set(outcomes.map(({ record }) => record._id)).size).toBe(1);
  const [record] = await stored('storm');
  expect(outcomes.find(({ outcome }) => outcome === 'created')?.record.payload).toEqual(record?.payload);
});

it('never changes what a desk took, however the two meet (002-2, I2)', async () => {
  for (const id of ['race-1', 'race-2', 'race-3']) {
    const { record } = await ingestSendEvent(deps, 'env_a', { id, name: 'x', payload: { v: 0 } }, { deliverAfter: 60 });
    // The clock of the process that delivers runs ahead: for it the record is due.
    const ahead = nowMs + 60_000;
    const [again, taken] = await Promise.all([
      ingestSendEvent(deps, 'env_a', { id, name: 'x', payload: { v: 1 } }, { deliverAfter: 120 }),
      eventRecords(mongo.db).findOneAndUpdate(
        { _id: record._id, state: 'due', deliverAt: { $lte: new Date(ahead) } },
        { $set: { state: 'delivered' } },
      ),
    ]);
    const [now] = await stored(id);
    // Whoever was first: what was taken is what stands there, and the answer says what became of the second one.
    if (again.outcome === 'replaced') expect(now).toMatchObject({ state: 'due', payload: { v: 1 } });
    else expect([taken?.payload, now?.state, now?.payload]).toEqual([{ v: 0 }, 'delivered', { v: 0 }]);
  }
});

it('takes in many, each with its outcome, and the same many again change nothing (002-2)', async () => {
  const ids = ['many-1', 'many-2', 'many-3', 'many-2'];
  const sent = ids.map((id, index) => ({ event: { id, name: 'x', payload: { index } }, options: {} }));
  const first = await ingestSendEvents(deps, 'env_a', sent);
  expect(first.map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created', 'unchanged']);
  const again = await ingestSendEvents(deps, 'env_a', sent);
  expect(again.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'unchanged'));
  expect(again.map(({ record }) => record._id)).toEqual(first.map(({ record }) => record._id));
});

it('cancels what nobody was told of, in its environment only; the id is free again', async () => {
  const event = { id: 'cancel', name: 'x', payload: {} };
  const { record } = await ingestSendEvent(deps, 'env_a', event, { deliverAfter: 60 });
  expect(await cancelRecord(mongo.db, 'env_b', record._id)).toBe('unknown');
  expect(await cancelRecord(mongo.db, 'env_a', record._id)).toBe('cancelled');
  const again = await ingestSendEvent(deps, 'env_a', event);
  expect(again.outcome).toBe('created');
  expect(await deliver(again.record._id)).toBe(true);
  expect(await cancelRecord(mongo.db, 'env_a', again.record._id)).toBe('delivered');
});
