import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_FAIL_BACK_TIMING as TIMING,
  type FailBackEffect,
  type PresentSocket,
  SocketFailBack,
} from '../../../src/chain/socket-fail-back.js';
import type { SubscriptionMessage } from '../../../src/chain/subscription-message.js';

const SECOND: PresentSocket = { live: true, stable: true, urlIndex: 1, slot: 1_000 };
const ACK: SubscriptionMessage = { kind: 'ack', requestId: 1, subscription: '7' };
const slot = (number: number, subscription = '7'): SubscriptionMessage => ({
  kind: 'slot',
  subscription,
  slot: number,
  parent: number - 1,
  root: 0,
});
const failBack = () => new SocketFailBack(TIMING, () => 0);

/** On the second URL, with a trial of the first that was acknowledged. */
function trying(state = failBack(), present = SECOND, nowMs = 0): number {
  state.tick(present, nowMs);
  const at = nowMs + TIMING.failBackMs;
  expect(state.tick(present, at)).toEqual([{ do: 'open-trial', urlIndex: 0 }]);
  expect(state.onOpen()).toMatchObject([
    { do: 'send-trial', text: expect.stringContaining('slotSubscribe') as string },
  ]);
  expect(state.onMessage(ACK, present, at)).toEqual([]);
  return at;
}

/** How long after `nowMs` the next trial is opened. */
function untilNextTrial(state: SocketFailBack, nowMs: number): number {
  for (let waited = 0; waited < 3_600_000; waited += 1_000) {
    if (state.tick(SECOND, nowMs + waited).some((effect) => effect.do === 'open-trial')) return waited;
  }
  throw new Error('never');
}

describe('failing back to the preferred socket (003-2, 003-16)', () => {
  it('never tries anything while the present socket is the preferred one, or is down', () => {
    const state = failBack();
    for (let now = 0; now < 600_000; now += 1_000) {
      expect(state.tick({ ...SECOND, urlIndex: 0 }, now)).toEqual([]);
      expect(state.tick({ ...SECOND, live: false }, now)).toEqual([]);
    }
  });

  it('moves over once the preferred one speaks of slots that are not behind', () => {
    const state = failBack();
    const now = trying(state);
    expect(state.onMessage(slot(900), SECOND, now)).toEqual([]);
    expect(state.onMessage(slot(1_000, 'other'), SECOND, now)).toEqual([]);
    expect(state.onMessage(slot(1_000), SECOND, now)).toEqual([{ do: 'close-trial' }, { do: 'move', urlIndex: 0 }]);
    expect(state.onMessage(slot(1_001), SECOND, now)).toEqual([]);
  });

  it('does not move to one that lags, however long it speaks', () => {
    const state = failBack();
    const now = trying(state);
    for (let ms = 0; ms < TIMING.trialTimeoutMs; ms += 100) {
      const present = { ...SECOND, slot: 1_000 + ms / 100 };
      expect(state.onMessage(slot(present.slot - 5), present, now + ms)).toEqual([]);
      expect(state.tick(present, now + ms)).toEqual([]);
    }
    expect(state.tick(SECOND, now + TIMING.trialTimeoutMs)).toEqual([{ do: 'close-trial' }]);
  });

  it.each([
    ['it closes', (state: SocketFailBack, now: number) => state.onClose(now)],
    [
      'it refuses',
      (state: SocketFailBack, now: number) =>
        state.onMessage({ kind: 'rejected', requestId: 1, code: 0, message: '' }, SECOND, now),
    ],
    ['it says nothing', (state: SocketFailBack, now: number) => state.tick(SECOND, now + TIMING.trialTimeoutMs)],
  ])('gives the trial up when %s, and waits longer for the next', (_name, fail) => {
    const state = failBack();
    const now = trying(state);
    expect(fail(state, now)).toEqual([{ do: 'close-trial' }]);
    expect(untilNextTrial(state, now + TIMING.trialTimeoutMs)).toBeGreaterThan(TIMING.failBackMs);
  });

  it('waits up to ten minutes, and as short as at first once the preferred one was stable', () => {
    const state = failBack();
    let now = 0;
    const waits: number[] = [];
    for (let count = 0; count < 6; count++) {
      const waited = untilNextTrial(state, now);
      waits.push(waited / 1_000);
      now += waited;
      state.onClose(now);
    }
    expect(waits).toEqual([60, 120, 240, 480, 600, 600]);
    state.tick({ ...SECOND, urlIndex: 0 }, now);
    expect(untilNextTrial(state, now)).toBe(60_000);
  });

  it('a move that does not last counts as a failed trial', () => {
    const state = failBack();
    const now = trying(state);
    state.onMessage(slot(1_000), SECOND, now);
    state.tick({ live: true, stable: false, urlIndex: 0, slot: 1_001 }, now + 1);
    expect(untilNextTrial(state, now + 2)).toBe(2 * TIMING.failBackMs);
  });

  it('tries all that are preferred to the third, in turn', () => {
    const state = failBack();
    const third = { ...SECOND, urlIndex: 2 };
    const tried: number[] = [];
    for (let now = 0; tried.length < 4; now += 1_000) {
      for (const effect of state.tick(third, now)) {
        if (effect.do !== 'open-trial') continue;
        tried.push(effect.urlIndex);
        state.onClose(now);
      }
    }
    expect(tried).toEqual([0, 1, 0, 1]);
  });

  it('closes the trial when the present socket goes down, or all stops', () => {
    const state = failBack();
    trying(state);
    expect(state.tick({ ...SECOND, live: false }, 61_000)).toEqual([{ do: 'close-trial' }]);
    trying(state, SECOND, 100_000);
    expect(state.stop()).toEqual([{ do: 'close-trial' }]);
  });

  it('property: at most one trial at a time, and never a move to a slot far behind', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('tick' as const), urlIndex: fc.nat(2), live: fc.boolean() }),
      fc.record({ do: fc.constantFrom('wait' as const, 'wait' as const, 'ready' as const) }),
      fc.record({ do: fc.constantFrom('ready' as const, 'ready' as const, 'close' as const) }),
      fc.record({ do: fc.constant('slot' as const), slot: fc.integer({ min: 900, max: 1_010 }) }),
    );
    let moves = 0;
    const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const state = failBack();
      let now = 0;
      let open = 0;
      let heard = 0;
      const apply = (effects: readonly FailBackEffect[]) => {
        for (const effect of effects) {
          if (effect.do === 'open-trial') open += 1;
          if (effect.do === 'close-trial') open -= 1;
          if (effect.do !== 'move') continue;
          moves += 1;
          expect(heard).toBeGreaterThanOrEqual(996);
        }
        expect([0, 1]).toContain(open);
      };
      for (const one of steps) {
        now += one.do === 'wait' ? 700_000 : 100;
        if (one.do === 'wait') apply(state.tick(SECOND, now));
        if (one.do === 'tick') apply(state.tick({ ...SECOND, ...one }, now));
        if (one.do === 'close') apply(state.onClose(now));
        if (one.do === 'ready') apply([...state.onOpen(), ...state.onMessage(ACK, SECOND, now)]);
        if (one.do === 'slot') apply(state.onMessage(slot((heard = one.slot)), SECOND, now));
      }
    });
    fc.assert(property, { numRuns: 300 });
    expect(moves).toBeGreaterThan(10);
  });
});
