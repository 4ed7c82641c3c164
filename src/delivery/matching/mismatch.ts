import { toJson } from '../../lib/json.js';

/** Where an event does not fit a filter. It is made for every dispatcher that an event does not reach: words come later. */
export interface Mismatch {
  /** Keys into the event, the innermost first. */
  readonly keys: string[];
  /** What the filter asks for there: a list, one of its operators, or a pattern. */
  readonly expected: unknown;
  /** What the event has there. Undefined: nothing. */
  readonly actual: unknown;
}

/** A mismatch in words, for people. */
export interface MismatchWords {
  /** Into the event: `payload.owner`. */
  readonly path: string;
  readonly detail: string;
}

/** Characters of a value that are shown at most: an explanation is no copy of the payload. */
const SHOWN_CHARACTERS = 120;
const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;
const NUMERIC_TEXT = /^-?\d+$/;

/** A mismatch at this very place; whoever looks into something with a key adds the key. */
export function mismatch(expected: unknown, actual: unknown): Mismatch {
  return { keys: [], expected, actual };
}

/** Says where it is and what is wrong there. */
export function describeMismatch({ keys, expected, actual }: Mismatch): MismatchWords {
  return { path: pathOf([...keys].reverse()), detail: `${factOf(actual)}, ${wishOf(expected, actual)}` };
}

/** `payload.owner`, `payload["a.b"]`; a number is a place in a list. */
export function pathOf(keys: readonly (string | number)[]): string {
  return keys
    .map((key, at) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!PLAIN_KEY.test(key)) return `[${JSON.stringify(key)}]`;
      return at === 0 ? key : `.${key}`;
    })
    .join('');
}

function factOf(actual: unknown): string {
  return actual === undefined ? 'is missing' : `is ${shown(actual)}`;
}

function wishOf(expected: unknown, actual: unknown): string {
  if (!Array.isArray(expected)) {
    const some = Array.isArray(actual) && !isOperator(expected) ? 'no element of it fits' : 'does not fit';
    return `which ${some} ${shown(expected)}`;
  }
  const digits = typeof actual === 'string' && NUMERIC_TEXT.test(actual) && expected.includes(Number(actual));
  if (digits) return `which is a text, and not one of ${shown(expected)}: write the number as a text in the filter`;
  if (Array.isArray(actual)) return `which is a list, and never one of ${shown(expected)}: $includes looks into lists`;
  return `which is not one of ${shown(expected)}`;
}

function isOperator(expected: unknown): boolean {
  return typeof expected === 'object' && expected !== null && Object.keys(expected).some((key) => key.startsWith('$'));
}

function shown(value: unknown): string {
  const text = toJson(value) ?? String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
