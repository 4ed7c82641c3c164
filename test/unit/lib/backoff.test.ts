import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/lib/backoff.js';

const policy = { firstMs: 100, maxMs: 5_000, jitter: 0.25 };

it('doubles from the first delay up to the longest', () => {
  const delays = Array.from({ length: 8 }, (_, attempt) => backoffMs(policy, attempt, () => 0));
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

it('is shortened by at most the jitter, and never longer than the longest', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const full = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(attempt, 30));
      const delay = backoffMs(policy, attempt, () => random);
      expect(delay).toBeLessThanOrEqual(full);
      expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - policy.jitter)));
    }),
  );
});
