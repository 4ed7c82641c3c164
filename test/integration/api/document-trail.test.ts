import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendReceived } from '../../../src/ledger/append-records.js';
import { beginFrontier } from '../../../src/ledger/frontier.js';
import { ledgerEvents } from '../../../src/ledger/ledger-collections.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { startApiStack, type ApiStack } from './api-stack.js';

const { transactions } = generateHistory(11, 60);
const records = transactions.flatMap((transaction) => [...recordsOf(transaction)]);
const sold = records.find(({ name }) => name === 'CouponSold');
const coupon = sold?.touches.find((touch) => touch.startsWith('coupons:'))?.slice('coupons:'.length) ?? '';

let stack: ApiStack;
beforeAll(async () => {
  stack = await startApiStack({ worker: false });
  const { db } = stack.foundation.mongo;
  await appendReceived(db, records);
  await ledgerEvents(db).updateMany({}, { $set: { state: 'applied' } });
  await beginFrontier(db, 'coupons', 7, new Date());
});
afterAll(() => stack.stop());

it('GET /api/documents/… tells a document as of any slot, and why (003-14)', async () => {
  const now = await stack.get(`/api/documents/coupons/${coupon}`);
  expect(now.status, now.text).toBe(200);
  expect(now.body).toMatchObject({
    ...{ collection: 'coupons', address: coupon, atSlot: null, exists: true, complete: { from: 7, to: 7 } },
    ...{ orphaned: [], waiting: [], stored: false },
  });
  type Event = { name: string; effect: string; data: Record<string, unknown>; changes: Record<string, object> };
  const events = now.body['events'] as Event[];
  expect(events[0]).toMatchObject({ name: 'CouponMinted', effect: 'opened', data: { revision: '1' } });
  const sale = events.find(({ name }) => name === 'CouponSold');
  expect(sale?.changes).toMatchObject({ owner: { before: sale?.data['seller'], after: sale?.data['buyer'] } });
  expect(sale?.changes['revision']).toMatchObject({ after: sale?.data['revision'] });

  const page = await stack.get(`/api/documents/coupons/${coupon}?limit=1`);
  expect(page.body['events']).toEqual(events.slice(0, 1));
  const next = await stack.get(`/api/documents/coupons/${coupon}?limit=1&cursor=${page.body.nextCursor ?? ''}`);
  expect(next.body['events']).toEqual(events.slice(1, 2));
  expect((await stack.get(`/api/documents/coupons/${coupon}?atSlot=1`)).body).toMatchObject({
    ...{ exists: false, document: null, events: [], nextCursor: null, atSlot: 1 },
  });
  for (const id of [sold?._id ?? '', encodeURIComponent(sold?._id ?? '')]) {
    expect((await stack.get(`/api/documents/sales/${id}`)).body).toMatchObject({
      ...{ id: sold?._id, exists: true, document: { slot: sold?.slot }, total: 1 },
    });
  }
});

it('answers 404 for what nobody heard of, 400 for what it does not understand, and is in the OpenAPI document', async () => {
  expect((await stack.get('/api/documents/coupons/nobody')).status).toBe(404);
  for (const path of [
    `/api/documents/nothing/${coupon}`,
    `/api/documents/coupons/${coupon}?atSlot=-1`,
    `/api/documents/coupons/${coupon}?atSlot=1.5`,
    `/api/documents/coupons/${coupon}?slot=1`,
    `/api/documents/coupons/${coupon}?limit=0`,
    `/api/documents/coupons/${coupon}?cursor=zzz`,
  ]) {
    expect((await stack.get(path)).status, path).toBe(400);
  }
  const { paths } = (await stack.get('/openapi.json')).body as unknown as { paths: Record<string, unknown> };
  expect(paths).toHaveProperty(['/api/documents/{collection}/{id}', 'get', 'responses', '404']);
});
