import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BEFORE_ALL, compareEvents, isPassed, placeOf } from '../../../src/ledger/stream-place.js';

const event = fc
  .record({
    ...{ slot: fc.nat(3), index: fc.nat(2), place: fc.nat(2) },
    ...{ signature: fc.constantFrom('a', 'b'), ordinal: fc.nat(2) },
  })
  .map(({ ordinal, ...rest }) => ({ ...rest, _id: `${rest.signature}/log/${ordinal}` }));

it('events have one order: slot, transaction, place in it; and who stands at one has passed all before it (004-3.4)', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 2 }), (events) => {
      const sorted = [...events].sort(compareEvents);
      for (const [index, one] of sorted.entries()) {
        for (const earlier of sorted.slice(0, index + 1)) expect(isPassed(earlier, placeOf(one))).toBe(true);
        for (const later of sorted.slice(index + 1)) {
          expect(isPassed(later, placeOf(one))).toBe(compareEvents(later, one) === 0);
          expect(later.slot).toBeGreaterThanOrEqual(one.slot);
        }
        expect(isPassed(one, { slot: one.slot, within: null })).toBe(true);
        expect(isPassed(one, { slot: one.slot, within: BEFORE_ALL })).toBe(false);
      }
    }),
  );
});

it('keeps the events of one transaction together where the order of transactions is not known (004-3.4)', () => {
  const of = (signature: string, place: number) => ({
    _id: `${signature}/log/${place}`,
    slot: 1,
    index: 0,
    signature,
    place,
  });
  const sorted = [of('b', 1), of('a', 10), of('b', 2), of('a', 2)].sort(compareEvents);
  expect(sorted.map(({ _id }) => _id)).toEqual(['a/log/2', 'a/log/10', 'b/log/1', 'b/log/2']);
});
