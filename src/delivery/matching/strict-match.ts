import { mismatch, type Mismatch } from './mismatch.js';
import { isObject, ownValue, type JsonObject } from './own-value.js';
import { isOperator, operatorHolds } from './operators.js';

/**
 * Where `value` does not fit `pattern`, read strictly; null when it fits. A pattern that was never checked fits nothing
 * where it cannot be understood.
 */
export function strictMismatch(value: unknown, pattern: JsonObject): Mismatch | null {
  const keys = Object.keys(pattern);
  if (keys.length === 0) return null;
  if (!isObject(value)) return mismatch(pattern, value);
  for (const key of keys) {
    const found = atKey(ownValue(value, key), pattern[key]);
    if (found === null) continue;
    found.keys.push(key);
    return found;
  }
  return null;
}

function atKey(value: unknown, wanted: unknown): Mismatch | null {
  if (Array.isArray(wanted)) return listMismatch(value, wanted);
  if (!isObject(wanted)) return mismatch(wanted, value);
  if (!Array.isArray(value)) return strictMismatch(value, wanted);
  const fits = value.some((element) => strictMismatch(element, wanted) === null) || Object.keys(wanted).length === 0;
  return fits ? null : mismatch(wanted, value);
}

/** A list of plain values: one of them. A list of operators: all of them. */
function listMismatch(value: unknown, wanted: readonly unknown[]): Mismatch | null {
  if (!isObject(wanted[0])) return wanted.includes(value) ? null : mismatch(wanted, value);
  for (const condition of wanted) {
    if (!conditionHolds(value, condition)) return mismatch(condition, value);
  }
  return null;
}

function conditionHolds(value: unknown, condition: unknown): boolean {
  if (!isObject(condition)) return false;
  const [name, ...others] = Object.keys(condition);
  if (name === undefined || others.length > 0 || !isOperator(name)) return false;
  return operatorHolds(name, condition[name], value);
}
