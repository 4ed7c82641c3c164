import { compareValues } from './compare.js';
import { NotCoveredError } from './errors.js';
import { valuesAt } from './paths.js';
import type { Doc } from './values.js';

/** Compares documents by a sort specification; null where it says nothing. Ties keep the order they come in. */
export function compileSort(sort: Readonly<Record<string, unknown>>): ((one: Doc, other: Doc) => number) | null {
  const keys = Object.entries(sort).map(([path, direction]): [string, 1 | -1] => {
    if (direction !== 1 && direction !== -1) throw new NotCoveredError(`the sort direction ${String(direction)}`);
    return [path, direction];
  });
  if (keys.length === 0) return null;
  return (one, other) => {
    for (const [path, direction] of keys) {
      const order = compareKeys(sortKey(one, path, direction), sortKey(other, path, direction));
      if (order !== 0) return order * direction;
    }
    return 0;
  };
}

/** An empty array sorts before null: it has no value at all. */
const NOTHING = Symbol('nothing');

function compareKeys(one: unknown, other: unknown): number {
  if (one === NOTHING || other === NOTHING) return Number(other === NOTHING) - Number(one === NOTHING);
  return compareValues(one, other);
}

/** Of an array the smallest member counts, or the largest where the sort goes down. */
function sortKey(document: Doc, path: string, direction: 1 | -1): unknown {
  const values = valuesAt(document, path);
  if (values.length === 1 && !Array.isArray(values[0])) return values[0];
  const members = values.flatMap((value) => (Array.isArray(value) && value.length === 0 ? [NOTHING] : value));
  if (members.length === 0) return null;
  return members.reduce((best, member) => (compareKeys(member, best) * direction < 0 ? member : best));
}
