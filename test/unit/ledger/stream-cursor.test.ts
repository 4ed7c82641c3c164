import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeStreamCursor,
  encodeStreamCursor,
  parseStreamStart,
  positionOf,
} from '../../../src/ledger/stream-cursor.js';

const within = fc.option(fc.tuple(fc.nat(), fc.string({ maxLength: 88 }), fc.nat(), fc.string({ maxLength: 100 })));
const position = fc.record({
  ...{ program: fc.constant('coupons'), since: fc.nat(), late: fc.nat(), lateSkip: fc.nat() },
  read: fc.record({ slot: fc.nat(), within }),
});

describe('a cursor of a stable stream (004-3.4)', () => {
  it('is read back as it was, and by no other program', () => {
    fc.assert(
      fc.property(position, (one) => {
        const cursor = encodeStreamCursor(one);
        expect(decodeStreamCursor('coupons', cursor)).toEqual(one);
        expect(decodeStreamCursor('red-packets', cursor)).toBeNull();
        expect(parseStreamStart(cursor)).toEqual({ cursor });
      }),
    );
  });

  it('is refused where it is none', () => {
    fc.assert(fc.property(fc.string(), (text) => decodeStreamCursor('coupons', text) === null));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const cursor = Buffer.from(JSON.stringify(['coupons', 0, 0, 0, 7, value])).toString('base64url');
        const isPlace = value === null || (Array.isArray(value) && value.length === 4);
        return isPlace || decodeStreamCursor('coupons', cursor) === null;
      }),
    );
    expect(decodeStreamCursor('coupons', 'a'.repeat(5_000))).toBeNull();
  });

  it('of a database that never gave it is expired', () => {
    const cursor = encodeStreamCursor({
      ...{ program: 'coupons', since: 0, late: 3, lateSkip: 0 },
      read: { slot: 7, within: null },
    });
    expect(positionOf('coupons', { cursor }, { slot: 9, late: 3 }).late).toBe(3);
    // Of a chain that was begun anew: it would wait in silence until the new one has come so far.
    for (const head of [null, { slot: 9, late: 2 }, { slot: 6, late: 3 }]) {
      expect(() => positionOf('coupons', { cursor }, head)).toThrow(/not kept any more/);
    }
    const waiting = positionOf('coupons', 40, { slot: 9, late: 3 });
    expect(positionOf('coupons', { cursor: encodeStreamCursor(waiting) }, { slot: 9, late: 3 })).toEqual(waiting);
  });
});

it('a stream begins at what is stable now, at the beginning or at a slot, and not with what was late before (004-3.4)', () => {
  const head = { slot: 50, late: 2 };
  const at = (slot: number, since: number) => ({
    ...{ program: 'coupons', since, late: 2, lateSkip: 0 },
    read: { slot, within: null },
  });
  expect(positionOf('coupons', 'now', head)).toEqual(at(50, 0));
  expect(positionOf('coupons', 'start', head)).toEqual(at(-1, 0));
  expect(positionOf('coupons', 40, head)).toEqual(at(39, 40));
  expect(positionOf('coupons', 'now', null)).toEqual({ ...at(-1, 0), late: 0 });
  expect([parseStreamStart('now'), parseStreamStart('start'), parseStreamStart('40')]).toEqual(['now', 'start', 40]);
  expect([parseStreamStart(''), parseStreamStart('9'.repeat(20))]).toEqual([null, null]);
});
