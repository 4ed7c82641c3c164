import type { mongo } from 'mongoose';
import { adviceFor } from '../ledger/dead-advice.js';
import {
  countDeadItems,
  DEAD_KINDS,
  DEAD_REASONS,
  listDeadItems,
  type DeadFilter,
  type DeadItem,
  type DeadKind,
  type DeadReason,
} from '../ledger/dead-items.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { DocumentView } from './document-view.js';
import { readPaging, refuse } from './list-query.js';
import type { FieldError } from './problem.js';
import { jsonValue } from '../lib/json-value.js';

/** Filters of the list. `all=true`: what was dropped, or completed otherwise, too. */
export const DEAD_FILTERS = {
  program: null,
  reason: DEAD_REASONS,
  kind: DEAD_KINDS,
  all: ['true', 'false'],
} as const;

/** A page of dead letters, newest slot first, with how many there are in all. */
export async function readDeadLetterPage(
  db: mongo.Db,
  programs: readonly string[],
  query: Readonly<Record<string, unknown>>,
): Promise<{ items: DocumentView[]; nextCursor: string | null; counts: Record<DeadKind, number> }> {
  const errors: FieldError[] = [];
  const { limit, cursor, rest } = readPaging(query, errors);
  const filters = readFilters(rest, errors);
  refuse(errors);
  const list = `dead-letters?${JSON.stringify(Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
  const after =
    cursor === undefined ? null : decodeCursor<[number, string, string]>(list, cursor, ['number', 'string', 'string']);
  const filter: DeadFilter = {
    programs: filters['program'] === undefined ? programs : [filters['program']],
    ...(filters['reason'] === undefined ? {} : { reason: filters['reason'] as DeadReason }),
    ...(filters['kind'] === undefined ? {} : { kind: filters['kind'] as DeadKind }),
    closed: filters['all'] === 'true',
  };
  const [items, counts] = await Promise.all([
    listDeadItems(db, filter, limit + 1, after as [number, string, DeadKind] | null),
    countDeadItems(db, filter),
  ]);
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(deadLetterView),
    nextCursor: items.length > limit && last ? encodeCursor(list, [last.slot, last.id, last.kind]) : null,
    counts,
  };
}

/** A dead letter as JSON, its bytes as hex, with what to do about it. */
export function deadLetterView(item: DeadItem): DocumentView {
  return {
    ...item,
    data: jsonValue(item.data),
    raw: item.raw === null ? null : Buffer.from(item.raw).toString('hex'),
    advice: adviceFor(item.reason),
  };
}

function readFilters(query: Readonly<Record<string, unknown>>, errors: FieldError[]): Record<string, string> {
  const filters: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    const choices = Object.hasOwn(DEAD_FILTERS, name) ? DEAD_FILTERS[name as keyof typeof DEAD_FILTERS] : undefined;
    if (choices === undefined) {
      const known = Object.keys(DEAD_FILTERS).join(', ');
      errors.push({ field: name, message: `is not a filter of this list; filters are ${known}` });
    } else if (typeof value !== 'string') errors.push({ field: name, message: 'must be given once' });
    else if (choices && !(choices as readonly string[]).includes(value)) {
      errors.push({ field: name, message: `must be one of ${choices.join(', ')}` });
    } else filters[name] = value;
  }
  return filters;
}
