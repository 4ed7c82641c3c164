import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiStack, type ApiStack } from './api-stack.js';

let stack: ApiStack;

beforeAll(async () => {
  stack = await startApiStack({
    signers: 1,
    worker: false,
    env: { API_KEYS_FOR_READS: 'true', RATE_LIMIT_PER_MINUTE: '6' },
  });
});
afterAll(() => stack.stop());

describe('settings', () => {
  it('asks for a key on reads, is not ready without a worker, and limits requests but not health', async () => {
    expect((await stack.get('/api/coupons')).status).toBe(401);
    expect((await stack.get('/api/coupons', { 'x-api-key': stack.token })).status).toBe(200);
    const ready = await stack.get('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ healthy: false, database: true, lag: null });

    const statuses = await Promise.all(Array.from({ length: 8 }, () => stack.get('/openapi.json')));
    const limited = statuses.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(4);
    expect(limited[0]?.body).toMatchObject({ code: 'rate-limited' });
    expect(limited[0]?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await stack.get('/health/live')).status).toBe(200);
  });

  it('finishes a request under way before it stops', async () => {
    const { listen } = await import('../../../src/api/http-server.js');
    let finish = () => {};
    const working = new Promise<void>((resolve) => (finish = resolve));
    const server = await listen((_request, response) => void working.then(() => response.end('done')), {
      host: '127.0.0.1',
      port: 0,
    });
    const answer = fetch(server.url).then((response) => response.text());
    await new Promise<void>((resolve) => server.server.once('request', () => resolve()));
    const closed = server.close(5_000);
    finish();
    expect(await answer).toBe('done');
    await closed;
    await expect(fetch(server.url)).rejects.toThrow();
  });
});
