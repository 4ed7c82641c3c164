import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RpcEndpoint } from '../../../src/chain/rpc-endpoint.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { systemClock } from '../../../src/lib/clock.js';
import { recordingLog } from '../../unit/chain/recording-log.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { FaultyHttp, fail, type Question, status } from './faulty-http.js';

interface Call {
  readonly id: number;
  readonly params: [string];
}
/** What a node says of one signature. */
type Answer = (call: Call) => Record<string, unknown>;

const SIGNATURES = ['a', 'b', 'c', 'd', 'e'];
const found: Answer = ({ id, params: [signature] }) => ({ id, result: { slot: signature.charCodeAt(0), meta: null } });
const expected = SIGNATURES.map((signature) => ({ slot: signature.charCodeAt(0), meta: null }));
const isBatch = ({ body }: Question) => Array.isArray(body);

const server = new FaultyHttp();
let url: string;
let chain: TestChain;
let pool: RpcPool;

beforeAll(async () => {
  url = await server.start();
  chain = await createTestChain({ programs: [] });
});
afterAll(async () => {
  await server.stop();
  await chain.stop();
});
beforeEach(() => {
  pool = poolOver(url);
});
afterEach(() => pool.close());

function poolOver(rpcUrl: string): RpcPool {
  const endpoints = [new RpcEndpoint({ url: rpcUrl, clock: systemClock, timeoutMs: 5_000 })];
  return new RpcPool({ endpoints, clock: systemClock, random: () => 0.99, log: recordingLog() });
}

/** Answers single questions by `one`, and batches by `batch`. */
function behave(one: Answer, batch: (calls: readonly Call[]) => unknown): void {
  server.behave(({ body }, response) => {
    const answer = Array.isArray(body) ? batch(body as Call[]) : { jsonrpc: '2.0', ...one(body as Call) };
    response.end(JSON.stringify(answer));
  });
}

describe('transactions asked for in batches', () => {
  it('takes answers in any order', async () => {
    behave(found, (calls) => calls.map(found).reverse());
    expect(await pool.chain.transactions(SIGNATURES, 'confirmed')).toEqual(expected);
    expect(server.questions).toHaveLength(1);
  });

  it('a failing, a missing and an unreadable element take none of their neighbours with them', async () => {
    const broken: Answer = (call) => {
      const [signature] = call.params;
      if (signature === 'b') return { id: call.id, error: { code: -32_602, message: 'Invalid param' } };
      if (signature === 'c') return { id: 99_999, result: null };
      return signature === 'd' ? { id: call.id, result: 'nonsense' } : found(call);
    };
    behave(found, (calls) => calls.map(broken));
    const answers = await pool.chain.transactions(SIGNATURES, 'confirmed');
    expect(answers[1]).toBeInstanceOf(RpcError);
    expect(answers[1]).toMatchObject({ reason: 'bad-request' });
    // The others were asked again by themselves.
    expect(answers.filter((_, index) => index !== 1)).toEqual(expected.filter((_, index) => index !== 1));
    expect(server.questions).toHaveLength(3);
  });

  it.each([
    ['an error object', () => ({ jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'no batches' } })],
    ['too few answers', (calls: readonly Call[]) => calls.slice(1).map(found)],
    ['something else', () => 'hello'],
  ])('an endpoint that answers with %s gets single requests from then on', async (_name, batch) => {
    behave(found, batch);
    for (let round = 0; round < 2; round++) {
      expect(await pool.chain.transactions(SIGNATURES, 'confirmed')).toEqual(expected);
    }
    expect(server.questions.filter(isBatch)).toHaveLength(1);
    expect(pool.status()[0]).toMatchObject({ state: 'well', takesBatches: false });
  });

  it.each([400, 403, 405, 413, 500])('also one that answers with HTTP %i', async (code) => {
    server.behave(
      status(code),
      ({ body }, response) => void response.end(JSON.stringify({ jsonrpc: '2.0', ...found(body as Call) })),
    );
    expect(await pool.chain.transactions(SIGNATURES, 'confirmed')).toEqual(expected);
    expect(pool.status()[0]?.takesBatches).toBe(false);
  });

  it.each([
    ['429', status(429, { 'retry-after': '0' })],
    ['503', status(503)],
    ['a rate limit in a JSON-RPC error', fail(-32_429, 'too many requests')],
  ])('a batch answered with %s says nothing about batches', async (_name, behaviour) => {
    server.behave(
      behaviour,
      ({ body }, response) => void response.end(JSON.stringify({ jsonrpc: '2.0', ...found(body as Call) })),
    );
    expect(await pool.chain.transactions(SIGNATURES, 'confirmed')).toEqual(expected);
    expect(pool.status()[0]?.takesBatches).toBe(true);
  });

  it('works against a real chain, whether it takes batches or not (TRAPS 29)', async () => {
    const real = poolOver(chain.rpcUrl);
    const unknown = Array.from({ length: 3 }, () => '1'.repeat(64));
    expect(await real.chain.transactions(unknown, 'confirmed')).toEqual([null, null, null]);
    await real.close();
  });
});
