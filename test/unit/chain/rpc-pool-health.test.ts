import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_HEALTH } from '../../../src/chain/endpoint-health.js';
import { MAX_ENDPOINT_LAG } from '../../../src/chain/endpoint-lag.js';
import type { BatchOutcome, PooledEndpoint } from '../../../src/chain/pooled-endpoint.js';
import { RpcError, type RpcReason } from '../../../src/chain/rpc-error.js';
import { RpcPool, type RpcPoolOptions } from '../../../src/chain/rpc-pool.js';
import { outcomeOf, type RpcRequest } from '../../../src/chain/rpc-transport.js';
import { JumpingClock } from './jumping-clock.js';
import { recordingLog } from './recording-log.js';

const HEAD_CHECK_MS = 15_000;

/** A node at a slot, which may fail, lag or refuse batches. */
class Node implements PooledEndpoint {
  readonly asked: string[] = [];
  readonly batches: number[] = [];
  head = 1_000;
  failure: { reason: RpcReason; retryAfterMs?: number } | undefined;
  takesBatches = true;
  /** getTransaction by signature; missing = null. */
  readonly transactions = new Map<string, unknown>();

  constructor(readonly name: string) {}

  call<T>({ method, params, read }: RpcRequest<T>): Promise<T> {
    this.asked.push(method);
    return Promise.resolve().then(() => read(this.#answer(method, params)));
  }

  async batch<T>(requests: readonly RpcRequest<T>[]): Promise<BatchOutcome<T>> {
    this.batches.push(requests.length);
    if (!this.takesBatches) return { kind: 'refused', detail: 'no batches here' };
    this.#failIfTold();
    const one = async ({ method, params, read }: RpcRequest<T>) => read(this.#answer(method, params));
    return { kind: 'answered', elements: await Promise.all(requests.map((request) => outcomeOf(one(request)))) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #failIfTold(): void {
    if (this.failure === undefined) return;
    const { reason, retryAfterMs } = this.failure;
    throw new RpcError(reason, `${this.name}: ${reason}`, retryAfterMs === undefined ? {} : { retryAfterMs });
  }

  #answer(method: string, params: readonly unknown[]): unknown {
    this.#failIfTold();
    const context = { slot: this.head };
    if (method === 'getSlot') return this.head;
    if (method === 'getSignatureStatuses') return { context, value: (params[0] as string[]).map(() => null) };
    if (method === 'getMultipleAccounts') return { context, value: (params[0] as string[]).map(() => null) };
    if (method === 'getProgramAccounts') return { context, value: [] };
    const transaction = this.transactions.get(params[0] as string);
    if (transaction instanceof RpcError) throw transaction;
    return transaction ?? null;
  }
}

function setup(count: number, options: Partial<RpcPoolOptions> = {}) {
  const clock = new JumpingClock();
  const log = recordingLog();
  const nodes = Array.from({ length: count }, (_, index) => new Node(`e${index}`)) as [Node, Node, ...Node[]];
  const pool = new RpcPool({ endpoints: nodes, clock, random: () => 0, log, headCheckMs: HEAD_CHECK_MS, ...options });
  return { clock, log, nodes, pool };
}

/** Lets what was begun on the side end. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Learns who is behind: time for a look around, and the answers to it. */
async function lookAround({ clock, pool }: ReturnType<typeof setup>): Promise<void> {
  clock.advance(HEAD_CHECK_MS);
  pool.pinned();
  await settle();
}

const whole = (slot: number) => ({ slot, meta: { logMessages: [], innerInstructions: [] } });

describe('the breaker in the pool (001-5)', () => {
  it('a dead endpoint costs nobody a question while another answers; it is tried on the side, and is back at once', async () => {
    const { pool, nodes, clock, log } = setup(2);
    nodes[0].failure = { reason: 'timeout' };
    // Asked by itself, so that all of it goes to the dead one.
    await pool.members[0]!.chain.slot('confirmed').catch(() => undefined);
    expect(pool.status()[0]).toMatchObject({ name: 'e0', state: 'open', lastFailure: 'timeout' });
    nodes[0].asked.length = 0;
    nodes[1].head = 1_001;
    expect(await pool.chain.slot('confirmed')).toBe(1_001);
    expect(nodes[0].asked).toEqual([]);

    clock.advance(DEFAULT_HEALTH.open.maxMs);
    expect(await pool.chain.slot('confirmed')).toBe(1_001);
    await settle();
    expect(nodes[0].asked).toEqual(['getSlot']);
    expect(pool.pinned().name).toBe('e1');

    nodes[0].failure = undefined;
    clock.advance(DEFAULT_HEALTH.open.maxMs);
    expect(pool.pinned().name).toBe('e1');
    await settle();
    expect(pool.pinned().name).toBe('e0');
    expect(await pool.chain.slot('confirmed')).toBe(1_000);
    // One line for each change of state, none for each failure.
    expect(log.lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      'RPC endpoint is demoted',
      'RPC endpoint is open',
      'RPC endpoint is well again',
    ]);
  });

  it('leaves the only endpoint alone as well, says for how long, and lets one question try it', async () => {
    const { pool, nodes, clock } = setup(1);
    nodes[0].failure = { reason: 'unreachable' };
    await pool.chain.slot('confirmed').catch(() => undefined);
    const asked = nodes[0].asked.length;
    const error: unknown = await pool.call({ method: 'getSlot', params: [], read: Number }).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: 'unreachable', retryable: true });
    expect((error as RpcError).details.retryAfterMs).toBeGreaterThan(0);
    expect(nodes[0].asked).toHaveLength(asked);

    nodes[0].failure = undefined;
    clock.advance(DEFAULT_HEALTH.open.maxMs);
    await Promise.all(Array.from({ length: 10 }, () => pool.chain.slot('confirmed')));
    expect(pool.status()[0]).toMatchObject({ state: 'well', failuresInARow: 0, lastFailure: null });
  });

  it('a rate limit without a time is a pause of our own: nobody asks, and health is not in doubt', async () => {
    const { pool, nodes } = setup(2);
    nodes[0].failure = { reason: 'rate-limited' };
    nodes[1].failure = { reason: 'rate-limited' };
    const question = { method: 'getSlot', params: [], read: Number };
    await pool.call(question).catch(() => undefined);
    const error: unknown = await pool.call(question).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: 'rate-limited', details: { retryAfterMs: 1_000 } });
    expect(nodes.map(({ asked }) => asked.length)).toEqual([1, 1]);
    expect(pool.status()).toMatchObject([{ state: 'paused', failuresInARow: 0 }, { state: 'paused' }]);
  });

  it('two keys at one host are two endpoints', () => {
    const { pool } = setup(1, { endpoints: [new Node('host'), new Node('host'), new Node('other')] });
    expect(pool.status().map(({ name }) => name)).toEqual(['host', 'host#2', 'other']);
  });
});

describe('the budget in the pool (001-5)', () => {
  it('passes over an endpoint whose budget is used up while another is free, and waits when none is', async () => {
    const waits: string[] = [];
    const observer = { onRateWait: (endpoint: string) => waits.push(endpoint) };
    const { pool, nodes } = setup(2, { requestsPerSecond: [2, 3], observer });
    for (let count = 0; count < 5; count++) await pool.chain.slot('confirmed');
    expect(nodes.map(({ asked }) => asked.length)).toEqual([2, 3]);
    expect(waits).toEqual([]);
    await pool.chain.slot('confirmed');
    expect(waits).toEqual(['e0']);
    expect(pool.status()[0]?.requestsPerSecond).toBe(2);
  });

  it('background work gets half, through its own view of the same endpoints', async () => {
    const { pool, clock } = setup(1, { requestsPerSecond: [10] });
    const startMs = clock.monotonic();
    for (let count = 0; count < 30; count++) await pool.background.chain.slot('confirmed');
    expect(clock.monotonic() - startMs).toBeGreaterThanOrEqual(4_900);
    const liveMs = clock.monotonic();
    for (let count = 0; count < 5; count++) await pool.chain.slot('confirmed');
    expect(clock.monotonic()).toBe(liveMs);
    expect(pool.background.pinned().name).toBe(pool.pinned().name);
  });

  it('asks more slowly after a refusal', async () => {
    const { pool, nodes, clock } = setup(1);
    await Promise.all(Array.from({ length: 20 }, () => pool.chain.slot('confirmed')));
    nodes[0].failure = { reason: 'rate-limited', retryAfterMs: 0 };
    await pool.call({ method: 'getSlot', params: [], read: Number }).catch(() => undefined);
    nodes[0].failure = undefined;
    expect(pool.status()[0]?.requestsPerSecond).toBeCloseTo(10, -1);
    clock.advance(120_000);
    expect(pool.status()[0]?.requestsPerSecond).toBeNull();
  });
});

describe('lag in the pool (003-16)', () => {
  it('asks one that is behind after the others, never pins it, and takes it back when it has caught up', async () => {
    const all = setup(2);
    const { pool, nodes, log } = all;
    nodes[1].head = 1_001 + MAX_ENDPOINT_LAG;
    await lookAround(all);
    expect(await pool.chain.slot('confirmed')).toBe(nodes[1].head);
    expect(pool.pinned().name).toBe('e1');
    expect(pool.status()).toMatchObject([{ state: 'lagging', lagSlots: MAX_ENDPOINT_LAG + 1 }, { state: 'well' }]);
    expect(pool.knownHead()).toBe(nodes[1].head);
    nodes[0].head = nodes[1].head;
    await lookAround(all);
    expect(pool.pinned().name).toBe('e0');
    expect(log.lines).toHaveLength(2);
  });

  it('still serves from one that lags when nobody else answers', async () => {
    const all = setup(2);
    all.nodes[1].head = 2_000;
    await lookAround(all);
    all.nodes[1].failure = { reason: 'unreachable' };
    expect(await all.pool.chain.slot('confirmed')).toBe(1_000);
  });
});

describe('I5: what a bad endpoint says is never that something is absent', () => {
  const absences = [
    ['signatureStatuses', (pool: RpcPool) => pool.chain.signatureStatuses(['s'])],
    ['accounts', (pool: RpcPool) => pool.chain.accounts(['a'], 'confirmed')],
    ['programAccounts', (pool: RpcPool) => pool.chain.programAccounts('p', {}, 'confirmed')],
  ] as const;

  it.each(absences)(
    '%s: a lagging endpoint\'s "not there" is handed on, and not-ready where nobody else answers',
    async (_, ask) => {
      const all = setup(2);
      all.nodes[1].head = 5_000;
      await lookAround(all);
      expect(await ask(all.pool)).toMatchObject({ contextSlot: 5_000 });
      all.nodes[1].failure = { reason: 'unreachable' };
      await expect(ask(all.pool)).rejects.toMatchObject({
        reason: expect.stringMatching(/not-ready|unreachable/) as string,
      });
    },
  );

  it.each(absences)(
    '%s: an older view than asked for is not-ready, whatever the node makes of minContextSlot',
    async (name) => {
      const { pool } = setup(1);
      const asking = {
        signatureStatuses: () => pool.chain.signatureStatuses(['s'], 1_001),
        accounts: () => pool.chain.accounts(['a'], 'confirmed', 1_001),
        programAccounts: () => pool.chain.programAccounts('p', {}, 'confirmed', 1_001),
      }[name];
      await expect(asking()).rejects.toMatchObject({ reason: 'not-ready' });
    },
  );

  it('property: whatever two endpoints do, an absence comes only from a view that is not behind', async () => {
    const trouble = fc.record({
      node: fc.nat(1),
      head: fc.integer({ min: 1_000, max: 1_400 }),
      failure: fc.constantFrom<RpcReason | undefined>(
        undefined,
        undefined,
        'timeout',
        'malformed-answer',
        'not-ready',
        'rate-limited',
      ),
    });
    let absent = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(trouble, { maxLength: 30, size: 'max' }), async (troubles) => {
        const { pool, nodes, clock } = setup(2);
        for (const { node, head, failure } of troubles) {
          const one = nodes[node] as Node;
          one.head = head;
          one.failure = failure && { reason: failure };
          clock.advance(1_000);
          const shown = pool.knownHead() ?? 0;
          try {
            const { contextSlot, statuses } = await pool.call<{ contextSlot: number; statuses: unknown[] }>({
              method: 'getSignatureStatuses',
              params: [['s']],
              read: (result) => {
                const { context, value } = result as { context: { slot: number }; value: unknown[] };
                return { contextSlot: context.slot, statuses: value };
              },
              view: { commitment: 'confirmed', slotOf: (answer) => answer.contextSlot },
              claimsAbsence: (answer) => answer.statuses.includes(null),
            });
            expect(statuses).toEqual([null]);
            expect(contextSlot).toBeGreaterThanOrEqual(shown - MAX_ENDPOINT_LAG);
            absent += 1;
          } catch (error) {
            if (!(error instanceof RpcError)) throw error;
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(absent).toBeGreaterThan(50);
  });
});

describe('several transactions at once', () => {
  const signatures = Array.from({ length: 25 }, (_, index) => `s${index}`);
  const fill = (node: Node) => signatures.forEach((signature, index) => node.transactions.set(signature, whole(index)));

  it('in batches, in the order asked', async () => {
    const { pool, nodes } = setup(1);
    fill(nodes[0]);
    expect(await pool.chain.transactions(signatures, 'confirmed')).toEqual(signatures.map((_, index) => whole(index)));
    expect(nodes[0].batches).toEqual([10, 10, 5]);
    expect(nodes[0].asked).toEqual([]);
  });

  it('one by one where batches are refused, which is asked once', async () => {
    const { pool, nodes } = setup(1);
    nodes[0].takesBatches = false;
    fill(nodes[0]);
    const expected = signatures.map((_, index) => whole(index));
    expect(await pool.chain.transactions(signatures, 'confirmed')).toEqual(expected);
    expect(await pool.chain.transactions(signatures, 'confirmed')).toEqual(expected);
    expect(nodes[0].batches).toEqual([10]);
    expect(pool.status()[0]?.takesBatches).toBe(false);
  });

  it('a failing element takes none of its neighbours with it, and is asked elsewhere where that can help', async () => {
    const { pool, nodes } = setup(2);
    fill(nodes[0]);
    fill(nodes[1]);
    nodes[0].transactions.set('s3', new RpcError('server-error', 'this one'));
    nodes[0].transactions.set('s4', new RpcError('bad-request', 'never'));
    nodes[0].transactions.delete('s5');
    nodes[1].transactions.delete('s6');
    nodes[0].transactions.delete('s6');
    const answers = await pool.chain.transactions(signatures.slice(0, 8), 'confirmed');
    expect(answers).toEqual([
      whole(0),
      whole(1),
      whole(2),
      whole(3),
      expect.objectContaining({ reason: 'bad-request' }),
      whole(5),
      null,
      whole(7),
    ]);
    expect(nodes[0].batches).toEqual([8]);
  });

  it('a batch that fails as a whole is asked elsewhere, one by one', async () => {
    const { pool, nodes } = setup(2);
    fill(nodes[1]);
    nodes[0].failure = { reason: 'timeout' };
    expect(await pool.chain.transactions(['s1', 's2'], 'confirmed')).toEqual([whole(1), whole(2)]);
    expect(pool.status()[0]).toMatchObject({ state: 'demoted', takesBatches: true });
  });

  it('counts each element against the budget', async () => {
    const { pool, nodes, clock } = setup(1, { requestsPerSecond: [10] });
    fill(nodes[0]);
    const startMs = clock.monotonic();
    await pool.background.chain.transactions(signatures, 'confirmed');
    expect(clock.monotonic() - startMs).toBeGreaterThanOrEqual(2_000);
  });

  it('no batches with a size of 1, none for none', async () => {
    const { pool, nodes } = setup(1, { batchSize: 1 });
    fill(nodes[0]);
    expect(await pool.chain.transactions(signatures, 'confirmed')).toHaveLength(25);
    expect(await pool.chain.transactions([], 'confirmed')).toEqual([]);
    expect(nodes[0].batches).toEqual([]);
  });
});
