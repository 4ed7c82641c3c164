import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor, isAhead } from '../../../src/push/cursor.js';

const position = fc.record({ next: fc.integer({ min: 1, max: 1e12 }), skip: fc.integer({ min: 0, max: 5_000 }) });

it('comes back as it was, for any programs (000-7)', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(fc.string(), position), { selector: ([name]) => name }), (entries) => {
      expect(decodeCursor(encodeCursor(new Map(entries)))).toEqual(new Map(entries));
    }),
  );
});

it('is nothing else than what was given out, and never throws', () => {
  fc.assert(fc.property(fc.anything(), (value) => void decodeCursor(value)));
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bad = [
    ...[undefined, 7, '', 'x', {}, encoded({}), encoded([['a', 1]]), encoded([['a', 0, 0]]), encoded([['a', 1, -1]])],
    ...[encoded([[1, 1, 1]]), encoded([['a', 1.5, 0]]), encoded([['a', '1', 0]]), 'A'.repeat(20_000)],
    encoded(Array.from({ length: 101 }, (_, index) => [`p${index}`, 1, 0])),
  ];
  for (const one of bad) expect(decodeCursor(one)).toBeNull();
});

it('says which of two is further', () => {
  expect(isAhead({ next: 3, skip: 0 }, { next: 2, skip: 9 })).toBe(true);
  expect(isAhead({ next: 2, skip: 1 }, { next: 2, skip: 0 })).toBe(true);
  expect(isAhead({ next: 2, skip: 1 }, { next: 2, skip: 1 })).toBe(false);
  expect(isAhead({ next: 1, skip: 9 }, { next: 2, skip: 0 })).toBe(false);
});
