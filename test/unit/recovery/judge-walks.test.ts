import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judgeWalks, MOST_WALKS, nextWalker, type FinishedWalk } from '../../../src/recovery/judge-walks.js';
import { EMPTY_LISTING, isSameListing, withListed } from '../../../src/recovery/listing-digest.js';

type Entry = readonly [signature: string, slot: number];
const listingOf = (entries: readonly Entry[]) =>
  entries.reduce((listing, [signature, slot]) => withListed(listing, signature, slot), EMPTY_LISTING);
const walkOf = (entries: readonly Entry[], endpoint = 'one'): FinishedWalk => ({
  endpoint,
  listing: listingOf(entries),
});
const entry: fc.Arbitrary<Entry> = fc.tuple(fc.string({ maxLength: 3 }), fc.nat(9));
const entries = fc.uniqueArray(entry, { selector: ([signature]) => signature, maxLength: 12 });

it('calls two listings the same exactly when they hold the same signatures at the same slots, in any order', () => {
  fc.assert(
    fc.property(entries, entries, (one, other) => {
      const texts = (list: readonly Entry[]) => JSON.stringify(list.map((item) => JSON.stringify(item)).sort());
      expect(isSameListing(listingOf(one), listingOf(other))).toBe(texts(one) === texts(other));
      expect(isSameListing(listingOf(one), listingOf([...one].reverse()))).toBe(true);
    }),
  );
});

it('tells a listing that counted one twice from one that did not, and from one that lacks it', () => {
  const plain = listingOf([['a', 1]]);
  for (const other of [
    listingOf([]),
    listingOf([
      ['a', 1],
      ['a', 1],
    ]),
    listingOf([['a', 2]]),
    listingOf([['b', 1]]),
  ]) {
    expect(isSameListing(plain, other)).toBe(false);
  }
});

it('lets the frontier move only where two walks agree and nothing any walk listed is missing from them (I4)', () => {
  const world = fc.uniqueArray(entry, { selector: ([signature]) => signature, minLength: 1, maxLength: 8 });
  // What each walk fails to list, by position.
  const lapses = fc.array(fc.uniqueArray(fc.nat(7), { maxLength: 2 }), { minLength: 1, maxLength: MOST_WALKS + 2 });
  fc.assert(
    fc.property(world, lapses, (truth, missing) => {
      const finished: FinishedWalk[] = [];
      const listings: Entry[][] = [];
      for (const lacks of missing) {
        const verdict = judgeWalks(finished);
        if (verdict !== 'walk-again') break;
        const listed = truth.filter((_, position) => !lacks.includes(position));
        listings.push(listed);
        finished.push(walkOf(listed));
      }
      const same = listings.filter((listed) => JSON.stringify(listed) === JSON.stringify(listings.at(-1))).length;
      const verdict = judgeWalks(finished);
      expect(verdict === 'agreed').toBe(same >= 2);
      if (verdict === 'disagreed') expect(finished).toHaveLength(MOST_WALKS);
      if (verdict === 'walk-again') expect(finished.length).toBeLessThan(MOST_WALKS);
    }),
  );
});

it('never moves on one walk, however often an endpoint is the only one (I4)', () => {
  expect(judgeWalks([])).toBe('walk-again');
  expect(judgeWalks([walkOf([])])).toBe('walk-again');
  expect(judgeWalks([walkOf([]), walkOf([])])).toBe('agreed');
});

it('gives the walks to the endpoints in turn, the preferred one first', () => {
  const finished: FinishedWalk[] = [];
  const order: string[] = [];
  for (let walk = 0; walk < 4; walk++) {
    const name = nextWalker(['one', 'two'], finished) ?? '';
    order.push(name);
    finished.push(walkOf([], name));
  }
  expect(order).toEqual(['one', 'two', 'one', 'two']);
  expect(nextWalker(['two'], finished)).toBe('two');
  expect(nextWalker([], finished)).toBeUndefined();
});
