import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pollIntervalMs } from '../../../src/transactions/poll-interval.js';

it('looks often while somebody waits for the write, then less and less', () => {
  expect([0, 1_999, 2_000, 29_999, 30_000, 600_000].map(pollIntervalMs)).toEqual([75, 75, 250, 250, 1_000, 1_000]);
});

it('never looks more often the longer it follows', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), (followedMs, laterMs) => {
      expect(pollIntervalMs(followedMs + laterMs)).toBeGreaterThanOrEqual(pollIntervalMs(followedMs));
    }),
  );
});
