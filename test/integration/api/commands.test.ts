import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promotionTerms, startApiStack, type Answer, type ApiStack } from './api-stack.js';

let stack: ApiStack;
let merchant: string;
let shop: string;
let holder: string;
let buyer: string;
let promotion: string;

beforeAll(async () => {
  stack = await startApiStack();
  [merchant = '', holder = '', buyer = ''] = stack.addresses;
});
afterAll(() => stack.stop());

/** Every write: it landed, it is confirmed, and its document can be read at once. */
function expectDone(answer: Answer, status: 200 | 201): void {
  expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ state: 'confirmed' });
  expect(answer.status).toBe(status);
  expect(answer.body.signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{64,90}$/);
  expect(answer.body.slot).toBeGreaterThan(0);
  expect(['confirmed', 'finalized']).toContain(answer.body.commitment);
}

describe('every command of the coupons program lands and its document is readable', () => {
  it('registers a merchant', async () => {
    const answer = await stack.post('/api/merchants', { name: 'Mira', category: 'coffee' });
    expectDone(answer, 201);
    shop = answer.body.address;
    expect(answer.headers.get('location')).toBe(`/api/merchants/${shop}`);
    const read = await stack.get(`/api/merchants/${answer.body.address}`);
    expect(read.status).toBe(200);
    expect(read.body).toEqual(answer.body.document);
    expect(read.body).toMatchObject({ authority: merchant, name: 'Mira', promotionCount: '0', revision: '1' });
  });

  it('creates a promotion under the next free id', async () => {
    const answer = await stack.post('/api/promotions', promotionTerms());
    expectDone(answer, 201);
    promotion = answer.body.address;
    expect(answer.body.document).toMatchObject({ title: '$5 off', promotionId: '0', minted: 0, status: 'active' });
    // The merchant's sum changed with the same transaction.
    expect(answer.body.documents[1]).toMatchObject({ promotionCount: '1', activePromotions: '1' });
  });

  it('updates a promotion', async () => {
    const answer = await stack.send(
      'PATCH',
      `/api/promotions/${promotion}`,
      { title: '$7 off' },
      { 'x-api-key': stack.token },
    );
    expectDone(answer, 200);
    expect(answer.body.document).toMatchObject({ title: '$7 off', discountBps: 500 });
  });

  it('mints, transfers, lists, cancels, sells, redeems and closes', async () => {
    const minted = await stack.post('/api/coupons', { promotion, recipient: merchant });
    expectDone(minted, 201);
    const coupon: string = minted.body.address;
    expect(minted.body.document).toMatchObject({ owner: merchant, serial: 0, status: 'active' });
    expect(minted.body.documents[1]).toMatchObject({ minted: 1 });

    const transferred = await stack.post(`/api/coupons/${coupon}/transfer`, { recipient: holder });
    expectDone(transferred, 200);
    expect(transferred.body.document).toMatchObject({ owner: holder, transfers: 1 });

    const listed = await stack.post('/api/listings', { owner: holder, coupon, price: '5000000' });
    expectDone(listed, 201);
    expect(listed.body.document).toMatchObject({ coupon, seller: holder, price: '5000000' });
    const listing: string = listed.body.address;

    const cancelled = await stack.post(`/api/listings/${listing}/cancel`, { seller: holder });
    expectDone(cancelled, 200);
    expect(cancelled.body.document).toMatchObject({ status: 'active' });
    expect((await stack.get(`/api/listings/${listing}`)).status).toBe(404);

    expectDone(await stack.post('/api/listings', { owner: holder, coupon, price: '6000000' }), 201);
    const sold = await stack.post(`/api/listings/${listing}/buy`, { buyer, maxPrice: '6000000' });
    expectDone(sold, 200);
    expect(sold.body.document).toMatchObject({ owner: buyer, status: 'active', transfers: 2 });
    expect((await stack.get(`/api/listings/${listing}`)).status).toBe(404);
    const sales = await stack.get(`/api/sales?coupon=${coupon}`);
    expect(sales.body.items).toHaveLength(1);
    expect(sales.body.items[0]).toMatchObject({ seller: holder, buyer, price: '6000000', fee: '150000' });
    // A sale's id is an event id: it has slashes, and reads with them encoded or not.
    const id = sales.body.items[0]?.id ?? '';
    for (const path of [id, encodeURIComponent(id)]) {
      expect((await stack.get(`/api/sales/${path}`)).body).toEqual(sales.body.items[0]);
      expect((await stack.get(`/api/events/${path}`)).body).toMatchObject({ id, name: 'CouponSold', state: 'applied' });
    }

    const redeemed = await stack.post(`/api/coupons/${coupon}/redeem`, { owner: buyer });
    expectDone(redeemed, 200);
    expect(redeemed.body.document).toMatchObject({ status: 'redeemed' });
    const closed = await stack.post(`/api/coupons/${coupon}/close`, { owner: buyer });
    expectDone(closed, 200);
    expect(closed.body.document).toBeNull();
    expect((await stack.get(`/api/coupons/${coupon}`)).status).toBe(404);
    const list = await stack.get('/api/coupons');
    expect(list.body.items.map((item) => item.address)).not.toContain(coupon);
  });

  it('mints a batch', async () => {
    const recipients = Array.from({ length: 8 }, () => holder);
    const answer = await stack.post('/api/coupons/batch', { promotion, recipients });
    expectDone(answer, 201);
    expect(answer.body.addresses.coupons).toHaveLength(8);
    expect(answer.body.documents).toHaveLength(9);
    expect(answer.body.documents[7]).toMatchObject({ owner: holder, serial: 8 });
  });

  it('rates, rates again and comments', async () => {
    expectDone(await stack.post('/api/ratings', { rater: holder, promotion, stars: 2 }), 201);
    const again = await stack.post('/api/ratings', { rater: holder, promotion, stars: 5 });
    expectDone(again, 201);
    expect(again.body.documents[1]).toMatchObject({ ratingCount: 1, ratingSum: '5', averageRating: 5 });
    const comment = await stack.post('/api/comments', { author: buyer, promotion, text: '"$$ROOT" and ünïcödé' });
    expectDone(comment, 201);
    expect(comment.body.document).toMatchObject({ text: '"$$ROOT" and ünïcödé', index: 0 });
  });

  it('closes a promotion', async () => {
    const answer = await stack.post(`/api/promotions/${promotion}/close`);
    expectDone(answer, 200);
    expect(answer.body.document).toMatchObject({ status: 'closed' });
  });
});

describe('what the chain refuses', () => {
  /** Of what is ours: a validator is shared with other files. */
  async function counts(): Promise<Record<string, number>> {
    const { db } = stack.foundation.mongo;
    const names = ['ledger_events', 'merchants', 'promotions', 'coupons', 'listings', 'sales', 'ratings', 'comments'];
    const ours = { authority: merchant, merchant: shop, promotion };
    const $or = Object.entries(ours).flatMap(([field, address]) => [
      { [field]: address },
      { [`data.${field}`]: address },
    ]);
    const sizes = await Promise.all(names.map((name) => db.collection(name).countDocuments({ $or })));
    return Object.fromEntries(names.map((name, index) => [name, sizes[index] ?? -1]));
  }

  it.each([
    ['a second merchant', '/api/merchants', () => ({ name: 'Again', category: 'x' }), 422, 'MerchantAlreadyRegistered'],
    [
      'a mint of a closed promotion',
      '/api/coupons',
      () => ({ promotion, recipient: holder }),
      422,
      'PromotionNotActive',
    ],
    [
      "somebody else's promotion",
      '/api/coupons/batch',
      () => ({ authority: holder, promotion, recipients: [holder] }),
      422,
      'AccountNotInitialized',
    ],
    [
      'a taken promotion id',
      '/api/promotions',
      () => ({ ...promotionTerms(), promotionId: '0' }),
      422,
      'PromotionAlreadyExists',
    ],
    [
      'an expiry in the past',
      '/api/promotions',
      () => promotionTerms({ expiresAt: '2020-01-01T00:00:00Z' }),
      422,
      'ExpiryNotInFuture',
    ],
  ])(
    "I10: %s is a problem with the program's error, and no document or event of it",
    async (_, path, body, status, name) => {
      const before = await counts();
      expect(before).toMatchObject({ merchants: 1, promotions: 1 });
      const answer = await stack.post(path, body());
      expect(answer.body.programError?.name, JSON.stringify(answer.body)).toBe(name);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ type: '/problems/program-refused', code: 'program-refused', status });
      expect(answer.body.programError.message).not.toBe('');
      expect(await counts()).toEqual(before);
      // The request's own record is all there is.
      const record = await stack.get(`/api/transactions/${encodeURIComponent(answer.body.transaction)}`, {
        'x-api-key': stack.token,
      });
      expect(record.body).toMatchObject({ state: 'failed', attempts: [], documents: [] });
    },
  );

  it('names the field when an account does not exist on chain', async () => {
    const nobody = Keypair.generate().publicKey.toBase58();
    const answer = await stack.post('/api/coupons', { promotion: nobody, recipient: holder });
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'account-not-found', errors: [{ field: 'promotion' }] });
  });

  it('names what is held when a signer is not', async () => {
    const nobody = Keypair.generate().publicKey.toBase58();
    const answer = await stack.post('/api/merchants', { authority: nobody, name: 'x', category: 'y' });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'signer-not-held', errors: [{ field: 'authority' }] });
    expect(answer.body.detail).toContain(holder);
  });
});
