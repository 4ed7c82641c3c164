import { Problem } from './problem.js';

/** Where a page ended: the values its list is sorted by. Opaque to clients. */
export type CursorKey = readonly (string | number)[];

/** `list` ties the cursor to one list with its filters, so that it cannot be used on another by mistake. */
export function encodeCursor(list: string, key: CursorKey): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url');
}

/**
 * The key in a cursor, of the given shape.
 * @throws Problem `invalid-cursor` for anything that is not a cursor of this list.
 */
export function decodeCursor<K extends CursorKey>(
  list: string,
  cursor: string,
  shape: { [I in keyof K]: 'string' | 'number' },
): K {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw invalidCursor();
  }
  if (!Array.isArray(parsed) || parsed[0] !== list || parsed.length !== shape.length + 1) throw invalidCursor();
  const key = parsed.slice(1) as unknown[];
  if (!key.every((part, index) => typeof part === shape[index])) throw invalidCursor();
  return key as unknown as K;
}

function invalidCursor(): Problem {
  const message = 'must be the nextCursor of the page before, on the same list with the same filters';
  return new Problem('invalid-cursor', undefined, { errors: [{ field: 'cursor', message }] });
}
