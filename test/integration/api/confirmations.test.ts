import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { startApiStack, type ApiStack } from './api-stack.js';

let stack: ApiStack;
beforeAll(async () => {
  // At 50 ms a slot that is 30 s: longer than an answer waits, for the chain and then for the document, on a busy machine too.
  stack = await startApiStack({ env: { COUPONS_CONFIRMATIONS: '600' } });
});
afterAll(() => stack.stop());

it('answers a write whose event has to wait for confirmations with 202, and its document can be read in the end (001-3)', async () => {
  const answer = await stack.post('/api/merchants', { name: 'Mira', category: 'coffee' });
  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({ state: 'confirmed' });
  expect((await stack.get(`/api/merchants/${answer.body.address}`)).status).toBe(404);
  await eventually(async () => (await stack.get(`/api/merchants/${answer.body.address}`)).status === 200, {
    timeoutMs: 90_000,
  });
  const status = await stack.get('/api/status');
  expect(status.body['programs']).toMatchObject([{ name: 'coupons', confirmations: 600, massSuspicion: null }]);
}, 600_000);
