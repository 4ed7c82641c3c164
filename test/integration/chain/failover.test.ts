import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_ENDPOINT_LAG } from '../../../src/chain/endpoint-lag.js';
import { openLogSocket } from '../../../src/chain/log-socket.js';
import { LogSubscription } from '../../../src/chain/log-subscription.js';
import { RpcEndpoint } from '../../../src/chain/rpc-endpoint.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { systemClock } from '../../../src/lib/clock.js';
import { eventually } from '../../support/eventually.js';
import { type FaultProxy, startFaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { recordingLog } from '../../unit/chain/recording-log.js';

const SYSTEM = '11111111111111111111111111111111';
/** Short enough for a test; the defaults differ in size, not in kind. */
const HEALTH = {
  demotedMs: 200,
  failuresToOpen: 2,
  open: { firstMs: 200, maxMs: 400, jitter: 0 },
  pause: { firstMs: 200, maxMs: 400, jitter: 0 },
};
const HEAD_CHECK_MS = 100;
const TIMEOUT_MS = 500;

let chain: TestChain;
let first: FaultProxy;
let second: FaultProxy;
let pool: RpcPool;
const results: string[] = [];

beforeAll(async () => {
  chain = await createTestChain({ programs: [] });
  first = await startFaultProxy(chain);
  second = await startFaultProxy(chain);
});
afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await chain.stop();
  console.log(results.join('\n'));
});
beforeEach(() => {
  pool = new RpcPool({
    endpoints: [first, second].map(
      ({ rpcUrl }) => new RpcEndpoint({ url: rpcUrl, clock: systemClock, timeoutMs: TIMEOUT_MS }),
    ),
    clock: systemClock,
    random: () => 0,
    log: recordingLog(),
    health: HEALTH,
    headCheckMs: HEAD_CHECK_MS,
  });
});
afterEach(async () => {
  first.heal();
  second.heal();
  await pool.close();
});

const hostOf = (url: string) => new URL(url).host;

/** Seconds until `pool` would ask that one first; keeps asking meanwhile, and every question must be answered. */
async function secondsUntilFirstChoice(proxy: FaultProxy): Promise<number> {
  const startMs = systemClock.monotonic();
  await eventually(async () => {
    expect(await pool.chain.slot('confirmed')).toBeGreaterThan(0);
    return pool.pinned().name === hostOf(proxy.rpcUrl);
  });
  return (systemClock.monotonic() - startMs) / 1_000;
}

const faults: readonly [string, () => { readonly heal: () => void | Promise<void> }][] = [
  [
    'refuses connections',
    () => {
      const listening = first.refuse(1_500);
      return { heal: () => listening };
    },
  ],
  [
    'limits the rate',
    () => ({ heal: first.onRpc('getSlot', () => ({ status: 429, headers: { 'retry-after': '1' } })) }),
  ],
  [
    'is half-open',
    () => {
      first.halfOpen();
      return { heal: () => first.heal() };
    },
  ],
  ['lags', () => ({ heal: first.onRpc('getSlot', () => ({ result: 1 })) })],
  ['answers nonsense', () => ({ heal: first.onRpc('getSlot', () => ({ result: 'nonsense' })) })],
];

describe('failover and fail-back of questions (001-5)', () => {
  it.each(faults)(
    'the preferred endpoint %s: the second serves; once it is well, the first serves again',
    async (name, breakIt) => {
      await eventually(async () => (await pool.chain.slot('confirmed')) > 2 * MAX_ENDPOINT_LAG);
      await secondsUntilFirstChoice(first);
      const { heal } = breakIt();
      const over = await secondsUntilFirstChoice(second);
      const before = second.counters.httpCalls.get('getSlot') ?? 0;
      expect(await pool.chain.slot('confirmed')).toBeGreaterThan(2 * MAX_ENDPOINT_LAG);
      expect(second.counters.httpCalls.get('getSlot') ?? 0).toBeGreaterThan(before);
      await heal();
      const back = await secondsUntilFirstChoice(first);
      results.push(
        `HTTP, first ${name}: failed over in ${over.toFixed(2)} s, back ${back.toFixed(2)} s after it was well`,
      );
    },
  );
});

describe('failover and fail-back of the socket (003-2, 003-16)', () => {
  const seen: string[] = [];
  let subscription: LogSubscription;

  beforeEach(async () => {
    seen.length = 0;
    subscription = new LogSubscription({
      urls: [first.wsUrl, second.wsUrl],
      programIds: [SYSTEM],
      chain: pool.chain,
      knownHead: () => pool.knownHead(),
      openSocket: openLogSocket,
      clock: systemClock,
      random: () => 0,
      log: recordingLog(),
      timing: {
        silenceMs: 1_000,
        connectTimeoutMs: 1_000,
        subscribeTimeoutMs: 1_000,
        reconnect: { firstMs: 20, maxMs: 200, jitter: 0 },
        lagForMs: 200,
        failBackMs: 300,
        trialTimeoutMs: 1_000,
      },
      callbacks: {
        onNotice: () => undefined,
        onLive: () => seen.push(`live ${subscription.status().url}`),
        onDown: ({ reason }) => seen.push(`down ${reason}`),
      },
    });
    subscription.start();
    await secondsUntilLive(first);
  });
  afterEach(() => subscription.stop());

  async function secondsUntilLive(proxy: FaultProxy): Promise<number> {
    const startMs = systemClock.monotonic();
    await eventually(async () => {
      // What a worker does all the time: it is how HTTP knows the head.
      await pool.chain.slot('confirmed');
      const { live, url } = subscription.status();
      return live && url === hostOf(proxy.wsUrl);
    });
    return (systemClock.monotonic() - startMs) / 1_000;
  }

  it.each([
    [
      'refuses connections',
      () => {
        const listening = first.refuse(2_000);
        return { heal: (): Promise<void> => listening };
      },
    ],
    [
      'is half-open',
      () => {
        first.halfOpen();
        return { heal: () => Promise.resolve(first.heal()) };
      },
    ],
    [
      'lags',
      () => {
        const heal = first.onNotification((notification, send) => {
          if (notification.method !== 'slotNotification') return send(notification);
          const { slot, parent, root } = notification.params.result as Record<'slot' | 'parent' | 'root', number>;
          const late = { slot: slot - 200, parent: parent - 200, root: Math.max(0, root - 200) };
          send({ ...notification, params: { ...notification.params, result: late } });
        });
        return { heal: () => Promise.resolve(heal()) };
      },
    ],
  ] as const)(
    'the preferred socket %s: the second is taken, the first again once it is well',
    async (name, breakIt) => {
      await eventually(async () => (await pool.chain.slot('confirmed')) > 300);
      const { heal } = breakIt();
      const over = await secondsUntilLive(second);
      await heal();
      const back = await secondsUntilLive(first);
      results.push(
        `socket, first ${name}: failed over in ${over.toFixed(2)} s, back ${back.toFixed(2)} s after it was well`,
      );
      // Every move announces a boundary, which is what a sweep is begun for.
      expect(seen.at(-2)).toBe('down fail-back');
      expect(seen.at(-1)).toBe(`live ${hostOf(first.wsUrl)}`);
    },
  );

  it('stays where it is while the preferred socket connects but lags', async () => {
    first.cut();
    const heal = first.onNotification((notification, send) => {
      if (notification.method !== 'slotNotification') send(notification);
    });
    await secondsUntilLive(second);
    const trials = () => first.counters.socketCalls.get('slotSubscribe') ?? 0;
    const before = trials();
    await eventually(() => trials() > before + 1);
    expect(subscription.status()).toMatchObject({ live: true, url: hostOf(second.wsUrl) });
    heal();
    await secondsUntilLive(first);
  });
});
