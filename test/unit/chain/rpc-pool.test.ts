import { describe, expect, it } from 'vitest';
import { RpcError, type RpcReason } from '../../../src/chain/rpc-error.js';
import type { PooledEndpoint } from '../../../src/chain/pooled-endpoint.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import type { RpcRequest } from '../../../src/chain/rpc-transport.js';
import { JumpingClock } from './jumping-clock.js';
import { recordingLog } from './recording-log.js';

type Script = (request: RpcRequest<unknown>) => unknown;

class FakeEndpoint implements PooledEndpoint {
  readonly asked: string[] = [];
  closed = false;

  constructor(
    readonly name: string,
    public script: Script,
  ) {}

  async call<T>(request: RpcRequest<T>): Promise<T> {
    this.asked.push(request.method);
    return request.read(this.script(request as RpcRequest<unknown>));
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

const fails = (reason: RpcReason, retryAfterMs?: number): Script => {
  return () => {
    throw new RpcError(reason, reason, retryAfterMs === undefined ? {} : { retryAfterMs });
  };
};
const answers =
  (value: unknown): Script =>
  () =>
    value;

function setup(...scripts: Script[]) {
  const clock = new JumpingClock();
  const log = recordingLog();
  const endpoints = scripts.map((script, index) => new FakeEndpoint(`e${index}`, script));
  const pool = new RpcPool({ endpoints, clock, random: () => 0, log, coolDownMs: 10_000 });
  return { clock, log, endpoints, pool, asked: () => endpoints.map((endpoint) => endpoint.asked.length) };
}

describe('RpcPool', () => {
  it('asks only the first while it is well', async () => {
    const { pool, asked } = setup(answers(7), answers(8));
    expect(await pool.chain.slot('confirmed')).toBe(7);
    expect(asked()).toEqual([1, 0]);
  });

  it.each(['unreachable', 'timeout', 'rate-limited', 'server-error', 'malformed-answer', 'refused'] as const)(
    'on %s takes the next, remembers, and comes back after the cool-down',
    async (reason) => {
      const { pool, asked, clock, endpoints, log } = setup(fails(reason), answers(8));
      expect(await pool.chain.slot('confirmed')).toBe(8);
      expect(await pool.chain.slot('confirmed')).toBe(8);
      expect(asked()).toEqual([1, 2]);
      expect(pool.pinned().name).toBe('e1');
      expect(log.lines).toHaveLength(1);

      endpoints[0]!.script = answers(9);
      clock.advance(10_001);
      expect(await pool.chain.slot('confirmed')).toBe(9);
      expect(pool.pinned().name).toBe('e0');
    },
  );

  it('stays away for as long as Retry-After says', async () => {
    const { pool, clock } = setup(fails('rate-limited', 60_000), answers(8));
    await pool.chain.slot('confirmed');
    clock.advance(59_000);
    expect(pool.pinned().name).toBe('e1');
    clock.advance(1_001);
    expect(pool.pinned().name).toBe('e0');
  });

  it('takes one that answers for well, whatever was remembered of it', async () => {
    const { pool, endpoints } = setup(fails('rate-limited', 60_000), fails('bad-request'));
    await pool.chain.slot('confirmed').catch(() => undefined);
    endpoints[0]!.script = answers(7);
    endpoints[1]!.script = fails('unreachable');
    expect(await pool.chain.slot('confirmed')).toBe(7);
    expect(pool.pinned().name).toBe('e0');
  });

  it.each(['bad-request', 'transaction-rejected', 'already-processed', 'blockhash-not-found'] as const)(
    'does not ask another about %s',
    async (reason) => {
      const { pool, asked } = setup(fails(reason), answers(8));
      await expect(pool.chain.slot('confirmed')).rejects.toMatchObject({ reason });
      expect(asked()).toEqual([1, 0]);
    },
  );

  it('holds nothing against an endpoint that merely lacks a slot, and asks the next', async () => {
    const block = { parentSlot: 4, blockhash: 'b', previousBlockhash: 'a', blockTime: null, signatures: ['s'] };
    const { pool } = setup(fails('not-here'), answers(block));
    expect(await pool.chain.block(5)).toMatchObject({ kind: 'block', slot: 5, parentSlot: 4 });
    expect(pool.pinned().name).toBe('e0');
  });

  it('asks the next about a null, and keeps the null when nobody knows better', async () => {
    const { pool, endpoints, asked } = setup(answers(null), answers({ slot: 1, meta: null }));
    expect(await pool.chain.transaction('s', 'confirmed')).toEqual({ slot: 1, meta: null });
    endpoints[1]!.script = fails('unreachable');
    expect(await pool.chain.transaction('s', 'confirmed')).toBeNull();
    expect(asked()).toEqual([2, 2]);
    // The second is cooling now: a second opinion is not worth its time-out.
    expect(await pool.chain.transaction('s', 'confirmed')).toBeNull();
    expect(asked()).toEqual([3, 2]);
  });

  it('TRAPS 4: asks the next for logs that the first does not keep, and takes what there is', async () => {
    const bare = { slot: 1, meta: { logMessages: null, innerInstructions: [] } };
    const whole = { slot: 1, meta: { logMessages: [], innerInstructions: [] } };
    const { pool, endpoints } = setup(answers(bare), answers(whole));
    expect(await pool.chain.transaction('s', 'confirmed')).toEqual(whole);
    endpoints[1]!.script = answers(null);
    expect(await pool.chain.transaction('s', 'confirmed')).toEqual(bare);
  });

  it('says "not here", without delay, when the only one that answers says so', async () => {
    const { pool, clock } = setup(fails('unreachable'), fails('not-here'));
    expect(await pool.chain.block(5)).toEqual({ kind: 'not-here', code: null });
    expect(clock.slept).toEqual([]);
  });

  it('retries when all fail, and reports a failure that can be retried', async () => {
    const { pool, asked, clock } = setup(fails('refused'), fails('timeout'));
    await expect(pool.chain.slot('confirmed')).rejects.toMatchObject({ reason: 'timeout' });
    expect(asked()).toEqual([6, 6]);
    expect(clock.slept).toHaveLength(5);
  });

  it('hands a transaction to the next endpoint once, and never resends it', async () => {
    const options = { skipPreflight: false, preflightCommitment: 'confirmed', maxRetries: 0 } as const;
    const { pool, asked } = setup(fails('unreachable'), fails('timeout'));
    await expect(pool.chain.sendTransaction(new Uint8Array(3), options)).rejects.toMatchObject({ retryable: true });
    expect(asked()).toEqual([1, 1]);
  });

  it('keeps a member to itself', async () => {
    const { pool, asked } = setup(fails('bad-request'), answers(8));
    await expect(pool.members[0]!.chain.slot('confirmed')).rejects.toMatchObject({ reason: 'bad-request' });
    expect(await pool.members[1]!.chain.slot('confirmed')).toBe(8);
    expect(asked()).toEqual([1, 1]);
  });

  it('needs an endpoint, and closes them all', async () => {
    expect(() => setup()).toThrow(/at least one/);
    const { pool, endpoints } = setup(answers(1), answers(2));
    await pool.close();
    expect(endpoints.map((endpoint) => endpoint.closed)).toEqual([true, true]);
  });
});
