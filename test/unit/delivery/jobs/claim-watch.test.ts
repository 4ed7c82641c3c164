import { expect, it } from 'vitest';
import { ClaimWatch, type SeenClaim } from '../../../../src/delivery/jobs/claim-watch.js';

const seen = (claim: string, dueAtMs: number, more: Partial<SeenClaim> = {}): SeenClaim => ({
  ...{ _id: 'run_1', claim, dueAt: new Date(dueAtMs), claimMs: 100 },
  ...more,
});

it('a claim runs out once it was watched unmoved for its length, whatever clock it was dated by (002-5)', () => {
  const watch = new ClaimWatch(500);
  // By a clock that is far behind: it was "over" long ago.
  expect(watch.runOut([seen('a', 0)], 1_000)).toEqual([]);
  expect(watch.runOut([seen('a', 0)], 1_099)).toEqual([]);
  expect(watch.runOut([seen('a', 0)], 1_100)).toEqual([seen('a', 0)]);
});

it.each([
  ['a sign of life', seen('a', 50)],
  ['one by a clock that was set back', seen('a', -50)],
  ['another claim', seen('b', 0)],
])('it is watched anew from %s on', (_, moved) => {
  const watch = new ClaimWatch(500);
  watch.runOut([seen('a', 0)], 1_000);
  expect(watch.runOut([moved], 1_100)).toEqual([]);
  expect(watch.runOut([moved], 1_199)).toEqual([]);
  expect(watch.runOut([moved], 1_200)).toEqual([moved]);
});

it('one that says no length, as of a process of another version, has the usual one', () => {
  const watch = new ClaimWatch(500);
  const silent = [seen('a', 0, { claimMs: null }), { ...seen('a', 0), _id: 'run_2', claimMs: undefined as never }];
  watch.runOut(silent, 0);
  expect(watch.runOut(silent, 499)).toEqual([]);
  expect(watch.runOut(silent, 500)).toEqual(silent);
});

it('each has a length of its own, and what is not found is forgotten', () => {
  const watch = new ClaimWatch(500);
  const both = [seen('a', 0), seen('b', 0, { _id: 'run_2', claimMs: 300 })];
  watch.runOut(both, 0);
  expect(watch.runOut(both, 100)).toEqual([both[0]]);
  expect(watch.runOut([], 200)).toEqual([]);
  expect(watch.runOut(both, 300)).toEqual([]);
});
