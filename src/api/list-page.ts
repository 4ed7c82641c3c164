import type { TimePlace } from '../lib/older-than.js';
import { decodeCursor, encodeCursor, type CursorKey } from './cursor.js';

/** Which page is asked for. */
interface PageRequest {
  /** What the cursor is tied to: the list with its filters. */
  readonly list: string;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** A page, and where the next one begins; null: this is the last. */
interface ListPage<T> {
  readonly shown: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Reads a page of a list. `read` is asked for one more than is shown: whether there is, says whether there is another page.
 * @throws Problem `invalid-cursor`
 */
export async function readListPage<T, K extends CursorKey>(
  { list, limit, cursor }: PageRequest,
  shape: { [I in keyof K]: 'string' | 'number' },
  read: (limit: number, after: K | null) => Promise<readonly T[]>,
  keyOf: (item: T) => K,
): Promise<ListPage<T>> {
  const after = cursor === undefined ? null : decodeCursor<K>(list, cursor, shape);
  const found = await read(limit + 1, after);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return { shown, nextCursor: found.length > limit && last !== undefined ? encodeCursor(list, keyOf(last)) : null };
}

/** The same of a list by the time when things were made, the newest first. */
export function readNewestFirst<T extends { readonly createdAt: Date }>(
  request: PageRequest,
  read: (limit: number, after: TimePlace | null) => Promise<readonly T[]>,
  idOf: (item: T) => string,
): Promise<ListPage<T>> {
  return readListPage<T, readonly [number, string]>(
    request,
    ['number', 'string'],
    (limit, after) => read(limit, after && { createdAt: new Date(after[0]), _id: after[1] }),
    (item) => [item.createdAt.getTime(), idOf(item)],
  );
}
