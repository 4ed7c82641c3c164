import { describe, expect, it } from 'vitest';
import { RateBudget } from '../../../src/chain/rate-budget.js';
import { RateGate, type RateWait } from '../../../src/chain/rate-gate.js';
import { JumpingClock } from './jumping-clock.js';

function setup(requestsPerSecond: number) {
  const clock = new JumpingClock();
  const waits: RateWait[] = [];
  const gate = new RateGate(new RateBudget({ requestsPerSecond }), clock, (wait) => waits.push(wait));
  return { clock, gate, waits };
}

describe('RateGate (001-5)', () => {
  it('lets live requests go before background ones that came first', async () => {
    const { gate } = setup(2);
    const order: string[] = [];
    const enter = (priority: 'live' | 'background', name: string) =>
      gate.enter(priority, 1).then(() => order.push(name));
    await Promise.all([enter('live', 'a'), enter('live', 'b')]);
    await Promise.all([enter('background', 'old'), enter('live', 'c'), enter('live', 'd')]);
    expect(order).toEqual(['a', 'b', 'c', 'd', 'old']);
  });

  it('keeps many callers to the rate and says how long they waited', async () => {
    const { clock, gate, waits } = setup(10);
    const startMs = clock.monotonic();
    await Promise.all(Array.from({ length: 60 }, () => gate.enter('live', 1)));
    expect(clock.monotonic() - startMs).toBeGreaterThanOrEqual(4_900);
    expect(clock.monotonic() - startMs).toBeLessThanOrEqual(5_200);
    expect(waits).toHaveLength(50);
    expect(waits.every(({ priority, ms }) => priority === 'live' && ms > 0)).toBe(true);
  });

  it('keeps background work to half of what an endpoint takes at once', async () => {
    const { gate } = setup(0);
    let inside = 0;
    const entering = Array.from({ length: 20 }, () => gate.enter('background', 1).then(() => (inside += 1)));
    await Promise.all(entering.slice(0, 8));
    expect(inside).toBe(8);
    await gate.enter('live', 1);
    expect(inside).toBe(8);
    gate.leave('background');
    await Promise.all(entering.slice(0, 9));
    expect(inside).toBe(9);
  });

  it('a live request does not sit out the wait of a background one', async () => {
    const { gate, clock } = setup(10);
    await Promise.all(Array.from({ length: 5 }, () => gate.enter('background', 1)));
    const startMs = clock.monotonic();
    const history = gate.enter('background', 1);
    await gate.enter('live', 1);
    expect(clock.monotonic()).toBe(startMs);
    await history;
    expect(clock.monotonic()).toBeGreaterThan(startMs);
  });
});
