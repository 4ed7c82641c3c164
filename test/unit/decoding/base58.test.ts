import bs58 from 'bs58';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase58, isBase58, publicKeyToBase58 } from '../../../src/decoding/base58.js';

const zeros = fc.nat(40).map((count) => new Uint8Array(count));
const bytes = fc
  .tuple(zeros, fc.uint8Array({ maxLength: 200 }))
  .map(([front, rest]) => Uint8Array.from([...front, ...rest]));

describe('base58 equals bs58', () => {
  it('for keys, wherever they lie', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(32),
        fc.nat(5),
        (random, zeroBytes, offset) => {
          const key = random.fill(0, 0, zeroBytes);
          const padded = Uint8Array.from([...new Array<number>(offset).fill(9), ...key, 9]);
          expect(publicKeyToBase58(padded, offset)).toBe(bs58.encode(key));
        },
      ),
      { numRuns: 3000 },
    );
    for (const value of [0, 255]) {
      const key = new Uint8Array(32).fill(value);
      expect(publicKeyToBase58(key, 0)).toBe(bs58.encode(key));
    }
  });

  it('for data of any length', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(decodeBase58(bs58.encode(data))).toEqual(data);
      }),
      { numRuns: 1000 },
    );
    // Around where its parts begin and end, and as much as an inner instruction may carry.
    const lengths = [...Array.from({ length: 60 }, (_, length) => length), 10_240];
    for (const length of lengths) {
      const data = Uint8Array.from({ length }, (_, at) => (at < length / 3 ? 0 : 255));
      expect(decodeBase58(bs58.encode(data))).toEqual(data);
    }
  });

  it('for texts that are and are not base58', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 4 }),
          fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 4 }),
        ),
        (text) => {
          const theirs = bs58.decodeUnsafe(text);
          expect(decodeBase58(text)).toEqual(theirs && new Uint8Array(theirs));
          expect(isBase58(text)).toBe(theirs !== undefined);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
