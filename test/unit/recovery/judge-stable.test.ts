import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judgeStable } from '../../../src/recovery/judge-stable.js';

it.each<readonly [number | null, number, number | null, number | null]>([
  [null, 10, null, 10],
  [null, 10, 8, 7],
  [5, 10, null, 10],
  [5, 10, 6, null],
  [5, 10, 7, 6],
  [5, 5, null, null],
  [10, 5, null, null],
])('stable %s, frontier %s, undecided %s: %s (004-3.4, I4)', (stable, frontier, undecided, expected) => {
  expect(judgeStable(stable, frontier, undecided)).toBe(expected);
});

it('never passes the frontier or what is undecided, and never goes back (004-3.4, I4)', () => {
  fc.assert(
    fc.property(fc.option(fc.nat(50)), fc.nat(50), fc.option(fc.nat(50)), (stable, frontier, undecided) => {
      const slot = judgeStable(stable, frontier, undecided);
      if (slot === null) return;
      expect(slot).toBeLessThanOrEqual(frontier);
      if (undecided !== null) expect(slot).toBeLessThan(undecided);
      if (stable !== null) expect(slot).toBeGreaterThan(stable);
    }),
  );
});
