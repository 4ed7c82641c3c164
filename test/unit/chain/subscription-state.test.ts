import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ENDPOINT_LAG } from '../../../src/chain/endpoint-lag.js';
import type { SubscriptionMessage } from '../../../src/chain/subscription-message.js';
import {
  DEFAULT_SUBSCRIPTION_TIMING as TIMING,
  PLACEHOLDER_SIGNATURE,
  type SubscriptionEffect,
  SubscriptionState,
} from '../../../src/chain/subscription-state.js';

const PROGRAMS = ['P', 'Q'];
const noJitter = () => 0;

const slot = (number: number, subscription = '2'): SubscriptionMessage => ({
  kind: 'slot',
  subscription,
  slot: number,
  parent: number - 1,
  root: Math.max(0, number - 32),
});
const logs = (signature: string, subscription = '0'): SubscriptionMessage => ({
  kind: 'logs',
  subscription,
  slot: 10,
  signature,
  logs: ['l'],
  failed: false,
});
const ack = (requestId: number, subscription: string): SubscriptionMessage => ({
  kind: 'ack',
  requestId,
  subscription,
});
const kinds = (effects: readonly SubscriptionEffect[]) => effects.map((effect) => effect.do);

function connecting(): SubscriptionState {
  const state = new SubscriptionState(PROGRAMS, 2, TIMING, noJitter);
  state.start(0);
  return state;
}

/** Request ids and subscription ids: P = 1/0, Q = 2/1, slots = 3/2. */
function acknowledged(now = 0): SubscriptionState {
  const state = connecting();
  state.onOpen(now);
  [0, 1, 2].forEach((index) => state.onMessage(ack(index + 1, String(index)), now));
  return state;
}

function live(now = 0): SubscriptionState {
  const state = acknowledged(now);
  expect(state.onMessage(slot(100), now)).toContainEqual({ do: 'emit-live', slot: 100 });
  return state;
}

describe('subscribing', () => {
  it('asks for every program once, and for slots last', () => {
    const state = new SubscriptionState(['P', 'Q', 'P'], 1, TIMING, noJitter);
    expect(state.start(0)).toEqual([{ do: 'connect', urlIndex: 0 }]);
    expect(state.start(0)).toEqual([]);
    const sent = state
      .onOpen(0)
      .map((effect) => (effect.do === 'send' ? (JSON.parse(effect.text) as unknown) : effect));
    const confirmed = { commitment: 'confirmed' };
    expect(sent).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'logsSubscribe', params: [{ mentions: ['P'] }, confirmed] },
      { jsonrpc: '2.0', id: 2, method: 'logsSubscribe', params: [{ mentions: ['Q'] }, confirmed] },
      { jsonrpc: '2.0', id: 3, method: 'slotSubscribe', params: [] },
    ]);
  });

  it('is live at the first slot after the last acknowledgement', () => {
    const state = connecting();
    state.onOpen(0);
    state.onMessage(ack(3, '2'), 0);
    // Before all are acknowledged: heard, but no boundary.
    expect(kinds(state.onMessage(slot(99), 0))).toEqual(['emit-slot']);
    state.onMessage(ack(1, '0'), 0);
    expect(state.onMessage(ack(2, '1'), 0)).toEqual([]);
    // The same slot again was there before the acknowledgement.
    expect(kinds(state.onMessage(slot(99), 0))).toEqual(['emit-slot']);
    expect(kinds(state.onMessage(slot(100), 0))).toEqual(['emit-slot', 'emit-live']);
    expect(kinds(state.onMessage(slot(101), 0))).toEqual(['emit-slot']);
    expect(state.live).toBe(true);
    expect(state.subscriptionIds).toEqual({ P: '0', Q: '1' });
  });

  it('keeps notices that overtake their acknowledgement, and takes no early slot for the boundary', () => {
    const state = connecting();
    state.onOpen(0);
    expect(state.onMessage(logs('early', '1'), 0)).toEqual([]);
    expect(state.onMessage(slot(50), 0)).toEqual([]);
    state.onMessage(ack(1, '0'), 0);
    expect(state.onMessage(ack(2, '1'), 0)).toMatchObject([{ notice: { programId: 'Q', signature: 'early' } }]);
    expect(kinds(state.onMessage(ack(3, '2'), 0))).toEqual(['emit-slot']);
    expect(state.live).toBe(false);
    expect(kinds(state.onMessage(slot(51), 0))).toContain('emit-live');
  });

  it('counts a rejection as a failed attempt', () => {
    const state = connecting();
    state.onOpen(0);
    const rejected: SubscriptionMessage = { kind: 'rejected', requestId: 2, code: -32091, message: 'no' };
    expect(state.onMessage(rejected, 0)).toEqual([
      { do: 'terminate' },
      { do: 'emit-down', reason: 'subscribe-rejected', detail: 'no (-32091)', atSlot: null },
    ]);
    expect(state.tick(249)).toEqual([]);
    expect(state.tick(250)).toEqual([{ do: 'connect', urlIndex: 1 }]);
  });

  it('does not wait for ever, neither for the connection nor for acknowledgements', () => {
    const silent = connecting();
    expect(silent.tick(TIMING.connectTimeoutMs - 1)).toEqual([]);
    expect(silent.tick(TIMING.connectTimeoutMs)).toMatchObject([{}, { reason: 'connect-timeout' }]);
    const mute = connecting();
    mute.onOpen(100);
    mute.onMessage(ack(1, '0'), 100);
    expect(mute.tick(TIMING.subscribeTimeoutMs + 99)).toEqual([]);
    expect(mute.tick(TIMING.subscribeTimeoutMs + 100)).toMatchObject([{}, { reason: 'subscribe-timeout' }]);
  });
});

describe('notices', () => {
  it('names the program by the subscription', () => {
    expect(live().onMessage(logs('s', '1'), 0)).toEqual([
      { do: 'emit-notice', notice: { programId: 'Q', signature: 's', slot: 10, logs: ['l'], failed: false } },
    ]);
  });

  it('drops placeholders and counts what nobody asked for', () => {
    const state = live();
    expect(state.onMessage(logs(PLACEHOLDER_SIGNATURE), 0)).toEqual([]);
    expect(state.onMessage(logs('s', '77'), 0)).toEqual([]);
    expect(state.onMessage(logs('s', '2'), 0)).toEqual([]);
    expect(state.onMessage(slot(1, '0'), 0)).toEqual([]);
    expect(state.onMessage(ack(99, '5'), 0)).toEqual([]);
    expect(state.onMessage({ kind: 'rejected', requestId: 99, code: 1, message: '' }, 0)).toEqual([]);
    expect(state.onMessage({ kind: 'unknown' }, 0)).toEqual([]);
    expect(state.counts).toEqual({ ignored: 6, placeholders: 1 });
    expect(state.live).toBe(true);
  });
});

describe('the watchdog', () => {
  /** Ticks until something happens, with pings answered. */
  function tickUntil(
    state: SubscriptionState,
    from: number,
    to: number,
  ): { at: number; effects: SubscriptionEffect[] } {
    for (let now = from; now <= to; now += 100) {
      const effects = state.tick(now).filter((effect) => {
        if (effect.do === 'ping') state.onPong(now + 1);
        return effect.do !== 'ping';
      });
      if (effects.length > 0) return { at: now, effects };
    }
    return { at: to, effects: [] };
  }

  it('asks for the head after silence, once, and gives up only when the chain is past us', () => {
    const state = live();
    expect(tickUntil(state, 0, 60_000)).toEqual({ at: TIMING.silenceMs, effects: [{ do: 'ask-head' }] });
    expect(tickUntil(state, 5_100, 5_500).effects).toEqual([]);
    expect(state.onHead(101, 5_500)).toMatchObject([
      { do: 'terminate' },
      { do: 'emit-down', reason: 'stale', atSlot: 100 },
    ]);
  });

  it('waits with a chain that stands still, however long', () => {
    const state = live();
    let now = 0;
    for (let doubts = 0; doubts < 50; doubts++) {
      const { at, effects } = tickUntil(state, now, now + 60_000);
      expect(effects).toEqual([{ do: 'ask-head' }]);
      expect(at - now).toBeGreaterThanOrEqual(TIMING.silenceMs);
      now = at;
      expect(state.onHead(100, now)).toEqual([]);
    }
  });

  it('takes an unknown head for no fault, and a slot that came meanwhile for a sign of life', () => {
    const state = live();
    tickUntil(state, 0, 5_000);
    expect(state.onHead(null, 5_100)).toEqual([]);
    expect(tickUntil(state, 5_200, 60_000).at).toBeGreaterThanOrEqual(10_100);
    state.onMessage(slot(105), 10_200);
    expect(state.onHead(200, 10_300)).toEqual([]);
    expect(state.onHead(200, 10_300)).toEqual([]);
    expect(state.live).toBe(true);
  });

  it('is not fooled by logs, nor by slots that repeat', () => {
    const state = live();
    state.onMessage(logs('s'), 4_900);
    state.onMessage(slot(100), 4_900);
    expect(state.tick(5_000)).toContainEqual({ do: 'ask-head' });
  });

  it('on a connection that never spoke of a slot, needs to see the chain move', () => {
    const state = acknowledged();
    tickUntil(state, 0, 5_000);
    expect(state.onHead(500, 5_000)).toEqual([]);
    expect(tickUntil(state, 5_100, 60_000).effects).toEqual([{ do: 'ask-head' }]);
    expect(state.onHead(500, 10_000)).toEqual([]);
    expect(tickUntil(state, 10_100, 60_000).effects).toEqual([{ do: 'ask-head' }]);
    expect(state.onHead(501, 15_000)).toMatchObject([{}, { reason: 'stale', atSlot: null }]);
  });

  it('ignores a head asked for an older connection', () => {
    const state = live();
    tickUntil(state, 0, 5_000);
    state.onClose('closed', '', 5_050);
    expect(state.onHead(1_000, 5_100)).toEqual([]);
  });

  it('notices a half-open connection by the missing pong, also when HTTP is silent too', () => {
    const state = live();
    const seen: string[] = [];
    for (let now = 0; now <= 60_000 && !seen.includes('emit-down'); now += 100) {
      const effects = state.tick(now);
      seen.push(...kinds(effects));
      if (effects.some((effect) => effect.do === 'ask-head')) state.onHead(null, now);
      if (seen.includes('emit-down')) {
        expect(now).toBe(TIMING.pingEveryMs + TIMING.pongTimeoutMs);
        expect(effects).toMatchObject([{}, { reason: 'no-pong' }]);
      }
    }
    expect(seen.filter((kind) => kind === 'ping')).toHaveLength(1);
    expect(seen).toContain('emit-down');
  });
});

describe('reconnecting', () => {
  it('backs off from 250 ms to 30 s over the URLs in turn, and starts anew after a stable time', () => {
    const state = connecting();
    let now = 0;
    const delays: number[] = [];
    const urls: number[] = [];
    for (let failures = 0; failures < 10; failures++) {
      const failedAt = now;
      expect(kinds(state.onClose('connect-failed', 'no', now))).toEqual(['terminate', 'emit-down']);
      let effects: SubscriptionEffect[] = [];
      while (effects.length === 0) effects = state.tick((now += 10));
      delays.push(now - failedAt);
      urls.push((effects[0] as { urlIndex: number }).urlIndex);
    }
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(urls).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    expect(state.reconnectAttempts).toBe(10);

    // A connection that is accepted, and dies at once, is no success.
    state.onOpen(now);
    state.onClose('closed', '', now);
    expect(state.reconnectAttempts).toBe(11);
  });

  it('resets after being live for a stable time', () => {
    const state = connecting();
    state.onClose('connect-failed', 'no', 0);
    state.tick(250);
    state.onOpen(250);
    // The first attempt never got to ask.
    [1, 2, 3].forEach((id, index) => state.onMessage(ack(id, String(index)), 250));
    state.onMessage(slot(1), 250);
    expect(state.live).toBe(true);
    expect(state.reconnectAttempts).toBe(1);
    state.onClose('closed', '', 250 + TIMING.stableMs);
    expect(state.reconnectAttempts).toBe(1);
    expect(kinds(state.tick(500 + TIMING.stableMs))).toEqual(['connect']);
  });

  it('restarts on request, with the same backoff, and only when there is something to drop', () => {
    const state = live();
    expect(state.restart('missed', 10)).toMatchObject([{}, { reason: 'restart', detail: 'missed', atSlot: 100 }]);
    expect(state.restart('missed', 10)).toEqual([]);
    expect(state.tick(259)).toEqual([]);
    expect(state.tick(260)).toEqual([{ do: 'connect', urlIndex: 1 }]);
  });

  it('measures a new connection by itself: the next node may be behind the last', () => {
    const state = live();
    state.onClose('closed', '', 0);
    state.tick(250);
    state.onOpen(250);
    [4, 5, 6].forEach((id, index) => state.onMessage(ack(id, String(index)), 250));
    expect(state.onMessage(slot(90), 250)).toContainEqual({ do: 'emit-live', slot: 90 });
    expect(state.lastSlot).toBe(100);
  });

  it('stops for good', () => {
    const state = live();
    expect(state.stop()).toEqual([{ do: 'terminate' }]);
    expect(state.stop()).toEqual([]);
    expect(state.onClose('closed', '', 1)).toEqual([]);
    expect(state.onMessage(logs('s'), 1)).toEqual([]);
    expect(state.tick(1_000_000)).toEqual([]);
  });
});

/** What may happen to it, in any order, sensible or not. */
const anyEvent = fc.oneof(
  fc.record({ type: fc.constant('tick' as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({ type: fc.constant('open' as const) }),
  fc.record({ type: fc.constant('close' as const) }),
  fc.record({ type: fc.constant('pong' as const) }),
  fc.record({ type: fc.constant('restart' as const) }),
  fc.record({ type: fc.constant('head' as const), head: fc.option(fc.nat(200)) }),
  fc.record({ type: fc.constant('ack' as const), id: fc.integer({ min: 1, max: 12 }), sub: fc.nat(4) }),
  fc.record({ type: fc.constant('reject' as const), id: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ type: fc.constant('logs' as const), sub: fc.nat(4) }),
  fc.record({ type: fc.constant('slot' as const), slot: fc.nat(200), sub: fc.nat(4) }),
);

describe('whatever happens', () => {
  it('one connection at a time, live only once per connection, one down per failure, never two connects in a row', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 200 }), (events) => {
        const state = new SubscriptionState(PROGRAMS, 2, TIMING, noJitter);
        let now = 0;
        let open = false;
        let lives = 0;
        let lastConnectMs = -Infinity;
        const check = (effects: SubscriptionEffect[]) => {
          for (const effect of effects) {
            if (effect.do === 'connect') {
              expect(open).toBe(false);
              // Never a hot loop: at least the first backoff between two attempts.
              expect(now - lastConnectMs).toBeGreaterThanOrEqual(TIMING.reconnect.firstMs);
              lastConnectMs = now;
              open = true;
              lives = 0;
            } else if (effect.do === 'terminate') {
              expect(open).toBe(true);
              open = false;
            } else if (effect.do === 'emit-live') {
              lives += 1;
              expect(lives).toBe(1);
            } else if (effect.do !== 'emit-down') {
              expect(open).toBe(true);
            }
          }
        };
        check(state.start(now));
        for (const event of events) {
          if (event.type === 'tick') check(state.tick((now += event.ms)));
          else if (event.type === 'open') check(state.onOpen(now));
          else if (event.type === 'close') check(state.onClose('closed', '', now));
          else if (event.type === 'pong') state.onPong(now);
          else if (event.type === 'restart') check(state.restart('', now));
          else if (event.type === 'head') check(state.onHead(event.head, now));
          else if (event.type === 'ack') check(state.onMessage(ack(event.id, String(event.sub)), now));
          else if (event.type === 'logs') check(state.onMessage(logs('s', String(event.sub)), now));
          else if (event.type === 'slot') check(state.onMessage(slot(event.slot, String(event.sub)), now));
          else check(state.onMessage({ kind: 'rejected', requestId: event.id, code: 1, message: '' }, now));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a socket that lags behind HTTP (003-16)', () => {
  const FAR_AHEAD = 100 + MAX_ENDPOINT_LAG + 1;

  it('is given up for the next URL once it has been behind for long', () => {
    const state = live();
    expect(kinds(state.tick(0, FAR_AHEAD))).toEqual([]);
    expect(kinds(state.tick(TIMING.lagForMs - 1, FAR_AHEAD))).toEqual([]);
    expect(state.tick(TIMING.lagForMs, FAR_AHEAD)).toContainEqual(
      expect.objectContaining({ do: 'emit-down', reason: 'lagging' }),
    );
    expect(state.urlIndex).toBe(1);
  });

  it('is kept when it catches up in time, and while HTTP does not know better', () => {
    const state = live();
    state.tick(0, FAR_AHEAD);
    state.onMessage(slot(FAR_AHEAD), 1_000);
    state.tick(1_000, FAR_AHEAD);
    state.onMessage(slot(FAR_AHEAD + 1), 4_000);
    for (const head of [null, FAR_AHEAD, FAR_AHEAD + 1 + MAX_ENDPOINT_LAG]) {
      expect(kinds(state.tick(TIMING.lagForMs, head))).toEqual([]);
    }
  });

  it('I5: when every socket is behind, HTTP is not believed over all of them', () => {
    const state = live();
    state.tick(0, 2 ** 40);
    state.tick(TIMING.lagForMs, 2 ** 40);
    let now = 2 * TIMING.lagForMs;
    expect(state.tick(now, 2 ** 40)).toEqual([{ do: 'connect', urlIndex: 1 }]);
    const requests = state.onOpen(now);
    requests.forEach((effect, index) => {
      const { id } = JSON.parse(effect.do === 'send' ? effect.text : '{}') as { id: number };
      state.onMessage(ack(id, String(index)), now);
    });
    for (let number = 101; number < 200; number++) {
      now += 400;
      state.onMessage(slot(number), now);
      state.tick(now, 2 ** 40);
    }
    expect([state.live, state.urlIndex]).toEqual([true, 1]);
  });

  it('with one URL there is nothing to change to', () => {
    const state = new SubscriptionState([], 1, TIMING, noJitter);
    state.start(0);
    state.onOpen(0);
    state.onMessage(ack(1, '2'), 0);
    state.onMessage(slot(100), 0);
    state.tick(0, FAR_AHEAD);
    state.onMessage(slot(101), TIMING.lagForMs);
    expect(kinds(state.tick(TIMING.lagForMs, FAR_AHEAD + 1))).toEqual([]);
    expect(state.live).toBe(true);
  });
});

describe('moving to a preferred URL', () => {
  it('says that the connection ends, and connects at once', () => {
    const state = live();
    expect(state.moveTo(1, 5)).toEqual([
      { do: 'terminate' },
      { do: 'emit-down', reason: 'fail-back', detail: 'the preferred endpoint works again', atSlot: 100 },
      { do: 'connect', urlIndex: 1 },
    ]);
    expect([state.live, state.reconnectAttempts]).toEqual([false, 0]);
    state.stop();
    expect(state.moveTo(0, 6)).toEqual([]);
  });
});
