import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventDispatchers } from '../../../src/delivery/dispatchers/dispatcher-store.js';
import { WELL } from '../../../src/delivery/webhooks/endpoint-health.js';
import { startApiStack, type Answer, type ApiStack } from './api-stack.js';

let stack: ApiStack;
beforeAll(async () => {
  stack = await startApiStack({ worker: false, signers: 1 });
});
afterAll(() => stack.stop());

const auth = () => ({ authorization: `Bearer ${stack.token}` });
const get = (path: string) => stack.get(path, auth());
const send = (method: string, path: string, body?: unknown) => stack.send(method, path, body, auth());
const definition = {
  dispatchable: { kind: 'webhook', url: 'https://example.com/hook' },
  ...{ events: ['order.paid'], source: 'shop' },
};
const put = (name: string, changes: Record<string, unknown> = {}) =>
  send('PUT', `/api/dispatchers/${encodeURIComponent(name)}`, { ...definition, ...changes });
const names = ({ body }: Answer) =>
  body.items.map((one) => (one as unknown as { dispatchableId: string }).dispatchableId);

describe('002-7: dispatchers over HTTP', () => {
  it('one is made by its own name, shows its secret once, is changed, read and taken away', async () => {
    const made = await put('billing/mail');
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`/api/dispatchers/${made.body.id}`);
    expect(made.body).toMatchObject({
      ...{ dispatchableId: 'billing/mail', events: ['order.paid'], enabled: true, filterMode: 'strict', secrets: 1 },
      dispatchable: { kind: 'webhook', url: 'https://example.com/hook', concurrency: 10, timeoutMs: 15_000 },
      secret: expect.stringMatching(/^whsec_/) as unknown,
    });
    const { secret } = made.body as unknown as { secret: string };
    const again = await put('billing/mail', { events: ['order.sent'], commitment: 'confirmed' });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id: made.body.id, events: ['order.sent'], commitment: 'confirmed' });
    const path = `/api/dispatchers/${made.body.id}`;
    for (const answer of [again, await get(path), await get('/api/dispatchers')]) {
      expect(answer.text).not.toContain(secret);
    }
    const rotated = await send('POST', `${path}/rotate-secret`);
    expect(rotated.body).toEqual({ id: made.body.id, secret: expect.stringMatching(/^whsec_/) as unknown });
    expect((await get(path)).body).toMatchObject({ secrets: 2 });
    expect((await send('POST', `${path}/rotate-secret`, { keepOld: false })).status).toBe(200);
    expect((await get(path)).body).toMatchObject({ secrets: 1 });
    expect((await send('POST', `${path}/disable`)).body).toMatchObject({ enabled: false });
    expect((await send('POST', `${path}/enable`)).body).toMatchObject({ enabled: true });
    expect((await send('DELETE', path)).status).toBe(204);
    for (const [method, at] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/enable'],
      ['POST', '/rotate-secret'],
    ] as const) {
      expect((await send(method, `${path}${at}`)).body).toMatchObject({ code: 'not-found' });
    }
  });

  it('shows until when one rests, as long as it has that endpoint', async () => {
    const { id } = (await put('resting')).body;
    const pausedUntil = Date.now() + 3_600_000;
    await stack.foundation.mongo.db
      .collection<{ _id: string }>('endpoint_health')
      .insertOne({ _id: id, ...{ ...WELL, pausedUntil } });
    const restsUntil = new Date(pausedUntil).toISOString();
    expect((await get(`/api/dispatchers/${id}`)).body).toMatchObject({ restsUntil });
    expect((await get('/api/dispatchers')).body.items).toMatchObject([{ id, restsUntil }]);
    expect((await send('POST', `/api/dispatchers/${id}/enable`)).body).toMatchObject({ restsUntil: null });
    expect((await send('DELETE', `/api/dispatchers/${id}`)).status).toBe(204);
  });

  it('names of chain events are exact, and of the source they come from; telling begins with the answer (002-9)', async () => {
    const { db } = stack.foundation.mongo;
    const wrong = async (events: string[], source: string) => {
      const { body, status } = await put('chain-names', { events, source });
      expect(status).toBe(400);
      return body.errors.map(({ field, message }) => `${field} ${message}`);
    };
    expect(await wrong(['coupons.*'], 'chain')).toEqual([expect.stringMatching(/^events\.0 .*coupons\.CouponSold/)]);
    expect(await wrong(['nobody.Sold'], 'chain')).toEqual([expect.stringMatching(/^events\.0 is no event/)]);
    expect(await wrong(['coupons.CouponSold.orphaned'], 'chain')).toEqual([expect.stringMatching(/name that one/)]);
    expect(await wrong(['other', 'coupons.CouponSold'], 'shop')).toEqual([
      expect.stringMatching(/^events\.1 .*"chain"/),
    ]);
    await db.collection('event_relays').deleteMany({});
    expect((await put('chain-names', { events: ['coupons.CouponListed'], source: 'chain' })).status).toBe(201);
    expect(await db.collection('event_relays').countDocuments({ _id: 'coupons' as never })).toBe(1);
  });

  it('needs a key for everything, and one that may write for changes', async () => {
    expect((await stack.get('/api/dispatchers')).status).toBe(401);
    const { token } = await stack.api.apiKeys.create('reader', ['read']);
    const reader = { authorization: `Bearer ${token}` };
    expect((await stack.get('/api/dispatchers', reader)).status).toBe(200);
    expect((await stack.send('DELETE', '/api/dispatchers/x', undefined, reader)).status).toBe(403);
  });

  it('a job signs nothing', async () => {
    const made = await put('job', { dispatchable: { kind: 'job', job: 'mail', version: '1.0.0' } });
    expect(made.body).toMatchObject({ secrets: 0 });
    expect(made.body).not.toHaveProperty('secret');
    const answer = await send('POST', `/api/dispatchers/${made.body.id}/rotate-secret`);
    expect(answer.body).toMatchObject({ code: 'conflict', detail: 'It invokes a job: nothing is signed for it.' });
  });

  it('what is wrong is named with its place, and nothing is stored', async () => {
    const filter = { payload: { owner: [{ $foo: 1 }] } };
    const wrong = await put('wrong', { filter });
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors).toEqual([
      { field: 'filter.payload.owner[0].$foo', message: expect.stringContaining('is no operator') as unknown },
    ]);
    expect((await put('wrong', { filter, filterMode: 'trigger' })).body.errors[0]?.field).toBe(
      'filter.payload.owner[0]',
    );
    const fields = async (changes: Record<string, unknown>) =>
      (await put('wrong', changes)).body.errors.map(({ field }) => field);
    expect(await fields({ dispatchable: { kind: 'webhook', url: 'ftp://x' } })).toEqual(['dispatchable.url']);
    for (const url of ['https://169.254.169.254/', 'https://[::1]/', 'https://0x7f.1/', 'https://u:p@example.com']) {
      expect(await fields({ dispatchable: { kind: 'webhook', url } }), url).toEqual(['dispatchable.url']);
    }
    expect(await fields({ dispatchable: { kind: 'pigeon' } })).toEqual(['dispatchable.kind']);
    expect(await fields({ events: [], orderBy: ['body', 'x'] })).toEqual(['events', 'orderBy']);
    expect(await fields({ secret: 'whsec_x' })).toEqual(['secret']);
    expect(await eventDispatchers(stack.foundation.mongo.db).countDocuments({ dispatchableId: 'wrong' })).toBe(0);
  });

  it('lists page by their own names and are filtered', async () => {
    for (const at of [1, 2, 3, 4, 5]) {
      await put(`list-${at}`, { events: ['listed'], source: at < 4 ? 'a' : 'b', manual: at === 1 });
    }
    const first = await get('/api/dispatchers?event=listed&limit=2');
    expect(names(first)).toEqual(['list-1', 'list-2']);
    const second = await get(`/api/dispatchers?event=listed&limit=2&cursor=${first.body.nextCursor}`);
    expect(names(second)).toEqual(['list-3', 'list-4']);
    const last = await get(`/api/dispatchers?event=listed&limit=2&cursor=${second.body.nextCursor}`);
    expect([names(last), last.body.nextCursor]).toEqual([['list-5'], null]);
    expect(names(await get('/api/dispatchers?event=listed&source=b'))).toEqual(['list-4', 'list-5']);
    expect(names(await get('/api/dispatchers?manual=true&kind=webhook'))).toEqual(['list-1']);
    const [one] = (await get('/api/dispatchers?dispatchableId=list-2&event=listed')).body.items;
    expect(one).toMatchObject({ id: expect.stringMatching(/^disp_/) as unknown, dispatchableId: 'list-2' });
    expect(names(await get('/api/dispatchers?dispatchableId=list-2'))).toEqual(['list-2']);
    expect(names(await get('/api/dispatchers?dispatchableId=list'))).toEqual([]);
    expect((await get(`/api/dispatchers?source=b&cursor=${first.body.nextCursor}`)).body.code).toBe('invalid-cursor');
    expect((await get('/api/dispatchers?enabled=maybe&name=x')).body.errors.map(({ field }) => field)).toEqual([
      'enabled',
      'name',
    ]);
  });
});

it('002-8: a key sees the dispatchers of its own environment alone', async () => {
  const { db } = stack.foundation.mongo;
  const { token } = await stack.api.apiKeys.create('other', ['read', 'write'], 'env_0123456789abcdef01234567');
  const other = { authorization: `Bearer ${token}` };
  const { id } = (await put('own', { events: ['own'] })).body;
  const path = `/api/dispatchers/${id}`;
  expect((await stack.get('/api/dispatchers', other)).body.items).toEqual([]);
  for (const [method, at] of [
    ['GET', path],
    ['DELETE', path],
    ['POST', `${path}/enable`],
    ['POST', `${path}/disable`],
    ['POST', `${path}/rotate-secret`],
  ] as const) {
    expect((await stack.send(method, at, undefined, other)).status, at).toBe(404);
  }
  const event = { name: 'own', source: 'shop' };
  const run = await stack.send('POST', '/api/dispatchers/dry-run', { event, dispatchers: [id] }, other);
  expect(run.body).toMatchObject({ reached: [], others: [] });
  const made = await stack.send('PUT', '/api/dispatchers/own', { ...definition, events: ['own'] }, other);
  expect(made.status).toBe(201);
  expect(await eventDispatchers(db).countDocuments({ dispatchableId: 'own' })).toBe(2);
});

describe('002-3: a dry run says whom an event would reach, and why not the others', () => {
  it('by name, source, account, switch and filter', async () => {
    const made = async (name: string, changes: Record<string, unknown>) =>
      (await put(name, { events: ['dry'], ...changes })).body.id;
    const yes = await made('dry-yes', { filter: { payload: { owner: ['Alice'] } } });
    const ids = await Promise.all([
      made('dry-1', { filter: { payload: { owner: ['Bob'] } } }),
      made('dry-2', { source: 'other' }),
      made('dry-3', { accountId: 'user-1' }),
      made('dry-4', { enabled: false }),
      made('dry-5', { manual: true }),
      made('dry-6', { events: ['wet'] }),
    ]);
    const event = { name: 'dry', source: 'shop', payload: { owner: 'Alice' } };
    const answer = await send('POST', '/api/dispatchers/dry-run', { event, dispatchers: [yes, ...ids] });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ reached: [{ id: yes, dispatchableId: 'dry-yes' }], reachedCount: 1 });
    const { others } = answer.body as unknown as { others: Record<string, unknown>[] };
    expect(others.map(({ dispatchableId, reason }) => [dispatchableId, reason])).toEqual([
      ['dry-1', 'filter'],
      ['dry-2', 'source'],
      ['dry-3', 'account'],
      ['dry-4', 'disabled'],
      ['dry-5', 'manual'],
      ['dry-6', 'name'],
    ]);
    expect(others[0]).toMatchObject({ path: 'payload.owner', detail: 'is "Alice", which is not one of ["Bob"]' });
    const ofAccount = { event: { ...event, accountId: 'user-1' }, dispatchers: ids };
    expect((await send('POST', '/api/dispatchers/dry-run', ofAccount)).body).toMatchObject({
      reached: [{ dispatchableId: 'dry-3' }],
    });
    expect(names(await get('/api/dispatchers?accountId=user-1'))).toEqual(['dry-3']);
    expect(names(await get('/api/dispatchers?accountId=user-2'))).toEqual([]);
    expect((await get(`/api/dispatchers/${ids[2]}`)).body).toMatchObject({ accountId: 'user-1' });
    const whole = await send('POST', '/api/dispatchers/dry-run', { event });
    expect(whole.body).toMatchObject({ reachedCount: 1 });
    expect(whole.text).toContain('it wants events named order.paid');
  });

  it('of the chain when it is final, or only confirmed', async () => {
    const early = (
      await put('chain-early', { events: ['coupons.CouponSold'], source: 'chain', commitment: 'confirmed' })
    ).body.id;
    const late = (await put('chain-late', { events: ['coupons.CouponSold'], source: 'chain' })).body.id;
    const reached = async (commitment?: string) => {
      const event = {
        name: 'coupons.CouponSold',
        source: 'chain',
        ...(commitment === undefined ? {} : { commitment }),
      };
      const { body } = await send('POST', '/api/dispatchers/dry-run', { event });
      return (body as unknown as { reached: { id: string }[] }).reached.map(({ id }) => id);
    };
    expect(await reached()).toEqual([late]);
    expect(await reached('confirmed')).toEqual([early]);
  });
});

it('each of the operations is in the OpenAPI document', async () => {
  const { paths } = (await stack.get('/openapi.json')).body as unknown as { paths: Record<string, object> };
  const found = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/dispatchers'))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path.slice(16)}`));
  expect(found.sort()).toEqual([
    'delete /{id}',
    'get ',
    'get /{id}',
    ...['post /dry-run', 'post /{id}/disable', 'post /{id}/enable', 'post /{id}/invoke', 'post /{id}/replay'],
    ...['post /{id}/resend-failed', 'post /{id}/rotate-secret', 'post /{id}/test'],
    'put /{id}',
  ]);
  expect((await stack.get('/docs')).text).toContain('/api/dispatchers/{id}');
});
