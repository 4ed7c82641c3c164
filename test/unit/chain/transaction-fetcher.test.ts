import { describe, expect, it } from 'vitest';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { TransactionFetcher } from '../../../src/chain/transaction-fetcher.js';
import { JumpingClock } from './jumping-clock.js';

function setup(answer: (attempt: number, signature: string) => unknown, options: object = {}) {
  const clock = new JumpingClock();
  const attempts = new Map<string, number>();
  let inFlight = 0;
  let mostInFlight = 0;
  const chain = {
    async transaction(signature: string): Promise<unknown> {
      const attempt = (attempts.get(signature) ?? 0) + 1;
      attempts.set(signature, attempt);
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
      return answer(attempt, signature);
    },
  };
  const fetcher = new TransactionFetcher({ chain, clock, random: () => 0, ...options });
  return { clock, fetcher, attempts, mostInFlight: () => mostInFlight };
}

const fail = (error: RpcError) => {
  throw error;
};

describe('TransactionFetcher', () => {
  it('takes a null for lag and asks again', async () => {
    const { fetcher, clock } = setup((attempt) => (attempt < 4 ? null : { slot: 7 }));
    expect(await fetcher.fetch('s', 'confirmed')).toEqual({ kind: 'found', raw: { slot: 7 } });
    expect(clock.slept).toEqual([200, 400, 800]);
  });

  it('gives up after its patience without a verdict', async () => {
    const { fetcher, clock } = setup(() => null, { patienceMs: 10_000 });
    expect(await fetcher.fetch('s', 'confirmed')).toEqual({ kind: 'unavailable', reason: 'unknown-here' });
    const waited = clock.slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeLessThanOrEqual(10_000);
    expect(waited).toBeGreaterThan(6_000);
    expect(fetcher.pending).toBe(0);
  });

  it('lets an error delay, for as long as the server asks, and reports the last one', async () => {
    const limited = () => fail(new RpcError('rate-limited', 'x', { retryAfterMs: 2_500 }));
    const { fetcher, clock } = setup((attempt) => (attempt === 1 ? limited() : attempt === 2 ? null : { slot: 1 }));
    expect(await fetcher.fetch('s', 'confirmed')).toMatchObject({ kind: 'found' });
    expect(clock.slept).toEqual([2_500, 400]);
    const down = setup(() => fail(new RpcError('unreachable', 'x')), { patienceMs: 1_000 });
    expect(await down.fetcher.fetch('s', 'confirmed')).toEqual({ kind: 'unavailable', reason: 'unreachable' });
  });

  it('does not wait for what waiting cannot change', async () => {
    const { fetcher, clock } = setup(() => fail(new RpcError('bad-request', 'x')));
    expect(await fetcher.fetch('s', 'confirmed')).toEqual({ kind: 'unavailable', reason: 'bad-request' });
    expect(clock.slept).toEqual([]);
  });

  it('fetches a signature once for all who ask at the same time', async () => {
    const { fetcher, attempts } = setup(() => ({ slot: 1 }));
    const outcomes = await Promise.all(Array.from({ length: 250 }, () => fetcher.fetch('phantom', 'confirmed')));
    expect(new Set(outcomes).size).toBe(1);
    expect(attempts.get('phantom')).toBe(1);
    await fetcher.fetch('phantom', 'confirmed');
    expect(attempts.get('phantom')).toBe(2);
  });

  it('keeps to its concurrency', async () => {
    const { fetcher, mostInFlight } = setup((attempt) => (attempt === 1 ? null : {}), { maxConcurrent: 3 });
    await Promise.all(Array.from({ length: 30 }, (_, index) => fetcher.fetch(`s${index}`, 'confirmed')));
    expect(mostInFlight()).toBe(3);
  });

  it('fetches news before history', async () => {
    const order: string[] = [];
    const { fetcher } = setup((_, signature) => order.push(signature), { maxConcurrent: 1 });
    const old = ['old 1', 'old 2', 'old 3'].map((signature) => fetcher.fetch(signature, 'finalized'));
    await Promise.all([...old, fetcher.fetch('new', 'confirmed')]);
    expect(order).toEqual(['old 1', 'new', 'old 2', 'old 3']);
  });

  it('asks for history several at a time, and alone for those that this gave nothing for', async () => {
    const together: string[][] = [];
    const clock = new JumpingClock();
    const alone: string[] = [];
    const transaction = async (signature: string) => {
      alone.push(signature);
      return { slot: 2 };
    };
    const history = {
      transaction,
      transactions: async (signatures: readonly string[]) => {
        together.push([...signatures]);
        return signatures.map((one) =>
          one === 's3'
            ? null
            : one === 's4'
              ? new RpcError('timeout', 'x')
              : { slot: 1, meta: null, transaction: null },
        );
      },
    };
    const news: string[] = [];
    const chain = { transaction: async (signature: string) => news.push(signature) };
    const fetcher = new TransactionFetcher({ chain, history: history, clock, random: () => 0 });
    const signatures = Array.from({ length: 25 }, (_, index) => `s${index}`);
    const outcomes = await Promise.all(signatures.map((signature) => fetcher.fetch(signature, 'finalized')));
    expect(outcomes.every(({ kind }) => kind === 'found')).toBe(true);
    expect(together.map((group) => group.length)).toEqual([10, 10, 5]);
    expect(alone.sort()).toEqual(['s3', 's4']);
    expect(news).toEqual([]);
    await fetcher.fetch('new', 'confirmed');
    expect(news).toEqual(['new']);
    fetcher.stop();
    expect(await fetcher.fetch('late', 'finalized')).toEqual({ kind: 'unavailable', reason: 'stopped' });
    expect(fetcher.pending).toBe(0);
  });

  it('gives the error of a bug to everybody whose transaction it took', { timeout: 5_000 }, async () => {
    const broken = () => Promise.reject(new TypeError('a bug'));
    const history = { transaction: broken, transactions: broken };
    const { clock } = setup(() => null);
    const fetcher = new TransactionFetcher({ chain: history, history, clock, random: () => 0 });
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((one) => fetcher.fetch(one, 'finalized')));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('stops', async () => {
    const { fetcher } = setup(() => null, { maxConcurrent: 1 });
    const waiting = [fetcher.fetch('a', 'confirmed'), fetcher.fetch('b', 'confirmed')];
    fetcher.stop();
    expect(await Promise.all(waiting)).toEqual([
      { kind: 'unavailable', reason: 'stopped' },
      { kind: 'unavailable', reason: 'stopped' },
    ]);
  });
});
