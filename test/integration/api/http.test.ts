import { randomUUID } from 'node:crypto';
import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { promotionTerms, startApiStack, type Answer, type ApiStack } from './api-stack.js';

let stack: ApiStack;
let merchant: string;
let promotions: string[];

beforeAll(async () => {
  stack = await startApiStack();
  await stack.post('/api/merchants', { name: 'Mira', category: 'coffee' });
  const answers = [];
  for (let id = 0; id < 5; id++) {
    answers.push(
      await stack.post('/api/promotions', promotionTerms({ promotionId: String(id), title: `Offer ${id}` })),
    );
  }
  promotions = answers.map((answer) => answer.body.address);
  merchant = String(answers[0]?.body.addresses.merchant);
});
afterAll(() => stack.stop());

describe('who may do what', () => {
  it.each([
    ['no key', {}],
    ['a key that is none', { authorization: 'Bearer mk_nothing' }],
    ['a wrong secret', { 'x-api-key': `mk_000000000000_${'a'.repeat(43)}` }],
  ])('answers 401 to a write with %s', async (_, headers) => {
    const answer = await stack.send('POST', '/api/merchants', { name: 1 }, headers);
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ type: '/problems/unauthenticated', code: 'unauthenticated', status: 401 });
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  });

  it('answers 401 to a revoked key and 403 to one without the scope', async () => {
    const { apiKeys } = stack.api;
    const reader = await apiKeys.create('reader', ['read']);
    const headers = { authorization: `Bearer ${reader.token}` };
    expect((await stack.send('POST', '/api/merchants', {}, headers)).status).toBe(403);
    expect(await apiKeys.revoke(reader.key.id)).toBe('revoked');
    expect((await stack.send('POST', '/api/merchants', {}, headers)).status).toBe(401);
    expect(await apiKeys.revoke(reader.key.id)).toBe('already-revoked');
    expect(await apiKeys.revoke('nobody')).toBe('unknown');
  });

  it('keeps no secret', async () => {
    const stored = await stack.foundation.mongo.db.collection('api_keys').find().toArray();
    expect(JSON.stringify(stored)).not.toContain(stack.token.split('_')[2]);
  });

  it('shows a request to its own key only', async () => {
    const other = await stack.api.apiKeys.create('other', ['write']);
    const { body } = await stack.post('/api/ratings', { promotion: promotions[0], stars: 4 });
    const path = `/api/transactions/${encodeURIComponent(body.id)}`;
    expect((await stack.get(path)).status).toBe(401);
    expect((await stack.get(path, { 'x-api-key': other.token })).status).toBe(404);
    const own = await stack.get(path, { 'x-api-key': stack.token });
    expect(own.body).toMatchObject({ readable: true, command: 'RatingController.rate' });
    expect(['confirmed', 'finalized']).toContain(own.body['state']);
    expect(own.body.documents[0]).toMatchObject({ stars: 4 });
  });
});

describe('bad input is a 400 that names the field', () => {
  it.each([
    ['POST', '/api/merchants', { name: '', category: 'x' }, ['name']],
    ['POST', '/api/merchants', { name: 'é'.repeat(26), category: 'x', extra: 1 }, ['name', 'extra']],
    ['POST', '/api/merchants', {}, ['name', 'category']],
    ['POST', '/api/merchants', [1], ['']],
    [
      'POST',
      '/api/promotions',
      { ...promotionTerms(), discountBps: 10_001, expiresAt: 'soon' },
      ['discountBps', 'expiresAt'],
    ],
    ['POST', '/api/listings', { coupon: 'nope', price: 5 }, ['coupon', 'price']],
    ['POST', '/api/listings', { coupon: '11111111111111111111111111111111', price: '18446744073709551616' }, ['price']],
    ['POST', '/api/coupons/batch', { promotion: 'x', recipients: [] }, ['promotion', 'recipients']],
    ['POST', '/api/coupons/not-an-address/transfer', { recipient: '11111111111111111111111111111111' }, ['coupon']],
    ['PATCH', '/api/promotions/11111111111111111111111111111111', {}, ['']],
    ['POST', '/api/ratings', { promotion: '11111111111111111111111111111111', stars: 6 }, ['stars']],
  ])('%s %s %o', async (method, path, body, fields) => {
    const answer = await stack.send(method, path, body, { 'x-api-key': stack.token });
    expect(answer.status, answer.text).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.errors.map(({ field }) => field).sort()).toEqual([...fields].sort());
    for (const { message } of answer.body.errors) expect(message).not.toBe('');
  });

  it.each([
    ['/api/coupons?colour=red', 'colour'],
    ['/api/coupons?serial=1', 'serial'],
    ['/api/coupons?owner=nope', 'owner'],
    ['/api/coupons?owner=1&owner=2', 'owner'],
    ['/api/promotions?limit=0', 'limit'],
    ['/api/promotions?limit=201', 'limit'],
    ['/api/events?state=lost', 'state'],
    ['/api/events?slot=1', 'slot'],
  ])('GET %s', async (path, field) => {
    const answer = await stack.get(path);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0]?.field).toBe(field);
  });

  it.each([
    ['{', { 'content-type': 'application/json' }, 400, 'invalid-json'],
    ['name=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported-media-type'],
    [JSON.stringify({ name: 'x'.repeat(70_000) }), { 'content-type': 'application/json' }, 413, 'body-too-large'],
    ['{}', { 'content-type': 'application/json', 'idempotency-key': 'with space' }, 400, 'invalid-request'],
  ])('body %#', async (body, headers, status, code) => {
    const answer = await stack.post('/api/merchants', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code });
  });

  it('refuses an Idempotency-Key that is none', async () => {
    const answer = await stack.post(
      '/api/merchants',
      { name: 'x', category: 'y' },
      { 'idempotency-key': 'with space' },
    );
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-idempotency-key' });
  });
});

describe('Idempotency-Key', () => {
  it('I9: the same request twice is one transaction; another one with its key is refused', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { promotion: promotions[1], recipient: Keypair.generate().publicKey.toBase58() };
    const [first, second] = await Promise.all([
      stack.post('/api/coupons', body, headers),
      stack.post('/api/coupons', body, headers),
    ]);
    const third = await stack.post('/api/coupons', body, headers);
    expect(first.status, first.text).toBe(201);
    expect(new Set([first, second, third].map((answer) => answer.body.signature)).size).toBe(1);
    expect(third.body.document).toMatchObject({ serial: 0 });
    expect(third.headers.get('idempotency-replayed')).toBe('true');
    expect((await stack.get(`/api/promotions/${promotions[1]}`)).body).toMatchObject({ minted: 1 });
    const other = await stack.post('/api/coupons', { ...body, promotion: promotions[2] }, headers);
    expect(other.status).toBe(422);
    expect(other.body).toMatchObject({ code: 'idempotency-key-reused' });
  });
});

describe('lists', () => {
  it('page without showing anything twice, also while documents appear', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      const answer = await stack.get(`/api/promotions?merchant=${merchant}&limit=2${cursor && `&cursor=${cursor}`}`);
      expect(answer.status, answer.text).toBe(200);
      seen.push(...answer.body.items.map(({ address }) => address));
      cursor = answer.body.nextCursor;
      if (page === 0) await stack.post('/api/promotions', promotionTerms({ promotionId: '9' }));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(promotions));
  });

  it('refuse a cursor of another list', async () => {
    const { nextCursor } = (await stack.get('/api/promotions?limit=1')).body;
    for (const path of [
      `/api/promotions?merchant=${merchant}&cursor=${nextCursor}`,
      `/api/events?cursor=${nextCursor}`,
      '/api/coupons?cursor=zzz',
    ]) {
      expect((await stack.get(path)).body, path).toMatchObject({ code: 'invalid-cursor', status: 400 });
    }
  });

  it('show the ledger by signature, name, address and state, newest first', async () => {
    const { body } = await stack.get(`/api/events?program=coupons&name=PromotionCreated&limit=3`);
    expect(body.items).toHaveLength(3);
    const slots = body.items.map((item) => Number(item.slot));
    expect(slots).toEqual([...slots].sort((a, b) => b - a));
    const event = body.items[0] as unknown as {
      id: string;
      signature: string;
      data: { promotion: string; promotionId: string };
    };
    expect(event.data.promotionId).toMatch(/^\d+$/);
    expect((await stack.get(`/api/events?signature=${event.signature}`)).body.items[0]?.id).toBe(event.id);
    const touching = await stack.get(`/api/events?address=${event.data.promotion}&state=applied`);
    expect(touching.body.items.map(({ id }) => id)).toContain(event.id);
    const next = await stack.get(`/api/events?program=coupons&name=PromotionCreated&limit=3&cursor=${body.nextCursor}`);
    expect(next.body.items.map(({ id }) => id)).not.toContain(event.id);
  });
});

describe('operations', () => {
  it('lives, and is ready once everything is followed', async () => {
    expect((await stack.get('/health/live')).body).toEqual({ alive: true });
    const ready = await eventually(async () => {
      const answer = await stack.get('/health/ready');
      return answer.status === 200 && answer;
    });
    expect(ready.body).toMatchObject({ healthy: true, reasons: [], database: true });
    expect(ready.body.lag).toBeLessThanOrEqual(100);
    expect(ready.body.lastSlot).toBeGreaterThan(0);
  });

  it('has metrics, a status, an OpenAPI document, docs and explained problems', async () => {
    const metrics = await stack.get('/metrics');
    expect(metrics.text).toContain('mooring_events_total{program="coupons",event="PromotionCreated"');
    expect(metrics.text).toMatch(/mooring_http_request_seconds_bucket\{.*route="\/api\/merchants"/);
    expect(metrics.text).not.toContain(`route="/api/promotions/${promotions[0]}"`);
    const status = await stack.get('/api/status');
    expect(status.body).toMatchObject({ programs: [{ name: 'coupons' }], signers: stack.addresses });
    const openapi = await stack.get('/openapi.json');
    const paths = (openapi.body as unknown as { paths: Record<string, unknown> }).paths;
    for (const name of ['merchants', 'promotions', 'coupons', 'listings', 'sales', 'ratings', 'comments', 'events']) {
      expect(paths).toHaveProperty([`/api/${name}`, 'get']);
    }
    expect(paths).toHaveProperty(['/api/coupons/{coupon}/redeem', 'post']);
    const docs = await stack.get('/docs');
    expect(docs.text).not.toMatch(/Controller|`/);
    expect((await stack.get('/')).body).toMatchObject({ docs: '/docs' });
    expect(docs.text).not.toMatch(/<script|https?:\/\//);
    expect((await stack.get('/docs/style.css')).status).toBe(200);
    expect((await stack.get('/problems/raced')).body).toMatchObject({ code: 'raced', status: 409 });
  });

  it('answers 404 with a problem where nothing is', async () => {
    for (const path of [
      '/nowhere',
      '/api/nowhere',
      '/api/coupons/nobody',
      '/api/events/no/such/event',
      '/problems/none',
      '/api/coupons/%E0%A4%A',
    ]) {
      const answer = await stack.get(path);
      expect(answer.status, path).toBe(404);
      expect(answer.body).toMatchObject({ code: 'not-found' });
      expect(answer.text).not.toContain('node_modules');
    }
  });
});

describe('chain trouble', () => {
  it('answers 503 when the chain cannot be reached before anything is sent, and leaves nothing behind', async () => {
    const ofPromotion = { 'data.promotion': promotions[2] };
    const ledger = stack.foundation.mongo.db.collection('ledger_events');
    const before = await ledger.countDocuments(ofPromotion);
    expect(before).toBeGreaterThan(0);
    stack.proxy.onRpc('getMultipleAccounts', () => ({ status: 503 }));
    const answer = await stack.post('/api/coupons', { promotion: promotions[2], recipient: stack.addresses[1] });
    stack.proxy.heal();
    expect(answer.status, answer.text).toBe(503);
    expect(answer.body).toMatchObject({ code: 'chain-unreachable' });
    expect(await ledger.countDocuments(ofPromotion)).toBe(before);
  });

  it('004: answers 202 at once where the client prefers it, and the status URL has the rest', async () => {
    const began = performance.now();
    const body = { promotion: promotions[2], text: 'no hurry' };
    const answer = await stack.post('/api/comments', body, { prefer: 'respond-async' });
    expect(answer.status, answer.text).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('respond-async');
    expect(performance.now() - began).toBeLessThan(5_000);
    const found = await eventually(async () => {
      const status = await stack.get(answer.body.statusUrl, { 'x-api-key': stack.token });
      return status.body['readable'] === true && status;
    });
    expect(found.body.documents[0]).toMatchObject({ text: 'no hurry' });
    const waited = await stack.post('/api/comments', { ...body, text: 'soon' }, { prefer: 'respond-async, wait=20' });
    expect(waited.status, waited.text).toBe(201);
    expect(waited.headers.get('preference-applied')).toBe('wait=20');
  });

  it('answers 202 while nobody knows what became of it, and the status URL finds it later', async () => {
    stack.proxy.onRpc('getSignatureStatuses', () => ({ status: 503 }));
    const answer = await stack.post('/api/comments', { promotion: promotions[2], text: 'later' });
    expect(answer.status, answer.text).toBe(202);
    expect(answer.body).toMatchObject({ state: 'sent' });
    expect(answer.headers.get('location')).toBe(answer.body.statusUrl);
    stack.proxy.heal();
    const found = await eventually(async () => {
      const status = await stack.get(answer.body.statusUrl, { 'x-api-key': stack.token });
      return status.body.readable === true && status;
    });
    expect(found.body).toMatchObject({ signature: answer.body.signature });
    expect(['confirmed', 'finalized']).toContain(found.body['state']);
    expect(found.body.documents[0]).toMatchObject({ text: 'later' });
  });
});

describe('I9: requests at once that leave the number to the server get one each', () => {
  const atOnce = (send: () => Promise<Answer>) => Promise.all(Array.from({ length: 5 }, send));
  /** On a busy machine some take longer than a client waits: those are followed. */
  const done = async ({ status, body, text }: Answer): Promise<void> => {
    expect([201, 202], text).toContain(status);
    if (status === 201) return;
    await eventually(async () => {
      const { body: found } = await stack.get(body.statusUrl, { 'x-api-key': stack.token });
      return found['readable'] === true;
    });
  };
  const expectAllDone = async (answers: readonly Answer[]) => {
    await Promise.all(answers.map(done));
    expect(new Set(answers.map(({ body }) => body.address)).size).toBe(answers.length);
  };

  it('mints', async () => {
    const body = { promotion: promotions[3], recipient: stack.addresses[1] };
    const answers = await atOnce(() => stack.post('/api/coupons', body));
    await expectAllDone(answers);
    await eventually(async () => {
      const { items } = (await stack.get(`/api/coupons?promotion=${promotions[3]}`)).body;
      expect(items.map(({ serial }) => serial).sort()).toEqual([0, 1, 2, 3, 4]);
      return true;
    });
    expect((await stack.get(`/api/promotions/${promotions[3]}`)).body).toMatchObject({ minted: 5 });
  });

  it('comments', async () => {
    await expectAllDone(await atOnce(() => stack.post('/api/comments', { promotion: promotions[4], text: 'me too' })));
  });

  it('promotions', async () => {
    await expectAllDone(await atOnce(() => stack.post('/api/promotions', promotionTerms())));
  });
});
