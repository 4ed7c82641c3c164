import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DispatcherStore } from '../../../src/delivery/dispatchers/dispatcher-store.js';
import { eventRecords } from '../../../src/delivery/records/record-store.js';
import type { Dispatcher } from '../../../src/delivery/dispatchers/dispatcher.js';
import type { EventRecord } from '../../../src/delivery/records/event-record.js';
import { followDatabaseClock } from '../../../src/app/database-clock.js';
import { systemClock } from '../../../src/lib/clock.js';
import { readDatabaseTime } from '../../../src/store/database-time.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { eventually } from '../../support/eventually.js';
import { openDeskBench, SECRET, type Fleet } from './desk-bench.js';
import { startReceiver, type Receiver } from './receiver.js';

let bench: Awaited<ReturnType<typeof openDeskBench>>;
let receiver: Receiver;
let later: number;
const clock = { ...systemClock, now: () => systemClock.now() + later };

beforeEach(async () => {
  later = 0;
  [bench, receiver] = await Promise.all([openDeskBench(), startReceiver()]);
});
afterEach(async () => {
  await bench.close();
  await receiver.stop();
});

/** Lets the time come of a delivery's next try. */
async function passTime(record: EventRecord, dispatcher: Dispatcher, fleet: Fleet) {
  const delivery = await bench.delivery(record, dispatcher);
  if (delivery?.state === 'due' && delivery.claimedUntil === null) {
    later = Math.max(later, delivery.dueAt.getTime() - systemClock.now() + 1);
  }
  fleet.wake();
  return delivery;
}

const bodies = () => receiver.received.map(({ body }) => body.id);

describe('an event on its way to its dispatchers (002-3)', () => {
  it('reaches each of its environment, once, and is marked', async () => {
    const ours = await bench.dispatcher({ url: `${receiver.url}/ours` });
    await bench.dispatcher({ url: `${receiver.url}/theirs`, environment: 'env_b' });
    await bench.dispatcher({ url: `${receiver.url}/manual`, manual: true });
    const record = await bench.record();
    bench.start();
    const delivered = await eventually(async () => {
      const delivery = await bench.delivery(record, ours);
      return delivery?.state === 'delivered' && delivery;
    });
    expect(receiver.received).toMatchObject([{ path: '/ours', headers: { 'webhook-id': record._id } }]);
    expect(delivered).toMatchObject({ attempts: 1, history: [{ number: 1, status: 200 }], claimedUntil: null });
    expect(await eventRecords(bench.db).findOne({ _id: record._id })).toMatchObject({ state: 'delivered' });
  });

  it('is tried again after a refusal, under the same id, and fails after the last try', async () => {
    const dispatcher = await bench.dispatcher({ url: receiver.url });
    receiver.answer(() => ({ status: 500 }));
    const record = await bench.record();
    const fleet = bench.start({ clock });
    const failed = await eventually(async () => {
      const delivery = await passTime(record, dispatcher, fleet);
      return delivery?.state === 'failed' && delivery;
    });
    expect(failed).toMatchObject({ attempts: 10, claimedUntil: null, error: 'it answered 500' });
    expect(failed.history).toHaveLength(10);
    expect(bodies()).toEqual(Array.from({ length: 10 }, () => record._id));
  });

  it('leaves at its moment, never before it', async () => {
    await bench.dispatcher({ url: receiver.url });
    const atMs = Date.now() + 700;
    await bench.record({ deliverAt: new Date(atMs) });
    bench.start();
    const [first] = await eventually(() => receiver.received.length > 0 && receiver.received);
    expect(first?.atMs).toBeGreaterThanOrEqual(atMs);
    expect(first?.atMs).toBeLessThan(atMs + 1_000);
  });

  it.each([60_000, -60_000])('leaves at its moment by the database, with a clock that is %i ms ahead', async (off) => {
    await bench.dispatcher({ url: receiver.url });
    const log = createLogger({ logLevel: 'silent', logPretty: false });
    const wrong = { ...systemClock, now: () => Date.now() + off };
    const readTime = () => readDatabaseTime(bench.db);
    const database = await followDatabaseClock({ clock: wrong, log, readTime });
    try {
      const atMs = Date.now() + 700;
      await bench.record({ deliverAt: new Date(atMs) });
      bench.start({ clock: database.clock });
      const [first] = await eventually(() => receiver.received.length > 0 && receiver.received);
      expect(first?.atMs).toBeGreaterThanOrEqual(atMs);
    } finally {
      await database.stop();
    }
  });
});

describe('deliveries that are kept in order (002-5)', () => {
  it('go one after another for each key, however often one is refused', async () => {
    await bench.dispatcher({ url: receiver.url, orderBy: ['payload', 'owner'] });
    const refused = new Set<string>();
    receiver.answer(({ body: { id } }) => {
      if (refused.has(id)) return { status: 200, afterMs: 5 };
      refused.add(id);
      return { status: 503 };
    });
    const now = Date.now();
    const records = await bench.records(
      Array.from({ length: 12 }, (_, n) => ({
        payload: { owner: n % 2 === 0 ? 'alice' : 'bob', n },
        deliverAt: new Date(now - 1_000 + n),
      })),
    );
    const fleet = bench.start({ clock });
    await eventually(
      async () => {
        later += 1_000;
        fleet.wake();
        return (await bench.deliveries()).filter(({ state }) => state === 'delivered').length === 12;
      },
      { timeoutMs: 60_000 },
    );
    for (const parity of [0, 1]) {
      const expected = records.filter((_, n) => n % 2 === parity).flatMap(({ _id }) => [_id, _id]);
      const own = new Set(expected);
      expect(bodies().filter((id) => own.has(id))).toEqual(expected);
    }
  });

  it('go on when one fails for good', async () => {
    const dispatcher = await bench.dispatcher({ url: receiver.url, orderBy: ['payload', 'owner'] });
    const [first, second] = await bench.records([
      { payload: { owner: 'alice' }, deliverAt: new Date(Date.now() - 2_000) },
      { payload: { owner: 'alice' }, deliverAt: new Date(Date.now() - 1_000) },
    ]);
    receiver.answer(({ body: { id } }) => ({ status: id === first?._id ? 500 : 200 }));
    const fleet = bench.start({ clock });
    if (!first || !second) throw new Error('there are two');
    await eventually(async () => {
      // Its endpoint is left alone for a while by then.
      if ((await passTime(first, dispatcher, fleet))?.state === 'failed') later += 60_000;
      return (await bench.delivery(second, dispatcher))?.state === 'delivered';
    });
    expect(await bench.delivery(first, dispatcher)).toMatchObject({ state: 'failed' });
    expect(bodies().at(-1)).toBe(second?._id);
  });
});

describe('an endpoint that is in trouble', () => {
  it('is disabled when it says that it is gone, and what it has not got is cancelled', async () => {
    const dispatcher = await bench.dispatcher({ url: receiver.url });
    receiver.answer(() => ({ status: 410 }));
    const records = await bench.records(Array.from({ length: 20 }, () => ({})));
    bench.start();
    await eventually(async () => (await bench.deliveries()).filter(({ endedAt }) => endedAt !== null).length === 20);
    const states = (await bench.deliveries()).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['failed', 'cancelled']));
    expect(records.length).toBe(20);
    expect(await bench.stored(dispatcher)).toMatchObject({ enabled: false, disabledReason: 'gone' });
  });

  it('is left alone for a while after failures in a row, and tried by one request then', async () => {
    await bench.dispatcher({ url: receiver.url });
    receiver.answer(() => ({ status: 500 }));
    await bench.records(Array.from({ length: 40 }, () => ({})));
    const fleet = bench.start({ clock });
    await eventually(async () => (await bench.health())[0]?.pausedUntil);
    await eventually(() => receiver.open() === 0);
    const before = receiver.received.length;
    expect(before).toBeLessThan(20);
    receiver.answer(() => ({ status: 200 }));
    await eventually(async () => {
      later += 60_000;
      fleet.wake();
      return (await bench.deliveries()).every(({ state }) => state === 'delivered');
    });
    expect(await bench.health()).toMatchObject([{ failures: 0, pausedUntil: null }]);
  });
});

describe('an endpoint that is mended while there is something for it (002-3)', () => {
  const moveTo = async (dispatcher: Dispatcher, url: string) => {
    const store = new DispatcherStore(bench.db, { clock, randomBytes });
    const { environment, dispatchableId, dispatchable, events, source, filter, filterMode } = dispatcher;
    const { commitment, account, manual, orderBy } = dispatcher;
    if (dispatchable.kind !== 'webhook') throw new Error('it is a webhook');
    const { secrets: _, ...target } = dispatchable;
    await store.upsert(environment, dispatchableId, {
      dispatchable: { ...target, url },
      ...{ events, source, filter, filterMode, commitment, account, manual, orderBy },
    });
  };

  it('gets what waits at its new URL, however long the old one asked to be left alone', async () => {
    const dispatcher = await bench.dispatcher({ url: `${receiver.url}/old` });
    receiver.answer(({ path }) =>
      path === '/old' ? { status: 503, headers: { 'retry-after': '3600' } } : { status: 200 },
    );
    await bench.record();
    bench.start();
    await eventually(async () => (await bench.health())[0]?.pausedUntil);
    const waiting = await bench.record();
    await eventually(() => bench.delivery(waiting, dispatcher).then((found) => found !== null));
    expect(receiver.received).toHaveLength(1);
    await moveTo(dispatcher, `${receiver.url}/new`);
    await eventually(async () => (await bench.delivery(waiting, dispatcher))?.state === 'delivered');
    expect(receiver.received.map(({ path }) => path)).toEqual(['/old', '/new']);
  });

  it('is not disabled because its old URL says meanwhile that it is gone, and loses nothing by it', async () => {
    const dispatcher = await bench.dispatcher({ url: `${receiver.url}/old` });
    receiver.answer(({ path }) => (path === '/old' ? { status: 410, afterMs: 500 } : { status: 200 }));
    const record = await bench.record();
    bench.start();
    await eventually(() => receiver.received.length === 1);
    await moveTo(dispatcher, `${receiver.url}/new`);
    const delivery = await eventually(async () => {
      const found = await bench.delivery(record, dispatcher);
      return found?.endedAt ? found : false;
    });
    expect(delivery).toMatchObject({ state: 'delivered', history: [{ status: 410 }, { status: 200 }] });
    expect(await bench.stored(dispatcher)).toMatchObject({ enabled: true, disabledReason: null });
  });
});

describe('dispatchers that share a desk', () => {
  it('do not wait for a slow one, however much that has waiting, and keep to their concurrency', async () => {
    const [slow, quick] = ['disp_slow', 'disp_quick'];
    const both = { events: [] };
    const limited = (url: string, concurrency: number) => ({
      ...{ kind: 'webhook' as const, url, secrets: [SECRET], concurrency, ratePerSecond: null, timeoutMs: 20_000 },
    });
    await bench.dispatcher({ ...both, _id: slow, dispatchable: limited(`${receiver.url}/slow`, 2) });
    await bench.dispatcher({ ...both, _id: quick, dispatchable: limited(`${receiver.url}/quick`, 4) });
    const [slowRecord] = await bench.records([{ state: 'delivered' }]);
    await bench.backlog(slowRecord, slow, 1_000);
    await bench.backlog(slowRecord, quick, 40);
    receiver.answer(({ path }) => ({ status: 200, afterMs: path === '/slow' ? 800 : 5 }));
    bench.start();
    await eventually(() => receiver.received.filter(({ path }) => path === '/quick').length >= 40);
    // All of them would take the slow one six minutes.
    expect(receiver.received.filter(({ path }) => path === '/slow').length).toBeLessThan(500);
    expect(receiver.most('/slow')).toBe(2);
    expect(receiver.most('/quick')).toBeLessThanOrEqual(4);
  });

  it('get no more requests a second than they bear', async () => {
    const dispatcher = await bench.dispatcher({
      dispatchable: {
        ...{
          kind: 'webhook',
          url: receiver.url,
          secrets: [SECRET],
          concurrency: 50,
          ratePerSecond: 10,
          timeoutMs: 2_000,
        },
      },
    });
    await bench.records(Array.from({ length: 25 }, () => ({})));
    bench.start();
    await eventually(() => receiver.received.length >= 25);
    const times = receiver.received.map(({ atMs }) => atMs).sort((one, other) => one - other);
    // A second's worth at once, then one every 100 ms.
    expect((times[24] as number) - (times[0] as number)).toBeGreaterThan(1_350);
    await eventually(async () => (await bench.deliveries()).every(({ state }) => state === 'delivered'));
    expect(dispatcher.enabled).toBe(true);
  });
});
