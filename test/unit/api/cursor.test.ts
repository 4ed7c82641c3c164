import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../src/api/cursor.js';

describe('cursor', () => {
  it('comes back as it was, for its own list', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.string(), (list, slot, id) => {
        expect(decodeCursor<[number, string]>(list, encodeCursor(list, [slot, id]), ['number', 'string'])).toEqual([
          slot,
          id,
        ]);
      }),
    );
  });

  it('is refused for another list, in another shape, or as any text', () => {
    const invalid = expect.objectContaining({ code: 'invalid-cursor' }) as Error;
    expect(() => decodeCursor<[string]>('b', encodeCursor('a', ['x']), ['string'])).toThrow(invalid);
    expect(() => decodeCursor<[number]>('a', encodeCursor('a', ['x']), ['number'])).toThrow(invalid);
    expect(() => decodeCursor<[string]>('a', encodeCursor('a', ['x', 'y']), ['string'])).toThrow(invalid);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor<[string]>('a', text, ['string'])).toThrow(invalid);
      }),
    );
  });
});
