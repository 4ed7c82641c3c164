import { equalButForCase } from './equal-but-for-case.js';
import { mismatch, type Mismatch } from './mismatch.js';

/**
 * Where `value` does not fit `pattern` for `eventFilterMatches` of @trigger.dev/core 2.3.19, whose order of questions and
 * conversions are kept as they are: unknown operators fit, of several operators in one object one counts, a pattern that
 * is no list and no object says nothing. Two things differ. What a value inherits (`constructor`) is not looked at, and
 * where the original throws nothing fits.
 */
export function triggerMismatch(value: unknown, pattern: object): Mismatch | null {
  try {
    return insideOf(value, pattern);
  } catch {
    return mismatch(pattern, value);
  }
}

function insideOf(value: unknown, pattern: object): Mismatch | null {
  if (value === undefined || value === null) {
    return Object.keys(pattern).length === 0 ? null : mismatch(pattern, value);
  }
  for (const key of Object.keys(pattern)) {
    const found = atKey(ownOf(value, key), (pattern as Readonly<Record<string, unknown>>)[key]);
    if (found === null) continue;
    found.keys.push(key);
    return found;
  }
  return null;
}

/** Texts and lists have keys of their own too: places, and `length`. */
function ownOf(value: NonNullable<unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function atKey(value: unknown, wanted: unknown): Mismatch | null {
  if (Array.isArray(wanted)) return listMismatch(value, wanted);
  if (typeof wanted !== 'object') return null;
  // The original throws.
  if (wanted === null) return mismatch(wanted, value);
  if (!Array.isArray(value)) return insideOf(value, wanted);
  return value.some((element) => insideOf(element, wanted) === null) ? null : mismatch(wanted, value);
}

const PLAIN = ['string', 'number', 'boolean'];

function listMismatch(value: unknown, wanted: readonly unknown[]): Mismatch | null {
  if (wanted.length === 0) return null;
  const kind = typeof wanted[0];
  if (PLAIN.includes(kind) && wanted.every((item) => typeof item === kind)) {
    return wanted.includes(value) ? null : mismatch(wanted, value);
  }
  for (const condition of wanted) {
    if (typeof condition !== 'object') continue;
    if (condition === null || !conditionHolds(value, condition)) return mismatch(condition, value);
  }
  return null;
}

/** The first operator in this order counts, whatever comes beside it. */
const ORDER = [
  ...['$endsWith', '$startsWith', '$anythingBut', '$exists', '$gt', '$lt', '$gte', '$lte', '$between', '$includes'],
  ...['$ignoreCaseEquals', '$isNull', '$not'],
];

function conditionHolds(value: unknown, condition: object): boolean {
  const keys = Object.keys(condition);
  const name = keys.length === 1 ? keys[0] : ORDER.find((known) => Object.hasOwn(condition, known));
  return name === undefined || operatorHolds(name, (condition as Readonly<Record<string, unknown>>)[name], value);
}

/** As the original has it, which converts what it compares with by JavaScript's rules: the types say less than it takes. */
function operatorHolds(name: string, operand: unknown, value: unknown): boolean {
  switch (name) {
    case '$endsWith':
      return typeof value === 'string' && value.endsWith(operand as string);
    case '$startsWith':
      return typeof value === 'string' && value.startsWith(operand as string);
    case '$anythingBut':
      return !(Array.isArray(operand) && operand.includes(value)) && operand !== value;
    case '$exists':
      return operand ? value !== undefined : value === undefined;
    case '$gt':
      return typeof value === 'number' && value > (operand as number);
    case '$lt':
      return typeof value === 'number' && value < (operand as number);
    case '$gte':
      return typeof value === 'number' && value >= (operand as number);
    case '$lte':
      return typeof value === 'number' && value <= (operand as number);
    case '$between': {
      const range = operand as readonly [number, number];
      return typeof value === 'number' && value >= range[0] && value <= range[1];
    }
    case '$includes':
      return Array.isArray(value) && value.includes(operand);
    case '$ignoreCaseEquals':
      return typeof value === 'string' && equalButForCase(value, operand as string);
    case '$isNull':
      return operand ? value === null : value !== null;
    case '$not':
      if (Array.isArray(value)) return !value.includes(operand);
      return PLAIN.includes(typeof value) && value !== operand;
    default:
      return true;
  }
}
