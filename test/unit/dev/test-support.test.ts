import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';

describe('eventually', () => {
  it('returns the first value that is neither false nor undefined', async () => {
    let calls = 0;
    expect(await eventually(() => (++calls < 3 ? undefined : 0), { everyMs: 1 })).toBe(0);
    expect(calls).toBe(3);
  });

  it('outlasts throwing probes, and tells the last complaint', async () => {
    let calls = 0;
    const probe = (): never => {
      throw new Error(`complaint ${++calls}`);
    };
    await expect(eventually(probe, { timeoutMs: 30, everyMs: 1 })).rejects.toThrow(/\d+ ms: complaint \d+/);
    expect(calls).toBeGreaterThan(1);
  });
});

describe('seededRandom', () => {
  it('repeats for a seed, and only for that', () => {
    const draw = (seed: number): number[] => Array.from({ length: 100 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(3).every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
