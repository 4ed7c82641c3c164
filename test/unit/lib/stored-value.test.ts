import fc from 'fast-check';
import { mongo } from 'mongoose';
import { expect, it } from 'vitest';
import { fromStored, toStored } from '../../../src/lib/stored-value.js';

/** Through real BSON bytes, as the driver reads and writes them. */
function roundTrip(value: unknown): unknown {
  const { BSON } = mongo;
  return fromStored(BSON.deserialize(BSON.serialize({ value: toStored(value) }))['value']);
}

const integers = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  fc.bigInt({ min: -(2n ** 255n), max: 2n ** 256n - 1n }),
);
const decoded = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    integers,
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('$5 off', '$$ROOT', 'a.b', ''),
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.uint8Array(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/), tie('value'), { maxKeys: 4 }),
  ),
})).value;

it('gives back every decoded value as it was, through BSON (TRAPS 26)', () => {
  fc.assert(
    fc.property(decoded, (value) => {
      expect(roundTrip(value)).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

it('keeps the ends of every integer type', () => {
  const ends = [64n, 128n, 256n].flatMap((bits) => [2n ** bits - 1n, 2n ** (bits - 1n) - 1n, -(2n ** (bits - 1n))]);
  expect(ends.map(roundTrip)).toEqual(ends);
});

it('refuses a date that is none, which BSON would turn into 1970', () => {
  expect(() => toStored({ at: new Date(Number.NaN) })).toThrow(TypeError);
});

it('stores a u64 as a number that MongoDB can sort and compare', () => {
  expect(toStored(2n ** 64n - 1n)).toEqual(mongo.Decimal128.fromString('18446744073709551615'));
});

it('reads a whole number however somebody else wrote it', () => {
  const forms = ['5', '5.0', '5E+3', '0.50E+1', '-7.00', '0E-5', '0.0'].map((text) =>
    mongo.Decimal128.fromString(text),
  );
  expect(forms.map(fromStored)).toEqual([5n, 5n, 5_000n, 5n, -7n, 0n, 0n]);
  expect(fromStored(mongo.Long.fromString('9007199254740993'))).toBe(9_007_199_254_740_993n);
});

it('never takes for a whole number what is none, and never throws', () => {
  const forms = ['1.5', '-0.5', '1E-3', 'NaN', 'Infinity', '-Infinity'].map((text) =>
    mongo.Decimal128.fromString(text),
  );
  expect(forms.map(fromStored)).toEqual([1.5, -0.5, 0.001, NaN, Infinity, -Infinity]);
});
