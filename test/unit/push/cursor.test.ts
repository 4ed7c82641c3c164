import fc from 'fast-check';
import { expect, it } from 'vitest';
import { behind, decodeCursor, encodeCursor, isAhead, leadsTo } from '../../../src/push/cursor.js';

const position = fc.record({
  next: fc.integer({ min: 1, max: 1e12 }),
  skip: fc.integer({ min: 0, max: 5_000 }),
  mark: fc.base64String({ maxLength: 12 }),
});

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
    ...[undefined, 7, '', 'x', {}, encoded({}), encoded([['a', 1, 0]]), encoded([['a', 0, 0, 'm']])],
    ...[encoded([['a', 1, -1, 'm']]), encoded([['a', 1, 0, 7]]), encoded([[1, 1, 1, 'm']]), 'A'.repeat(20_000)],
    ...[encoded([['a', 1.5, 0, 'm']]), encoded([['a', '1', 0, 'm']])],
    encoded(Array.from({ length: 101 }, (_, index) => [`p${index}`, 1, 0, 'm'])),
  ];
  for (const one of bad) expect(decodeCursor(one)).toBeNull();
});

it('says which of two is further', () => {
  expect(isAhead({ next: 3, skip: 0 }, { next: 2, skip: 9 })).toBe(true);
  expect(isAhead({ next: 2, skip: 1 }, { next: 2, skip: 0 })).toBe(true);
  expect(isAhead({ next: 2, skip: 1 }, { next: 2, skip: 1 })).toBe(false);
  expect(isAhead({ next: 1, skip: 9 }, { next: 2, skip: 0 })).toBe(false);
});

it('leads to the commit after the one it was told of, and in the middle of one to that one (000-7)', () => {
  const third = { number: 3, mark: 'third', after: 'second' };
  expect(leadsTo(behind({ number: 2, mark: 'second' }), third)).toBe(true);
  expect(leadsTo(behind({ number: 2, mark: 'another' }), third)).toBe(false);
  expect(leadsTo(behind({ number: 1, mark: 'second' }), third)).toBe(false);
  expect(leadsTo({ next: 3, skip: 1, mark: 'third' }, third)).toBe(true);
  expect(leadsTo({ next: 3, skip: 1, mark: 'second' }, third)).toBe(false);
});
