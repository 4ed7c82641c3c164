import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReconcileWorker, type Reconciling } from '../../../src/app/reconcile-worker.js';
import { eventually } from '../../support/eventually.js';
import { startApiStack, type ApiStack } from './api-stack.js';

let stack: ApiStack;
let reconciling: Reconciling;
beforeAll(async () => {
  stack = await startApiStack({ worker: false });
});
afterAll(async () => {
  await reconciling.stop();
  await stack.stop();
});

it('asks for a run over HTTP, lists and shows it; nobody without a key may ask (003-8, 003-10)', async () => {
  expect(await stack.post('/api/reconcile-runs', {}, { authorization: '' })).toMatchObject({ status: 401 });
  expect(await stack.post('/api/reconcile-runs', { scope: 'some', program: 'others' })).toMatchObject({
    ...{ status: 400, body: { errors: [{ field: 'program' }, { field: 'scope' }] } },
  });
  const asked = await stack.post('/api/reconcile-runs', {});
  expect(asked).toMatchObject({
    status: 202,
    body: { program: 'coupons', scope: 'everything', trigger: 'api', state: 'requested' },
  });
  // Nobody reconciles yet: to ask twice is to ask once.
  const again = await stack.post('/api/reconcile-runs', { program: 'coupons' });
  expect(again.body.id).toBe(asked.body.id);
  // Nor do many at once make more than one, whoever of them comes first.
  const many = await Promise.all(
    Array.from({ length: 20 }, () => stack.post('/api/reconcile-runs', { scope: 'changes' })),
  );
  expect(new Set(many.map(({ status, body }) => `${status} ${String(body.id)}`)).size).toBe(1);

  reconciling = startReconcileWorker(stack.foundation);
  const path = `/api/reconcile-runs/${String(asked.body.id)}`;
  await eventually(async () => (await stack.get(path)).body['state'] === 'done', { timeoutMs: 60_000 });
  const { body } = await stack.get(path);
  expect(body).toMatchObject({ counts: { missing: 0, left: 0 }, differences: [], error: null });
  expect(body).not.toHaveProperty('suspects');
  expect(body).toMatchObject({ cost: { byMethod: { getProgramAccounts: 6 } } });
  const changes = `/api/reconcile-runs/${String(many[0]?.body.id)}`;
  await eventually(async () => (await stack.get(changes)).body['state'] === 'done', { timeoutMs: 60_000 });
  const first = await stack.get('/api/reconcile-runs?limit=1');
  expect(first.body).toMatchObject({ items: [{ id: many[0]?.body.id }] });
  const next = await stack.get(`/api/reconcile-runs?limit=1&cursor=${String(first.body['nextCursor'])}`);
  expect(next.body).toMatchObject({ items: [{ id: asked.body.id }], nextCursor: null });
  expect((await stack.get('/api/reconcile-runs?state=failed')).body).toMatchObject({ items: [] });
  expect(await stack.get('/api/reconcile-runs?state=odd')).toMatchObject({ status: 400 });
  expect(await stack.get('/api/reconcile-runs/none')).toMatchObject({ status: 404 });
  expect((await stack.get('/api/status')).body).toMatchObject({
    reconcile: [{ program: 'coupons', lastRun: { id: many[0]?.body.id, state: 'done' } }],
    alerts: [],
  });
});
