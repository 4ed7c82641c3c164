import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startDeliveryDesks, type DeliveryDesks } from '../../../src/app/delivery-desks.js';
import { openEventsService } from '../../../src/app/events-service.js';
import { DEFAULT_ENVIRONMENT_ID } from '../../../src/delivery/environments/environment.js';
import { createEnvironment } from '../../../src/delivery/environments/environment-store.js';
import { defineJob } from '../../../src/delivery/jobs/define-job.js';
import { eventRecords } from '../../../src/delivery/records/record-store.js';
import { eventually } from '../../support/eventually.js';
import { startReceiver, type Receiver } from '../delivery/receiver.js';
import { startApiStack, type ApiStack } from './api-stack.js';

let stack: ApiStack;
let desks: DeliveryDesks;
let receiver: Receiver;
let stranger: Record<string, string>;
const greeted: string[] = [];
const accounts: (string | null)[] = [];
const greet = defineJob({
  ...{ id: 'greet', version: '1' },
  run: async ({ event, log }) => {
    greeted.push(event.eventId);
    accounts.push(event.account);
    log('greeted', { event: event.name });
  },
});

beforeAll(async () => {
  const env = { WEBHOOKS_ALLOW_PRIVATE: 'true', LEASE_TERM_MS: '2000' };
  [stack, receiver] = await Promise.all([startApiStack({ worker: false, signers: 1, env }), startReceiver()]);
  const longAgo = new Date(Date.now() - 91 * 24 * 3_600_000);
  await eventRecords(stack.foundation.mongo.db).insertOne({
    ...{ _id: 'evt_old', eventId: 'old', environment: DEFAULT_ENVIRONMENT_ID, name: 'old', source: 'shop' },
    ...{ timestamp: longAgo, payload: {}, context: {}, account: null, isTest: false, commitment: null, follows: null },
    ...{
      state: 'delivered',
      deliverAt: longAgo,
      deliveredAt: longAgo,
      desk: 5,
      createdAt: longAgo,
      updatedAt: longAgo,
    },
  });
  desks = startDeliveryDesks(stack.foundation, [greet]);
  const other = { slug: 'other', name: 'Other', chain: { programs: null } };
  const environment = await createEnvironment(stack.foundation.mongo.db, other, new Date());
  const { token } = await stack.api.apiKeys.create('stranger', ['read', 'write'], environment?._id);
  stranger = { authorization: `Bearer ${token}` };
});
afterAll(async () => {
  await desks.stop();
  await stack.stop();
  await receiver.stop();
});
afterEach(() => receiver.answer(() => ({ status: 200 })));

const auth = () => ({ authorization: `Bearer ${stack.token}` });
const get = async (path: string, headers = auth()) => (await stack.get(path, headers)).body;
const post = (path: string, body: unknown = {}) => stack.post(path, body);
let count = 0;

async function dispatcher(changes: Record<string, unknown> = {}) {
  const name = `dispatcher-${count++}`;
  const answer = await stack.send(
    'PUT',
    `/api/dispatchers/${name}`,
    {
      ...{ dispatchable: { kind: 'webhook', url: `${receiver.url}/${name}` }, events: [name], source: 'shop' },
      ...changes,
    },
    auth(),
  );
  expect(answer.status).toBe(201);
  return { id: answer.body.id, name, path: `/api/dispatchers/${answer.body.id}` };
}

async function sent(name: string, id = `order-${count++}`) {
  const answer = await post('/api/event-records', { id, name, source: 'shop', payload: { total: 5 } });
  expect(answer.status).toBe(201);
  return (answer.body as unknown as { record: { id: string } }).record.id;
}

const ended = (path: string, state = 'delivered') =>
  eventually(async () => {
    const body = await get(path);
    return body['state'] === state && body;
  });
const deliveryPath = (record: string, to: string) => `/api/deliveries/${encodeURIComponent(`${record}/${to}`)}`;
const toldOf = (record: string) => receiver.received.filter(({ headers }) => headers['webhook-id'] === record).length;

describe('deliveries over HTTP (002-3, 002-5)', () => {
  it('an event that is sent is delivered, listed and shown with its tries; to its own environment alone', async () => {
    const to = await dispatcher();
    const record = await sent(to.name);
    const path = deliveryPath(record, to.id);
    expect(await ended(path)).toMatchObject({ record, dispatcher: to.id, attempts: 1, history: [{ status: 200 }] });
    for (const filter of [`record=${record}`, `dispatcher=${to.id}`, `dispatcher=${to.id}&state=delivered`]) {
      expect((await get(`/api/deliveries?${filter}`)).items).toMatchObject([{ id: `${record}/${to.id}` }]);
    }
    expect((await stack.get('/api/deliveries', stranger)).body).toMatchObject({ items: [], nextCursor: null });
    expect((await stack.get(path, stranger)).body).toMatchObject({ code: 'not-found' });
    expect((await stack.send('POST', `${path}/resend`, {}, stranger)).body).toMatchObject({ code: 'not-found' });
    expect((await stack.get('/api/deliveries')).status).toBe(401);
  });

  it('what was over long ago is not kept', async () => {
    await eventually(async () => (await stack.get('/api/event-records/evt_old', auth())).status === 404);
  });

  it('pages go on where the one before ended', async () => {
    const to = await dispatcher();
    const records = [await sent(to.name), await sent(to.name), await sent(to.name)];
    await eventually(async () => (await get(`/api/deliveries?dispatcher=${to.id}`)).items.length === 3);
    const first = await get(`/api/deliveries?dispatcher=${to.id}&limit=2`);
    const second = await get(`/api/deliveries?dispatcher=${to.id}&limit=2&cursor=${first.nextCursor}`);
    const found = [...first.items, ...second.items].map((one) => one['record']);
    expect(new Set(found)).toEqual(new Set(records));
    expect(second.nextCursor).toBeNull();
    expect((await get('/api/deliveries?colour=red')).errors).toMatchObject([{ field: 'colour' }]);
  });

  it('is sent anew when asked: one, or what failed', async () => {
    const to = await dispatcher();
    const since = new Date(Date.now() - 1_000).toISOString();
    receiver.answer(() => ({ status: 410 }));
    const record = await sent(to.name);
    const path = deliveryPath(record, to.id);
    await ended(path, 'failed');
    expect(await get(to.path)).toMatchObject({ enabled: false, disabledReason: 'gone' });
    expect((await post(`${to.path}/resend-failed`, { since })).body).toMatchObject({ code: 'conflict' });
    receiver.answer(() => ({ status: 200 }));
    await post(`${to.path}/enable`);
    const again = await post(`${to.path}/resend-failed`, { since });
    expect([again.status, again.body]).toEqual([202, { dispatcher: to.id, resent: 1 }]);
    await ended(path);
    expect((await post(`${path}/resend`)).status).toBe(202);
    expect(await ended(path)).toMatchObject({ state: 'delivered' });
    await eventually(() => toldOf(record) === 3);
  });

  it('a span is matched anew: only what was not told, unless it is forced', async () => {
    const name = `late-${count++}`;
    const records = [await sent(name), await sent(name)];
    await eventually(async () => {
      const items = await Promise.all(records.map((id) => get(`/api/event-records/${id}`)));
      return items.every((one) => one['deliveredAt'] !== null);
    });
    const to = await dispatcher({ events: [name] });
    const span = { from: new Date(Date.now() - 60_000).toISOString(), to: new Date(Date.now() + 1_000).toISOString() };
    const first = await post(`${to.path}/replay`, span);
    expect(first.body).toMatchObject({ matched: 2, created: 2, repeated: 0, next: null });
    for (const record of records) await ended(deliveryPath(record, to.id));
    expect((await post(`${to.path}/replay`, span)).body).toMatchObject({ matched: 2, created: 0, repeated: 0 });
    expect((await post(`${to.path}/replay`, { ...span, force: true })).body).toMatchObject({ created: 0, repeated: 2 });
    await eventually(() => records.every((record) => toldOf(record) === 2));
    expect((await post(`${to.path}/replay`, { from: 'yesterday', to: span.to })).status).toBe(400);
  });

  it('a dispatcher is invoked by hand with an event, and tried out with a test event that is not kept', async () => {
    const to = await dispatcher({ manual: true });
    const record = await sent(to.name);
    const invoked = await post(`${to.path}/invoke`, { eventRecordId: record });
    expect(invoked.status).toBe(202);
    await ended(deliveryPath(record, to.id));
    expect((await post(`${to.path}/invoke`, { eventRecordId: 'evt_none' })).body).toMatchObject({ code: 'not-found' });
    expect((await stack.send('POST', `${to.path}/invoke`, { eventRecordId: record }, stranger)).body).toMatchObject({
      code: 'not-found',
    });
    receiver.answer(() => ({ status: 418 }));
    const tested = await post(`${to.path}/test`);
    expect(tested.body).toMatchObject({ outcome: { kind: 'answered', status: 418, body: '{"seen":true}' } });
    expect(receiver.received.at(-1)?.body).toMatchObject({ type: to.name, isTest: true });
  });

  it("whoever is told sees an account by the application's own name of it", async () => {
    const accountId = `user-${count++}`;
    const to = await dispatcher({ accountId });
    const job = { dispatchable: { kind: 'job', job: 'greet', version: '1' }, events: [to.name] };
    await dispatcher(job);
    const id = `order-${count++}`;
    const event = { id, name: to.name, source: 'shop', payload: {}, accountId };
    const answer = await post('/api/event-records', event);
    const { record } = answer.body as unknown as { record: { id: string } };
    await ended(deliveryPath(record.id, to.id));
    const told = () => receiver.received.filter(({ path }) => path === `/${to.name}`).map(({ body }) => body);
    expect(told()).toMatchObject([{ eventId: id, account: accountId }]);
    expect((await post(`${to.path}/test`)).status).toBe(200);
    expect(told()).toMatchObject([{ eventId: id }, { isTest: true, account: accountId }]);
    await eventually(() => greeted.includes(id));
    expect(accounts[greeted.indexOf(id)]).toBe(accountId);
  });

  it('a program delivers an event and invokes a dispatcher without HTTP, with the same effect', async () => {
    const { config } = stack.foundation;
    const service = await openEventsService({ ...config, mongodbUri: stack.databaseUri });
    try {
      const to = await dispatcher();
      const later = new Date(Date.now() + 60_000);
      const event = { id: `order-${count++}`, name: to.name, source: 'shop', payload: {} };
      const { record } = await service.ingestSendEvent('default', event, { deliverAt: later });
      expect(await service.deliverEvent(record._id)).toEqual({ kind: 'not-due', deliverAt: later });
      const now = await service.ingestSendEvent('default', { ...event, id: `order-${count++}` });
      // Its desk may have been faster.
      expect(['delivered', 'delivered-before']).toContain((await service.deliverEvent(now.record._id)).kind);
      await ended(deliveryPath(now.record._id, to.id));
      expect(await service.invokeDispatcher(to.id, record._id)).toEqual({ kind: 'not-due', deliverAt: later });
      expect(await service.invokeDispatcher(to.id, now.record._id)).toMatchObject({ kind: 'due' });
      await ended(deliveryPath(now.record._id, to.id));
      expect(await service.deliverEvent('evt_none')).toEqual({ kind: 'unknown' });
      for (const [wrong, options, what] of [
        [{ ...event, source: 'chain', name: 'coupons.CouponSold' }, {}, /name must not begin with "coupons\."/],
        [{ ...event, payload: 5 as never }, {}, /payload must be a JSON object/],
        [{ ...event, payload: { price: 5n } }, {}, /payload must be JSON, and has a bigint/],
        [{ ...event, payload: { at: new Date() } }, {}, /payload must be JSON, and has a Date/],
        [event, { deliverAt: new Date(Number.NaN) }, /deliverAt must be a time/],
        [event, { deliverAt: 'tomorrow' as never }, /deliverAt must be a time/],
      ] as const) {
        const refused = service.ingestSendEvent('default', wrong, options);
        await expect(refused).rejects.toMatchObject({
          code: 'event-invalid',
          message: expect.stringMatching(what) as string,
        });
      }
      await expect(service.ingestSendEvent('nowhere', event)).rejects.toMatchObject({ code: 'unknown-environment' });
    } finally {
      await service.close();
    }
  });

  it('a job runs, and its run is listed with what it wrote, for its own environment alone', async () => {
    const to = await dispatcher({ dispatchable: { kind: 'job', job: 'greet', version: '1' } });
    const record = await sent(to.name, 'greeting-1');
    const run = await eventually(async () => {
      const [found] = (await get(`/api/job-runs?record=${record}&state=done`)).items;
      return found;
    });
    expect(greeted).toContain('greeting-1');
    expect(await get(`/api/job-runs/${run.id}`)).toMatchObject({
      ...{ job: 'greet', version: '1', attempts: 1, delivery: `${record}/${to.id}` },
      logs: [{ message: 'greeted', data: { event: to.name } }],
    });
    expect((await stack.get(`/api/job-runs/${run.id}`, stranger)).status).toBe(404);
    expect((await post(`/api/job-runs/${run.id}/cancel`)).body).toMatchObject({ code: 'conflict' });
    expect((await post(`${to.path}/test`)).body).toMatchObject({ code: 'conflict' });
  });
});
