import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { parkDeadLetters, type DeadLetter } from '../../../src/ledger/dead-letter.js';
import { runScript } from '../../e2e/run-script.js';
import { encodeEvent } from '../../support/coupon-history-render.js';
import { generateHistory, type CouponEvent } from '../../support/coupon-history.js';
import { startApiStack, type ApiStack } from './api-stack.js';

let stack: ApiStack;
beforeAll(async () => {
  stack = await startApiStack({ worker: false });
});
afterAll(() => stack.stop());

const [event] = generateHistory(11, 1).transactions.flatMap(({ events }) => [...events]) as [CouponEvent];
const letter = (ordinal: number, raw: Uint8Array): DeadLetter => ({
  ...{ _id: `sig/log/${ordinal}`, program: 'coupons', signature: 'sig', slot: 7 + ordinal },
  ...{ reason: 'unknown-discriminator', detail: 'as it was', raw, place: ordinal, refresh: [], seenAt: new Date() },
});
const readable = letter(0, encodeEvent(event));
const garbage = letter(1, Buffer.from('not an event of ours'));
const noise = letter(2, Buffer.from('noise of another kind'));
const encoded = (id: string) => `/api/dead-letters/${encodeURIComponent(id)}`;

beforeEach(async () => {
  const { db } = stack.foundation.mongo;
  await Promise.all(['dead_letters', 'ledger_events'].map((name) => db.collection(name).deleteMany({})));
  await parkDeadLetters(db, [readable, garbage, noise]);
});

it('lists, shows, retries and drops over HTTP, by ids with slashes (003-6)', async () => {
  const page = await stack.get('/api/dead-letters?limit=2&reason=unknown-discriminator');
  expect(page.body).toMatchObject({
    items: [{ id: noise._id }, { id: garbage._id }],
    counts: { letter: 3, record: 0 },
  });
  const rest = await stack.get(
    `/api/dead-letters?limit=2&reason=unknown-discriminator&cursor=${page.body.nextCursor ?? ''}`,
  );
  expect(rest.body).toMatchObject({ items: [{ id: readable._id }], nextCursor: null });

  for (const path of [encoded(garbage._id), `/api/dead-letters/${garbage._id}`]) {
    expect((await stack.get(path)).body).toMatchObject({
      ...{ id: garbage._id, kind: 'letter', attempts: 0, detail: 'as it was' },
      raw: Buffer.from('not an event of ours').toString('hex'),
      advice: expect.stringContaining('program.history') as string,
    });
  }
  expect((await stack.post(`${encoded(garbage._id)}/retry`)).body).toMatchObject({
    ...{ outcome: 'still-dead', attempts: 1, reason: 'unknown-discriminator' },
  });
  expect((await stack.post(`${encoded(readable._id)}/retry`)).body).toMatchObject({ outcome: 'recovered', events: 1 });
  expect((await stack.get(`/api/events/${readable._id}`)).body).toMatchObject({ state: 'received', name: event.name });
  expect((await stack.post(`${encoded(readable._id)}/retry`)).status).toBe(404);

  expect((await stack.post(`${encoded(garbage._id)}/drop`)).body).toMatchObject({
    ...{ outcome: 'dropped', dismissedBy: 'test' },
  });
  expect((await stack.post(`/api/dead-letters/${garbage._id}/drop`)).body).toMatchObject({ outcome: 'dropped-before' });
  expect((await stack.get('/api/dead-letters')).body.items.map(({ id }) => id)).toEqual([noise._id]);
  expect((await stack.get('/api/dead-letters?all=true')).body.items).toHaveLength(2);
});

it('asks for a key that may write, and names what is wrong', async () => {
  expect((await stack.send('POST', `${encoded(garbage._id)}/drop`)).status).toBe(401);
  const { token } = await stack.api.apiKeys.create('reader', ['read']);
  const asReader = { authorization: `Bearer ${token}` };
  expect((await stack.send('POST', `${encoded(garbage._id)}/retry`, undefined, asReader)).status).toBe(403);
  expect((await stack.get(encoded('sig/log/99'))).status).toBe(404);
  expect((await stack.post(`${encoded('sig/log/99')}/drop`)).status).toBe(404);
  const wrong = await stack.get('/api/dead-letters?reason=bad&colour=red&limit=0');
  expect(wrong.status).toBe(400);
  expect(wrong.body.errors.map(({ field }) => field).sort()).toEqual(['colour', 'limit', 'reason']);
  expect((await stack.get('/api/dead-letters?cursor=zzz')).body).toMatchObject({ code: 'invalid-cursor' });
});

it('is in the OpenAPI document, every route of it', async () => {
  const { paths } = (await stack.get('/openapi.json')).body as unknown as { paths: Record<string, unknown> };
  expect(paths).toHaveProperty(['/api/dead-letters', 'get']);
  expect(paths).toHaveProperty(['/api/dead-letters/{id}', 'get']);
  expect(paths).toHaveProperty(['/api/dead-letters/{id}/retry', 'post', 'security']);
  expect(paths).toHaveProperty(['/api/dead-letters/{id}/drop', 'post', 'security']);
});

it('npm run dead-letters does the same from a shell, and acts on many only when told to (003-6, 003-11)', async () => {
  const environment = {
    MONGODB_URI: stack.databaseUri,
    MONGODB_DATABASE: stack.foundation.config.mongodbDatabase,
    SOLANA_RPC_URL: stack.proxy.rpcUrl,
  };
  const run = async (...args: string[]) => {
    const end = await runScript('dead-letters', ['--json', ...args], environment);
    return { ...end, json: (end.lastLine.startsWith('{') ? JSON.parse(end.lastLine) : null) as unknown };
  };
  const listed = await run('list', '--program', 'coupons', '--limit', '1');
  expect(listed.json).toMatchObject({ counts: { letter: 3, record: 0 }, items: [{ id: noise._id }] });
  const next = await run('list', '--limit', '1', '--after', noise._id);
  expect(next.json).toMatchObject({ items: [{ id: garbage._id }] });
  const shown = await runScript('dead-letters', ['show', garbage._id], environment);
  expect(shown.stdout).toContain(Buffer.from('not an event of ours').toString('hex'));
  expect(await run('show', 'no/such')).toMatchObject({ code: 1 });

  expect(await run('drop', noise._id, '--by', 'alice')).toMatchObject({ code: 0, json: { dryRun: true } });
  expect(await run('drop', noise._id, '--by', 'alice', '--apply')).toMatchObject({ code: 0, json: { dropped: 1 } });
  expect(await run('retry', '--all')).toMatchObject({ code: 0, json: { dryRun: true, counts: { letter: 2 } } });
  const retried = await run('retry', '--all', '--apply');
  // One is garbage and stays; nobody is there to apply the other.
  expect(retried, retried.stderr).toMatchObject({ code: 1, json: { done: 1, of: 2, withoutWorker: ['coupons'] } });
  const left = await run('list', '--all');
  expect(left.json).toMatchObject({
    items: [
      { id: noise._id, dismissedBy: 'alice' },
      { id: garbage._id, attempts: 1 },
    ],
  });
  expect((await run('retry', garbage._id, '--all')).code).toBe(2);
  expect((await run('list', '--kind', 'none')).code).toBe(2);
  expect((await run('--help')).code).toBe(0);
}, 600_000);
