import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKGROUND_SHARE, RateBudget, type RpcPriority } from '../../../src/chain/rate-budget.js';

const LIVE = { live: 1, background: null };
const BACKGROUND = { live: null, background: 1 };
const BOTH = { live: 1, background: 1 };

/** Grants everything there is to grant for `forMs`, waiting as told; returns how many of each went. */
function run(
  budget: RateBudget,
  waiting: { live: number | null; background: number | null },
  fromMs: number,
  forMs: number,
) {
  const granted: Record<RpcPriority, number> = { live: 0, background: 0 };
  let now = fromMs;
  while (now < fromMs + forMs) {
    const decision = budget.decide(waiting, now);
    if (decision.kind === 'wait') now += decision.ms;
    else granted[decision.priority] += 1;
  }
  return granted;
}

describe('RateBudget (001-5)', () => {
  it('allows everything at once while there is no limit', () => {
    const budget = new RateBudget({ requestsPerSecond: 0 });
    for (let count = 0; count < 1_000; count++) {
      expect(budget.decide(BACKGROUND, 0)).toEqual({ kind: 'grant', priority: 'background' });
    }
    expect(budget.ratePerSecond(0)).toBeNull();
  });

  it('keeps to the rate, after a burst of one second', () => {
    const { live } = run(new RateBudget({ requestsPerSecond: 10 }), LIVE, 0, 60_000);
    expect(live).toBeGreaterThanOrEqual(600);
    expect(live).toBeLessThanOrEqual(611);
  });

  it('gives background work nearly all of it where it has the endpoint to itself', () => {
    const { background } = run(new RateBudget({ requestsPerSecond: 10, backgroundShare: 0.95 }), BACKGROUND, 0, 60_000);
    expect(background).toBeGreaterThanOrEqual(570);
  });

  it('leaves background work its share and no more, however little else there is', () => {
    const { background } = run(new RateBudget({ requestsPerSecond: 10 }), BACKGROUND, 0, 60_000);
    expect(background).toBeGreaterThanOrEqual(600 * BACKGROUND_SHARE);
    expect(background).toBeLessThanOrEqual(600 * BACKGROUND_SHARE + 6);
  });

  it('lets live work go first, and starves neither', () => {
    const { live, background } = run(new RateBudget({ requestsPerSecond: 10 }), BOTH, 0, 60_000);
    expect(live + background).toBeGreaterThanOrEqual(600);
    expect(live / background).toBeCloseTo(9, 0);
  });

  it('counts a batch by its elements, also one larger than the bucket', () => {
    const budget = new RateBudget({ requestsPerSecond: 5 });
    expect(budget.decide({ live: 20, background: null }, 0).kind).toBe('grant');
    expect(budget.decide(LIVE, 0)).toEqual({ kind: 'wait', ms: 3_200 });
  });

  it('halves the rate when the endpoint refuses, once for a burst, and is back a minute later', () => {
    const budget = new RateBudget({ requestsPerSecond: 40 });
    for (let count = 0; count < 10; count++) budget.onRateLimited(0);
    expect(budget.ratePerSecond(0)).toBe(20);
    budget.onRateLimited(1_000);
    expect(budget.ratePerSecond(1_000)).toBeCloseTo(10, 0);
    expect(budget.ratePerSecond(31_000)).toBeCloseTo(20, 0);
    expect(budget.ratePerSecond(91_000)).toBeCloseTo(40, 0);
    expect(budget.ratePerSecond(1_000_000)).toBe(40);
  });

  it('learns a limit that nobody told us, and gives it up again', () => {
    const budget = new RateBudget({ requestsPerSecond: 0 });
    for (let count = 0; count < 30; count++) budget.decide(LIVE, 100);
    budget.onRateLimited(200);
    expect(budget.ratePerSecond(200)).toBe(15);
    // What was refused is not sent again as a burst.
    expect([budget.decide(LIVE, 200).kind, budget.decide(LIVE, 200).kind]).toEqual(['grant', 'wait']);
    expect(budget.ratePerSecond(30_200)).toBeCloseTo(22.5, 0);
    expect(budget.ratePerSecond(61_000)).toBeNull();
    expect(budget.decide(LIVE, 61_000).kind).toBe('grant');
  });

  it('never sends more than the rate and a burst, whoever asks and whatever happens', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 400 }),
      waiting: fc.constantFrom(LIVE, BACKGROUND, BOTH),
      limited: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), fc.integer({ min: 1, max: 50 }), (steps, rate) => {
        const budget = new RateBudget({ requestsPerSecond: rate });
        let now = 0;
        let sent = 0;
        for (const { afterMs, waiting, limited } of steps) {
          now += afterMs;
          if (limited) budget.onRateLimited(now);
          if (budget.decide(waiting, now).kind === 'grant') sent += 1;
        }
        expect(sent).toBeLessThanOrEqual((now / 1_000) * rate + Math.max(1, rate) + 1);
        expect(budget.ratePerSecond(now)).toBeGreaterThanOrEqual(0.5);
        expect(budget.ratePerSecond(now)).toBeLessThanOrEqual(rate);
      }),
    );
  });

  it('a wait that was told is enough', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        (rate, cost, live) => {
          const budget = new RateBudget({ requestsPerSecond: rate });
          const waiting = live ? { live: cost, background: null } : { live: null, background: cost };
          for (let now = 0, count = 0; count < 20; count++) {
            const first = budget.decide(waiting, now);
            if (first.kind === 'grant') continue;
            now += first.ms;
            expect(budget.decide(waiting, now).kind).toBe('grant');
          }
        },
      ),
    );
  });
});
