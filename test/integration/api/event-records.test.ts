import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEnvironment } from '../../../src/delivery/environments/environment-store.js';
import { eventRecords } from '../../../src/delivery/records/record-store.js';
import { startApiStack, type ApiStack, type Body } from './api-stack.js';

let stack: ApiStack;
/** A key of another environment. */
let other: Record<string, string>;
beforeAll(async () => {
  stack = await startApiStack({ signers: 1, worker: false });
  const staging = { slug: 'staging', name: 'Staging', chain: { programs: [] } };
  const environment = await createEnvironment(stack.foundation.mongo.db, staging, new Date());
  const { token } = await stack.api.apiKeys.create('other', ['read', 'write'], environment?._id);
  other = { authorization: `Bearer ${token}` };
});
afterAll(() => stack.stop());

const path = '/api/event-records';
const get = (url: string, headers?: Record<string, string>) =>
  stack.get(url, headers ?? { authorization: `Bearer ${stack.token}` });
const errorsOf = (body: Body) => Object.fromEntries(body.errors.map(({ field, message }) => [field, message]));
type Sent = { outcome: string; record: Record<string, unknown> & { id: string } };
const sentOf = (body: Body) => body as unknown as Sent;

it('takes an event in, once, and says what became of it (002-1, 002-2)', async () => {
  const event = { id: 'a-1', name: 'order.created', payload: { n: 1 }, accountId: 'user/7', deliverAfter: 3_600 };
  const created = await stack.post(path, event);
  expect(created.status).toBe(201);
  const { outcome, record } = sentOf(created.body);
  expect(outcome).toBe('created');
  expect(record).toMatchObject({
    ...{ eventId: 'a-1', source: 'trigger.dev', accountId: 'user/7', isTest: false, state: 'due', commitment: null },
  });
  const replaced = await stack.post(path, { ...event, payload: { n: 2 }, deliverAt: '2040-01-01T00:00:00Z' });
  expect([replaced.status, sentOf(replaced.body).outcome]).toEqual([200, 'replaced']);
  const shown = await get(`${path}/${record.id}`);
  expect(shown.body).toMatchObject({ id: record.id, payload: { n: 2 }, deliverAt: '2040-01-01T00:00:00.000Z' });
  const account = await get(`/api/external-accounts/${encodeURIComponent('user/7')}`);
  expect(account.body).toMatchObject({ identifier: 'user/7', metadata: {} });
});

it('keeps environments apart: what is of another one is not there (002-8)', async () => {
  const { record } = sentOf((await stack.post(path, { id: 'b-1', name: 'x', payload: {}, accountId: 'u' })).body);
  expect((await get(`${path}/${record.id}`, other)).status).toBe(404);
  expect((await stack.send('DELETE', `${path}/${record.id}`, undefined, other)).status).toBe(404);
  expect((await get('/api/external-accounts/u', other)).status).toBe(404);
  expect((await get(path, other)).body.items).toEqual([]);
  expect((await get('/api/external-accounts', other)).body.items).toEqual([]);
  const same = await stack.post(path, { id: 'b-1', name: 'x', payload: {} }, other);
  expect([same.status, sentOf(same.body).outcome]).toEqual([201, 'created']);
  expect((await get(path, other)).body.items).toHaveLength(1);
});

it('gives the key of another environment no say over chain, signers and what others asked for (002-8)', async () => {
  const refused = async (method: string, path: string, body?: unknown) => {
    const { status, body: problem } = await stack.send(method, path, body, other);
    expect(status, `${method} ${path}`).toBe(403);
    expect((problem as { detail: string }).detail).toContain('"other"');
  };
  await refused('POST', '/api/merchants', { name: 'theirs', category: 'x' });
  await refused('POST', '/API/Merchants/', { name: 'theirs', category: 'x' });
  await refused('GET', '/api/signers');
  await refused('GET', '/api/transactions');
  await refused('POST', '/api/signers/any/pause', { reason: 'mine' });
  await refused('POST', '/api/dead-letters/any/drop', { reason: 'mine' });
  expect((await get('/api/merchants', other)).status).toBe(200);
  for (const open of ['/api/signers', '/api/transactions']) expect((await stack.get(open)).status).toBe(401);
});

it('says what to do about an event that it does not take (002-1)', async () => {
  const wrong = await stack.post(path, {
    ...{ id: '5xK/log/0~0/confirmed', name: 'coupons.CouponSold', payload: [1], context: 'x', source: 'chain' },
    ...{ timestamp: 'yesterday', deliverAfter: -1, isTest: 'yes', more: 1 },
  });
  expect(wrong.status).toBe(400);
  expect(errorsOf(wrong.body)).toEqual({
    id: 'must not end as the ids of chain events do; add something to it',
    name: 'must not begin with "coupons.": so begin the events of the program coupons; name it otherwise',
    payload: 'must be a JSON object',
    context: 'must be a JSON object',
    source: 'must not be "chain", which only chain events are of; name your own',
    timestamp: 'must be a time such as 2026-01-31T12:00:00Z',
    deliverAfter: 'must not be negative: leave it out to deliver at once',
    isTest: 'must be true or false',
    more: 'is not a known field',
  });
  const deep = JSON.parse(`${'{"a":'.repeat(90)}1${'}'.repeat(90)}`) as unknown;
  expect(errorsOf((await stack.post(path, { id: 'd', name: 'd', payload: deep })).body)).toHaveProperty('payload');
  expect(errorsOf((await stack.post(path, { id: 'd', name: 'd', payload: { 'a\0b': 1 } })).body)).toHaveProperty(
    'payload',
  );
  const halves = {
    id: 'x\ud800',
    name: 'half',
    accountId: 'v\udfff',
    payload: { a: ['\ud801'] },
    context: { '\ud802': 1 },
  };
  for (const field of ['id', 'accountId', 'payload', 'context']) {
    expect(errorsOf((await stack.post(path, halves)).body)).toMatchObject({
      [field]: 'must have no halves of characters (lone surrogates)',
    });
  }
  // The driver would take it for a reference, and drop the rest of it.
  const reference = { schema: { $ref: 'defs.json', $id: 'x', owner: 'o' } };
  expect(errorsOf((await stack.post(path, { id: 'r', name: 'r', payload: reference })).body)).toHaveProperty('payload');
  expect((await stack.post(path, { id: 'r', name: 'r', payload: { schema: { $ref: 'defs.json' } } })).status).toBe(201);
  expect(errorsOf((await stack.post(path, {})).body)).toHaveProperty('id');
  expect((await stack.get(path)).status).toBe(401);
  expect((await stack.send('POST', path, {})).status).toBe(401);
});

it('takes a hundred at once and no more; a second time nothing changes (002-2)', async () => {
  const events = Array.from({ length: 100 }, (_, index) => ({ id: `bulk-${index}`, name: 'bulk', payload: { index } }));
  const first = await stack.post(path, { events });
  expect(first.status).toBe(201);
  expect(first.body.items.map(({ outcome }) => outcome)).toEqual(events.map(() => 'created'));
  const again = await stack.post(path, { events });
  expect(again.status).toBe(200);
  expect(again.body.items.map(({ outcome }) => outcome)).toEqual(events.map(() => 'unchanged'));
  expect((await stack.post(path, { events: [...events, events[0]] })).status).toBe(400);
  const bad = await stack.post(path, {
    events: [
      { ...events[0], id: 'bulk-new' },
      { ...events[1], name: '' },
    ],
  });
  expect(errorsOf(bad.body)).toEqual({ 'events.1.name': 'must not be empty' });
  expect(await eventRecords(stack.foundation.mongo.db).countDocuments({ eventId: 'bulk-new' })).toBe(0);
});

it('lists page by page what was asked for (002-7)', async () => {
  const pages: string[] = [];
  let cursor: string | null = null;
  do {
    const url: string = `${path}?name=bulk&limit=40${cursor === null ? '' : `&cursor=${cursor}`}`;
    const { body } = await get(url);
    pages.push(...body.items.map(({ id }) => id));
    cursor = body.nextCursor;
  } while (cursor !== null);
  expect(new Set(pages).size).toBe(100);
  const count = async (query: string) => (await get(`${path}?${query}`)).body.items.length;
  await stack.post(path, { id: 'l-1', name: 'listed', source: 'shop', payload: {}, isTest: true, accountId: 'only' });
  expect(await count('source=shop')).toBe(1);
  expect(await count('isTest=true')).toBe(1);
  expect(await count('accountId=only')).toBe(1);
  expect(await count('accountId=nobody')).toBe(0);
  expect(await count('eventId=l-1&state=due')).toBe(1);
  expect(await count('name=listed&state=delivered')).toBe(0);
  expect(await count('name=listed&since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z')).toBe(0);
  expect(errorsOf((await get(`${path}?state=new&since=x&what=1`)).body)).toMatchObject({
    state: 'must be one of due, delivered',
    what: expect.stringContaining('filters are name') as string,
  });
  expect((await get(`${path}?cursor=${pages[0]}`)).body.code).toBe('invalid-cursor');
});

it('cancels what nobody was told of yet', async () => {
  const { record } = sentOf((await stack.post(path, { id: 'c-1', name: 'x', payload: {}, deliverAfter: 60 })).body);
  const headers = { authorization: `Bearer ${stack.token}` };
  const cancelled = await stack.send('DELETE', `${path}/${record.id}`, undefined, headers);
  expect([cancelled.status, cancelled.body]).toEqual([200, { id: record.id, outcome: 'cancelled' }]);
  expect((await get(`${path}/${record.id}`)).status).toBe(404);
  const { record: told } = sentOf((await stack.post(path, { id: 'c-1', name: 'x', payload: {} })).body);
  await eventRecords(stack.foundation.mongo.db).updateOne({ _id: told.id }, { $set: { state: 'delivered' } });
  expect((await stack.send('DELETE', `${path}/${told.id}`, undefined, headers)).status).toBe(409);
});

it('keeps what an application knows of an account (002-6)', async () => {
  const headers = { authorization: `Bearer ${stack.token}` };
  const put = (body: unknown) => stack.send('PUT', '/api/external-accounts/acme', body, headers);
  expect((await put({ metadata: { plan: 'pro' } })).status).toBe(201);
  const again = await put({ metadata: { plan: 'free' } });
  expect([again.status, again.body['metadata']]).toEqual([200, { plan: 'free' }]);
  expect(errorsOf((await put({ metadata: 'x' })).body)).toEqual({ metadata: 'must be a JSON object' });
  const { body } = await get('/api/external-accounts?limit=1');
  expect(body.items).toMatchObject([{ identifier: 'acme', metadata: { plan: 'free' } }]);
  expect((await get(`/api/external-accounts?cursor=${body.nextCursor}`)).body.items[0]?.['identifier']).toBe('only');
});

it('is in the OpenAPI document, every route of it', async () => {
  const { body } = await stack.get('/openapi.json');
  const paths = body['paths'] as Record<string, object>;
  expect(Object.keys(paths[path]!)).toEqual(['post', 'get']);
  expect(Object.keys(paths[`${path}/{id}`]!)).toEqual(['get', 'delete']);
  expect(Object.keys(paths['/api/external-accounts/{identifier}']!)).toEqual(['get', 'put']);
  expect(Object.keys(paths['/api/external-accounts']!)).toEqual(['get']);
});
