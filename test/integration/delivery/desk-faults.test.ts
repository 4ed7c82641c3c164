import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliverEvent } from '../../../src/delivery/desk/deliver-event.js';
import { deliveries } from '../../../src/delivery/desk/delivery-store.js';
import { invokeDispatcher } from '../../../src/delivery/desk/invoke-dispatcher.js';
import { newDelivery } from '../../../src/delivery/desk/new-delivery.js';
import { replayRecords } from '../../../src/delivery/desk/replay-records.js';
import { sendAnew, sendFailedAnew } from '../../../src/delivery/desk/send-anew.js';
import { eventRecords } from '../../../src/delivery/records/record-store.js';
import type { Dispatcher } from '../../../src/delivery/dispatchers/dispatcher.js';
import type { WebhookOutcome } from '../../../src/delivery/webhooks/webhook-outcome.js';
import { eventually } from '../../support/eventually.js';
import { openDeskBench, SECRET, THE_DESK } from './desk-bench.js';
import { startReceiver, type Receiver } from './receiver.js';

let bench: Awaited<ReturnType<typeof openDeskBench>>;
let receiver: Receiver;

beforeEach(async () => {
  [bench, receiver] = await Promise.all([openDeskBench(), startReceiver()]);
});
afterEach(async () => {
  await bench.close();
  await receiver.stop();
});

const CHILD = fileURLToPath(new URL('./desk-child.ts', import.meta.url));
const atDesk = (more: Partial<Dispatcher> = {}) =>
  bench.dispatcher({
    ...{ ...more },
    dispatchable: {
      ...{
        kind: 'webhook',
        url: receiver.url,
        secrets: [SECRET],
        concurrency: 5,
        ratePerSecond: null,
        timeoutMs: 1_000,
      },
    },
  });
const ANSWERED: WebhookOutcome = { kind: 'answered', status: 200, body: '', durationMs: 1, retryAfterMs: null };

describe('a process that is killed while it delivers (002-3)', () => {
  it.each([
    ['claimed', 0],
    ['answered', 1],
  ])('after it is %s: another one delivers, under the same id', async (step, received) => {
    const dispatcher = await atDesk();
    const record = await bench.record();
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', CHILD, bench.database.uri, bench.database.name, String(THE_DESK), step],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      await once(child.stdout, 'data');
      expect(receiver.received).toHaveLength(received);
    } finally {
      child.kill('SIGKILL');
    }
    bench.start({ termMs: 500, timing: { graceMs: 200, pollMs: 50 } });
    await eventually(async () => (await bench.delivery(record, dispatcher))?.state === 'delivered');
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(
      Array.from({ length: received + 1 }, () => record._id),
    );
    // The try that was lost with its process is none of its schedule.
    expect(await bench.delivery(record, dispatcher)).toMatchObject({ attempts: 2, attemptsBefore: 1 });
  });
});

describe('a desk whose lease moved on (I8)', () => {
  it('writes nothing of what it had under way, and nothing new', async () => {
    const dispatcher = await atDesk();
    const record = await bench.record();
    let answer: (outcome: WebhookOutcome) => void = () => {};
    const invoke = () => new Promise<WebhookOutcome>((resolve) => (answer = resolve));
    const fleet = bench.start({ termMs: 60_000, invoke });
    const before = await eventually(async () => {
      const delivery = await bench.delivery(record, dispatcher);
      return delivery?.claimedUntil ? delivery : undefined;
    });
    const stolen = { $set: { holder: 'somebody else' }, $inc: { fence: 1, beat: 1 } };
    await bench.db.collection<{ _id: string }>('leases').updateOne({ _id: `delivery:${THE_DESK}` }, stolen);
    const late = await bench.record();
    answer(ANSWERED);
    fleet.wake();
    await eventually(() => !fleet.isHolding(THE_DESK));
    expect(await bench.delivery(record, dispatcher)).toEqual(before);
    expect(await eventRecords(bench.db).findOne({ _id: late._id })).toMatchObject({ state: 'due' });
  });

  it('is given up in order: what is under way ends, or is due at once for whoever comes next', async () => {
    const dispatcher = await atDesk();
    const record = await bench.record();
    receiver.answer(() => null);
    const fleet = bench.start({ timing: { drainMs: 50 } });
    await eventually(() => receiver.received.length === 1);
    await fleet.stop();
    expect(await bench.delivery(record, dispatcher)).toMatchObject({ state: 'due', attempts: 0, claimedUntil: null });
    receiver.answer(() => ({ status: 200 }));
    bench.start();
    await eventually(async () => (await bench.delivery(record, dispatcher))?.state === 'delivered');
  });
});

describe('what takes back something that was told (I7)', () => {
  it('reaches whoever was told, also when it was disabled meanwhile or is not reached by the name', async () => {
    const dispatcher = await atDesk({ events: ['coupons.Sold'] });
    const told = await bench.record({ name: 'coupons.Sold' });
    bench.start({ desks: [THE_DESK, 5] });
    await eventually(async () => (await bench.delivery(told, dispatcher))?.state === 'delivered');
    await bench.disable(dispatcher);
    const orphan = { desk: 5, name: 'coupons.Sold.orphaned', follows: told._id };
    const takenBack = await bench.record(orphan);
    const later = await bench.record({ name: 'coupons.Sold' });
    await eventually(async () => (await bench.delivery(takenBack, dispatcher))?.state === 'delivered');
    await eventually(async () => (await eventRecords(bench.db).findOne({ _id: later._id }))?.state === 'delivered');
    expect(await bench.delivery(later, dispatcher)).toBeNull();
  });

  it('is not told before what it takes back has its deliveries', async () => {
    const dispatcher = await atDesk({ events: ['coupons.Sold'] });
    const told = await bench.record({ name: 'coupons.Sold' });
    const takenBack = await bench.record({ desk: 5, name: 'coupons.Sold.orphaned', follows: told._id });
    // The desk of the first one is nobody's.
    bench.start({ desks: [5] });
    await eventually(async () => (await eventRecords(bench.db).findOne({ _id: takenBack._id }))?.state === 'delivered');
    expect(await bench.delivery(told, dispatcher)).not.toBeNull();
    expect(await bench.delivery(takenBack, dispatcher)).toMatchObject({ isFollowUp: true });
  });

  it('nobody is told of it anew: by invoking, a replay, or what failed; and who never heard of it hears of neither', async () => {
    const [heard, cancelled, other] = [
      await atDesk({ events: ['coupons.Sold'], commitment: 'confirmed' }),
      await atDesk({ events: ['coupons.Sold'], commitment: 'confirmed' }),
      await atDesk({ events: ['coupons.Other'] }),
    ];
    await bench.disable(cancelled);
    const confirmed = { name: 'coupons.Sold', commitment: 'confirmed' } as const;
    const told = await bench.record(confirmed);
    receiver.answer(() => ({ status: 410 }));
    const fleet = bench.start();
    await eventually(async () => (await bench.delivery(told, heard))?.state === 'failed');
    const never = newDelivery(told, cancelled, new Date());
    await deliveries(bench.db).insertOne({ ...never, state: 'cancelled', endedAt: new Date() });
    const takenBack = await bench.record({ name: 'coupons.Sold.orphaned', commitment: 'orphaned', follows: told._id });
    await eventually(async () => (await eventRecords(bench.db).findOne({ _id: takenBack._id }))?.state === 'delivered');
    await fleet.stop();
    expect(await bench.delivery(takenBack, heard)).toMatchObject({ isFollowUp: true });
    expect(await bench.delivery(takenBack, cancelled)).toBeNull();

    const { db, client } = bench;
    const deps = { db, client, clock: { now: Date.now }, wake: () => {} };
    expect(await invokeDispatcher(deps, other._id, told._id)).toEqual({ kind: 'taken-back' });
    const span = { from: new Date(0), to: new Date(Date.now() + 60_000), after: null, force: true };
    const replay = await replayRecords({ ...deps, isReached: () => true }, other, span);
    expect(replay).toMatchObject({ created: 0, repeated: 0 });
    await sendFailedAnew(db, told.environment, heard._id, new Date(0), new Date());
    expect(await bench.delivery(told, heard)).toMatchObject({ state: 'failed' });
    expect(await sendAnew(db, told.environment, `${told._id}/${heard._id}`, new Date())).toEqual({
      kind: 'taken-back',
    });
    expect(await bench.delivery(told, other)).toBeNull();
  });

  it('whoever is told by hand at the same moment hears of it as well', async () => {
    const dispatcher = await atDesk({ events: ['coupons.Other'] });
    const { db, client } = bench;
    const deps = { db, client, clock: { now: Date.now }, wake: () => {} };
    for (let turn = 0; turn < 8; turn += 1) {
      const told = await bench.record({ name: 'coupons.Sold', commitment: 'confirmed', state: 'delivered' });
      const follower = { name: 'coupons.Sold.orphaned', commitment: 'orphaned', follows: told._id } as const;
      const takenBack = await bench.record(follower);
      const [outcome] = await Promise.all([
        invokeDispatcher(deps, dispatcher._id, told._id),
        deliverEvent({ ...deps, reach: () => Promise.resolve([]) }, takenBack._id),
      ]);
      expect((await bench.delivery(takenBack, dispatcher)) !== null).toBe(outcome.kind === 'due');
      expect(['due', 'taken-back']).toContain(outcome.kind);
    }
  });
});
