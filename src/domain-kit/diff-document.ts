import type { FieldValue } from './field.js';

/** One owned field that is not what it should be. `undefined` = the field is not there. */
export interface FieldDifference {
  readonly field: string;
  readonly expected: FieldValue | undefined;
  readonly actual: FieldValue | undefined;
}

/** The owned fields in which a document differs from what it should hold, among `names`. */
export function diffFields(
  names: readonly string[],
  expected: Readonly<Record<string, FieldValue | undefined>>,
  actual: Readonly<Record<string, FieldValue | undefined>>,
): FieldDifference[] {
  return names
    .filter((name) => !isSameValue(expected[name], actual[name]))
    .map((field) => ({ field, expected: expected[field], actual: actual[field] }));
}

/** Numbers and bigints are the same when they are the same number: somebody may have stored 5 as an int. */
function isSameValue(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  if (typeof one === 'bigint' && typeof other === 'number') return Number.isInteger(other) && one === BigInt(other);
  if (typeof one === 'number' && typeof other === 'bigint') return Number.isInteger(one) && BigInt(one) === other;
  return one === other;
}
