import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { JsonRpcChain } from '../../../src/chain/json-rpc-chain.js';
import { type RpcCall, RpcEndpoint } from '../../../src/chain/rpc-endpoint.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { systemClock } from '../../../src/lib/clock.js';
import { recordingLog } from '../../unit/chain/recording-log.js';
import { answer, fail, FaultyHttp, reset, silence, status, truncated } from './faulty-http.js';

const SECRET = 'very-secret-key';
const CLOSED_PORT_URL = `http://127.0.0.1:1/${SECRET}`;

const server = new FaultyHttp();
let base: string;
let endpoint: RpcEndpoint;
let calls: RpcCall[];

beforeAll(async () => {
  base = await server.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  calls = [];
  const url = `${base}/${SECRET}?api-key=${SECRET}`;
  endpoint = new RpcEndpoint({ url, clock: systemClock, timeoutMs: 300, onCall: (call) => calls.push(call) });
});
afterEach(() => endpoint.close());

const slot = (of: RpcEndpoint = endpoint) => new JsonRpcChain(of).slot('confirmed');

async function failure(asking: Promise<unknown>): Promise<RpcError> {
  const error: unknown = await asking.catch((thrown: unknown) => thrown);
  if (!(error instanceof RpcError)) throw new Error(`expected an RpcError, got ${JSON.stringify(error)}`);
  return error;
}

describe('RpcEndpoint against a misbehaving server', () => {
  it.each([
    ['silence', silence, 'timeout'],
    ['a reset', reset, 'unreachable'],
    ['half an answer', truncated, 'unreachable'],
    ['garbage', status(200, {}, '<html>hello</html>'), 'malformed-answer'],
    ['an empty body', status(200), 'malformed-answer'],
    ['another type', answer('not a slot'), 'malformed-answer'],
    ['neither result nor error', status(200, {}, '{"jsonrpc":"2.0","id":1}'), 'malformed-answer'],
    ['an answer to another question', status(200, {}, '{"jsonrpc":"2.0","id":999,"result":5}'), 'malformed-answer'],
    ['a batch', status(200, {}, '[{"jsonrpc":"2.0","id":1,"result":5}]'), 'malformed-answer'],
    ['an error that is a string', status(200, {}, '{"jsonrpc":"2.0","id":1,"error":"no"}'), 'malformed-answer'],
    ['an error without a code', status(200, {}, '{"jsonrpc":"2.0","id":1,"error":{}}'), 'server-error'],
    ['429', status(429), 'rate-limited'],
    ['429 with a validator code in its body', fail(-32007, '50/second request limit reached', 429), 'rate-limited'],
    ['401', status(401), 'refused'],
    ['a redirect', status(302, { location: 'http://127.0.0.1:1/' }), 'refused'],
    ['502', status(502, {}, '<html>bad gateway</html>'), 'server-error'],
    ['500 with a JSON-RPC error', fail(-32601, 'Method not found', 500), 'method-unsupported'],
    ['a node that is behind', fail(-32005, 'Node is behind by 200 slots'), 'not-ready'],
  ] as const)('%s', async (_name, behaviour, reason) => {
    server.behave(behaviour);
    const error = await failure(slot());
    expect(error.reason).toBe(reason);
    expect(calls).toMatchObject([{ endpoint: new URL(base).host, method: 'getSlot', outcome: reason }]);
    expect(server.questions).toHaveLength(1);
  });

  it('recovers on the next call', async () => {
    server.behave(reset, truncated, answer(5));
    await failure(slot());
    await failure(slot());
    expect(await slot()).toBe(5);
    expect(calls.at(-1)?.outcome).toBe('ok');
  });

  it('stays away for as long as Retry-After says, without asking', async () => {
    server.behave(status(429, { 'retry-after': '60' }), answer(5));
    expect((await failure(slot())).details.retryAfterMs).toBe(60_000);
    const second = await failure(slot());
    expect(second.reason).toBe('rate-limited');
    expect(second.details.retryAfterMs).toBeGreaterThan(50_000);
    expect(server.questions).toHaveLength(1);
  });

  it('never shows where the key is, not even when the server echoes it', async () => {
    server.behave(fail(-32600, `no such path /${SECRET}`));
    const dead = new RpcEndpoint({ url: CLOSED_PORT_URL, clock: systemClock });
    for (const error of [await failure(slot()), await failure(slot(dead))]) {
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
    }
    server.behave(silence);
    expect((await failure(slot())).message).not.toContain(SECRET);
    await dead.close();
  });

  it('sends credentials of the URL as a header', async () => {
    server.behave(answer(5));
    const url = base.replace('http://', 'http://us%40er:pass@');
    const authorised = new RpcEndpoint({ url, clock: systemClock });
    expect(await slot(authorised)).toBe(5);
    expect(server.questions[0]?.authorization).toBe(`Basic ${Buffer.from('us@er:pass').toString('base64')}`);
    await authorised.close();
  });

  it('keeps to its concurrency', async () => {
    server.behave(({ id }, response) => {
      setImmediate(() => response.end(JSON.stringify({ jsonrpc: '2.0', id, result: 5 })));
    });
    server.mostInFlight = 0;
    const narrow = new RpcEndpoint({ url: base, clock: systemClock, maxConcurrent: 3 });
    await Promise.all(Array.from({ length: 40 }, () => slot(narrow)));
    expect(server.mostInFlight).toBeLessThanOrEqual(3);
    await narrow.close();
  });

  it('is not broken by a metrics hook that throws', async () => {
    server.behave(answer(5));
    const onCall = () => {
      throw new Error('metrics');
    };
    const hooked = new RpcEndpoint({ url: base, clock: systemClock, onCall });
    expect(await slot(hooked)).toBe(5);
    await hooked.close();
  });

  it('refuses an address that is none', () => {
    expect(() => new RpcEndpoint({ url: SECRET, clock: systemClock })).toThrow(RpcError);
    expect(() => new RpcEndpoint({ url: SECRET, clock: systemClock })).not.toThrow(SECRET);
  });

  it('fails at once, and for good, after it was closed', async () => {
    await endpoint.close();
    expect((await failure(slot())).reason).toBe('refused');
  });
});

describe('RpcPool over real connections', () => {
  it('fails over from a dead endpoint, and its log tells hosts only', async () => {
    server.behave(answer(5));
    const log = recordingLog();
    const dead = new RpcEndpoint({ url: CLOSED_PORT_URL, clock: systemClock });
    const pool = new RpcPool({ endpoints: [dead, endpoint], clock: systemClock, random: Math.random, log });
    expect(await pool.chain.slot('confirmed')).toBe(5);
    expect(pool.pinned().name).toBe(new URL(base).host);
    expect(log.lines).toHaveLength(1);
    expect(log.lines.join()).not.toContain(SECRET);
    await pool.close();
  });

  it('asks a struggling endpoint again until it answers', async () => {
    server.behave(reset, status(503), status(429, { 'retry-after': '0' }), fail(-32005, 'behind'), answer(5));
    const log = recordingLog();
    const pool = new RpcPool({ endpoints: [endpoint], clock: systemClock, random: () => 0.99, log });
    expect(await pool.chain.slot('confirmed')).toBe(5);
    expect(server.questions).toHaveLength(5);
  });
});
