import { mongo } from 'mongoose';
import { NotCoveredError } from './errors.js';
import { compareNumbers, isBsonNumber, numberKey } from './numbers.js';
import { isEmbedded, type Doc } from './values.js';

/** MongoDB's order of types. https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/ */
export function typeRank(value: unknown): number {
  if (value === null || value === undefined) return 5;
  if (isBsonNumber(value)) return 10;
  if (typeof value === 'string') return 15;
  if (isEmbedded(value)) return 20;
  if (Array.isArray(value)) return 25;
  if (value instanceof mongo.Binary) return 30;
  if (value instanceof mongo.ObjectId) return 35;
  if (typeof value === 'boolean') return 40;
  if (value instanceof Date) return 45;
  throw new NotCoveredError('a value of this type in a comparison');
}

/** Negative, zero or positive, as MongoDB sorts. */
export function compareValues(one: unknown, other: unknown): number {
  if (typeof one === 'string' && typeof other === 'string') return compareText(one, other);
  const rank = typeRank(one);
  const between = rank - typeRank(other);
  if (between !== 0) return between;
  if (isBsonNumber(one) && isBsonNumber(other)) return compareNumbers(one, other);
  if (isEmbedded(one) && isEmbedded(other)) return compareDocuments(one, other);
  if (Array.isArray(one) && Array.isArray(other)) return compareArrays(one, other);
  if (one instanceof mongo.Binary && other instanceof mongo.Binary) return compareBinaries(one, other);
  if (one instanceof mongo.ObjectId && other instanceof mongo.ObjectId) {
    return compareText(one.toHexString(), other.toHexString());
  }
  if (typeof one === 'boolean') return Number(one) - Number(other);
  if (one instanceof Date && other instanceof Date) return one.getTime() - other.getTime();
  return 0;
}

/** UTF-8 order, which is that of code points and not of JavaScript's code units. */
function compareText(one: string, other: string): number {
  if (one === other) return 0;
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at++) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : codeUnitRank(a) - codeUnitRank(b);
  }
  return one.length - other.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function codeUnitRank(unit: number): number {
  return isSurrogate(unit) ? unit + 0x10000 : unit;
}

function compareDocuments(one: Doc, other: Doc): number {
  const [names, others] = [Object.keys(one), Object.keys(other)];
  for (let at = 0; at < names.length && at < others.length; at++) {
    const [name, its] = [names[at] as string, others[at] as string];
    const order =
      typeRank(one[name]) - typeRank(other[its]) || compareText(name, its) || compareValues(one[name], other[its]);
    if (order !== 0) return order;
  }
  return names.length - others.length;
}

function compareArrays(one: readonly unknown[], other: readonly unknown[]): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    const order = compareValues(one[at], other[at]);
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

function compareBinaries(one: mongo.Binary, other: mongo.Binary): number {
  return one.position - other.position || one.sub_type - other.sub_type || Buffer.compare(one.value(), other.value());
}

/** The same text for values that compare as equal, for use as a key. */
export function valueKey(value: unknown): string {
  if (typeof value === 'string') return `s${value}`;
  if (value === null || value === undefined) return 'z';
  if (isBsonNumber(value)) return numberKey(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value instanceof Date) return `d${value.getTime()}`;
  if (value instanceof mongo.ObjectId) return `o${value.toHexString()}`;
  if (value instanceof mongo.Binary) return `b${value.sub_type}:${Buffer.from(value.value()).toString('latin1')}`;
  if (Array.isArray(value)) return `[${value.map((item) => JSON.stringify(valueKey(item))).join()}]`;
  if (isEmbedded(value)) {
    return `{${Object.entries(value)
      .map(([name, item]) => JSON.stringify([name, valueKey(item)]))
      .join()}}`;
  }
  throw new NotCoveredError('a value of this type as a key');
}

/** The same value, type and order of fields: what MongoDB calls no change. */
export function isIdentical(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, at) => isIdentical(item, other[at]));
  }
  if (isEmbedded(one)) {
    if (!isEmbedded(other)) return false;
    const [names, others] = [Object.keys(one), Object.keys(other)];
    return (
      names.length === others.length &&
      names.every((name, at) => name === others[at] && isIdentical(one[name], other[name]))
    );
  }
  if (one instanceof mongo.Decimal128 || other instanceof mongo.Decimal128) {
    // 5 and 5.0 are equal, and yet not the same.
    return one instanceof mongo.Decimal128 && other instanceof mongo.Decimal128 && one.toString() === other.toString();
  }
  return typeRank(one) === typeRank(other) && compareValues(one, other) === 0;
}
