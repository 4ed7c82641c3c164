import { describe, expect, it } from 'vitest';
import { RPC_FAILURES, RpcError, type RpcReason } from '../../../src/chain/rpc-error.js';
import { DEFAULT_RETRY, retryDelayMs, withRetries } from '../../../src/chain/rpc-retry.js';
import type { RpcRequest, RpcTransport } from '../../../src/chain/rpc-transport.js';
import { JumpingClock } from './jumping-clock.js';

const noJitter = () => 0;
const request: RpcRequest<unknown> = { method: 'm', params: [], read: (result) => result };

/** Fails with each error in turn, then answers 'ok'. */
function failing(errors: RpcError[]): RpcTransport & { calls: number } {
  const transport = {
    calls: 0,
    async call<T>({ read }: RpcRequest<T>): Promise<T> {
      const error = errors[transport.calls++];
      if (error) throw error;
      return read('ok');
    },
  };
  return transport;
}

describe('retryDelayMs', () => {
  it.each(Object.keys(RPC_FAILURES) as RpcReason[])('follows the table for %s', (reason) => {
    const delay = retryDelayMs(DEFAULT_RETRY, 1, new RpcError(reason, 'x'), noJitter);
    expect(delay).toBe(RPC_FAILURES[reason].retryable ? 250 : undefined);
  });

  it('obeys Retry-After, and hands a long one to the caller', () => {
    const limited = (ms: number) => new RpcError('rate-limited', 'x', { retryAfterMs: ms });
    expect(retryDelayMs(DEFAULT_RETRY, 1, limited(3_000), noJitter)).toBe(3_000);
    expect(retryDelayMs(DEFAULT_RETRY, 1, limited(10), noJitter)).toBe(250);
    expect(retryDelayMs(DEFAULT_RETRY, 1, limited(60_000), noJitter)).toBeUndefined();
  });
});

describe('withRetries', () => {
  it('asks again with growing delays until it is answered', async () => {
    const clock = new JumpingClock();
    const inner = failing([
      new RpcError('timeout', 'a'),
      new RpcError('unreachable', 'b'),
      new RpcError('timeout', 'c'),
    ]);
    expect(await withRetries(inner, clock, noJitter).call(request)).toBe('ok');
    expect(clock.slept).toEqual([250, 500, 1_000]);
  });

  it('gives up with the last error', async () => {
    const inner = failing(Array.from({ length: 10 }, (_, i) => new RpcError('timeout', `no ${i}`)));
    await expect(withRetries(inner, new JumpingClock(), noJitter).call(request)).rejects.toThrow('no 5');
    expect(inner.calls).toBe(DEFAULT_RETRY.attempts);
  });

  it('never sends twice what may be sent once', async () => {
    const inner = failing([new RpcError('timeout', 'a')]);
    await expect(withRetries(inner, new JumpingClock(), noJitter).call({ ...request, once: true })).rejects.toThrow(
      'a',
    );
    expect(inner.calls).toBe(1);
  });

  it('lets errors that are not of the chain pass', async () => {
    const inner: RpcTransport = { call: () => Promise.reject(new TypeError('a bug')) };
    await expect(withRetries(inner, new JumpingClock(), noJitter).call(request)).rejects.toThrow(TypeError);
  });
});
