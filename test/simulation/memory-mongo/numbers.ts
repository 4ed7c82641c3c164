import { mongo } from 'mongoose';

/** A finite number without loss: coefficient × 10^exponent, with no zero at the coefficient's end. */
interface Exact {
  readonly coefficient: bigint;
  readonly exponent: number;
}

type BsonNumber = number | mongo.Long | mongo.Decimal128;

const decimals = new WeakMap<mongo.Decimal128, Exact | number>();

export function isBsonNumber(value: unknown): value is BsonNumber {
  return typeof value === 'number' || value instanceof mongo.Long || value instanceof mongo.Decimal128;
}

export function isNotANumber(value: unknown): boolean {
  return typeof value === 'number'
    ? Number.isNaN(value)
    : value instanceof mongo.Decimal128 && Number.isNaN(exact(value));
}

/** By value, whatever the type; NaN is before everything else and equal to itself. */
export function compareNumbers(one: BsonNumber, other: BsonNumber): number {
  if (typeof one === 'number' && typeof other === 'number') return comparePlain(one, other);
  const [a, b] = [exact(one), exact(other)];
  if (typeof a === 'number' || typeof b === 'number') {
    // At least one of them is not finite: how large the finite one is does not matter.
    return comparePlain(typeof a === 'number' ? a : 0, typeof b === 'number' ? b : 0);
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.coefficient * 10n ** BigInt(a.exponent - exponent);
  const right = b.coefficient * 10n ** BigInt(b.exponent - exponent);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The same text for numbers that compare as equal. */
export function numberKey(value: BsonNumber): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value === 0 ? 'n0' : `n${value}`;
  const found = exact(value);
  if (typeof found === 'number') return `n${found}`;
  return found.exponent >= 0 && found.exponent < 40
    ? `n${found.coefficient * 10n ** BigInt(found.exponent)}`
    : `n${found.coefficient}e${found.exponent}`;
}

function comparePlain(one: number, other: number): number {
  if (Number.isNaN(one)) return Number.isNaN(other) ? 0 : -1;
  if (Number.isNaN(other)) return 1;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A plain number where it is not finite. */
function exact(value: BsonNumber): Exact | number {
  if (typeof value === 'number') return exactDouble(value);
  if (value instanceof mongo.Long) return trimmed(value.toBigInt(), 0);
  let known = decimals.get(value);
  if (known === undefined) {
    known = exactDecimal(value.toString());
    decimals.set(value, known);
  }
  return known;
}

function exactDouble(value: number): Exact | number {
  if (!Number.isFinite(value)) return value;
  let [scaled, halvings] = [value, 0];
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings += 1;
  }
  return trimmed(BigInt(scaled) * 5n ** BigInt(halvings), -halvings);
}

function exactDecimal(text: string): Exact | number {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/i.exec(text);
  if (!match) return Number(text);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  return trimmed(BigInt(`${sign}${whole}${fraction}`), Number(exponent) - fraction.length);
}

function trimmed(coefficient: bigint, exponent: number): Exact {
  if (coefficient === 0n) return { coefficient, exponent: 0 };
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent += 1;
  }
  return { coefficient, exponent };
}
