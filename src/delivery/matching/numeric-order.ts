/** Digits of a text that is taken for a number: a u256 has 78, and longer ones would cost time. */
const MAX_DIGITS = 78;
const WHOLE = new RegExp(`^-?\\d{1,${MAX_DIGITS}}$`);

/**
 * The order of two numbers, exactly: each a JSON number or a text of digits, as u64s come. NaN, which is in no order, when
 * one of them is neither.
 */
export function numericOrder(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [numeric(a), numeric(b)];
  if (left === null || right === null) return Number.NaN;
  // JavaScript compares a BigInt with a number without rounding either.
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether a value has a place in that order. */
export function isNumeric(value: unknown): boolean {
  return numeric(value) !== null;
}

function numeric(value: unknown): number | bigint | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' && WHOLE.test(value) ? BigInt(value) : null;
}
