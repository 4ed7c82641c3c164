import type { FieldValue } from '../domain-kit/field.js';
import type { Model } from '../domain-kit/model.js';
import { Problem, type FieldError } from './problem.js';
import { filterValue, filterWords } from './filter-value.js';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;

/** A list request, understood. */
export interface ListQuery {
  readonly limit: number;
  readonly cursor: string | undefined;
  /** By field. */
  readonly filters: Readonly<Record<string, FieldValue>>;
}

/** The fields a list can be filtered by: those of the model's indexes. */
export function filterFields(model: Model): string[] {
  return [...new Set(model.indexes.flatMap((index) => Object.keys(index.keys)))].filter((name) => name in model.fields);
}

/** Fields of which one must be given beside `name`, because no index begins with it; none where it can stand alone. */
export function filtersBeside(model: Model, name: string): string[] {
  const leading = model.indexes
    .filter((index) => name in index.keys)
    .map((index) => Object.keys(index.keys)[0] as string);
  return leading.includes(name) ? [] : [...new Set(leading)];
}

/**
 * Reads the query of a list of `model`. An unknown parameter is refused, because ignoring it would answer another
 * question than the one asked; so is a combination of filters that no index serves.
 */
export function readListQuery(model: Model, query: Readonly<Record<string, unknown>>): ListQuery {
  const errors: FieldError[] = [];
  const allowed = filterFields(model);
  const { limit, cursor, rest } = readPaging(query, errors);
  const filters: Record<string, FieldValue> = {};
  for (const [name, text] of Object.entries(rest)) {
    const field = allowed.includes(name) ? model.fields[name] : undefined;
    if (!field) {
      errors.push({
        field: name,
        message: `is not a filter of this list; filters are ${allowed.join(', ') || 'none'}`,
      });
      continue;
    }
    const value = typeof text === 'string' ? filterValue(field, text) : undefined;
    if (value === undefined)
      errors.push({
        field: name,
        message: `must be ${filterWords(field)}${typeof text === 'string' ? '' : ', given once'}`,
      });
    else filters[name] = value;
  }
  const leading = model.indexes.map((index) => Object.keys(index.keys)[0]);
  const names = Object.keys(filters);
  if (names.length > 0 && !names.some((name) => leading.includes(name))) {
    const needed = model.indexes
      .filter((index) => names.some((name) => name in index.keys))
      .map((index) => Object.keys(index.keys)[0]);
    errors.push({ field: names[0] as string, message: `can be filtered by only together with ${needed.join(' or ')}` });
  }
  refuse(errors);
  return { limit, cursor, filters };
}

/** Takes `limit` and `cursor` out of a query. */
export function readPaging(query: Readonly<Record<string, unknown>>, errors: FieldError[]) {
  const { limit: limitText, cursor, ...rest } = query;
  const limit = limitText === undefined ? DEFAULT_LIMIT : typeof limitText === 'string' ? Number(limitText) : NaN;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    errors.push({ field: 'limit', message: `must be a whole number from 1 to ${MAX_LIMIT}` });
  }
  if (cursor !== undefined && typeof cursor !== 'string')
    errors.push({ field: 'cursor', message: 'must be given once' });
  return { limit, cursor: typeof cursor === 'string' ? cursor : undefined, rest };
}

/** Throws the 400 that names the fields, if there are any. */
export function refuse(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  throw new Problem('invalid-request', `Not valid: ${errors.map(({ field }) => field).join(', ')}.`, { errors });
}
