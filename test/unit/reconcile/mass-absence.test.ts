import { expect, it } from 'vitest';
import { isMassAbsence } from '../../../src/reconcile/mass-absence.js';

it.each([
  ['all of a few', 20, 20, false],
  ['one more than a few', 21, 21, true],
  ['half', 50, 100, false],
  ['more than half', 51, 100, true],
  ['many, but a small share', 5_000, 100_000, false],
  ['none of none', 0, 0, false],
  // Counted one after the other: documents may have gone meanwhile.
  ['more than there are', 30, 25, true],
])('%s (I5)', (_, absent, documents, isMass) => {
  expect(isMassAbsence(absent, documents)).toBe(isMass);
});
