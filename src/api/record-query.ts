import type { RecordFilter } from '../delivery/records/list-records.js';
import type { FieldError } from './problem.js';
import { readFilters } from './read-filters.js';

/** Filters of the list of event records, with their values where they have few. */
export const RECORD_FILTERS = {
  ...{ name: null, source: null, state: ['due', 'delivered'], accountId: null, eventId: null },
  ...{ since: null, until: null, isTest: ['true', 'false'] },
} as const;
const TIMES = ['since', 'until'] as const;

/** The filters of a query; what is wrong with them goes to `errors`. */
export function readRecordFilter(query: Readonly<Record<string, unknown>>, errors: FieldError[]): RecordFilter {
  const texts = readFilters(RECORD_FILTERS, query, errors);
  for (const name of TIMES) {
    if (texts[name] !== undefined && Number.isNaN(Date.parse(texts[name])))
      errors.push({ field: name, message: 'must be a time such as 2026-01-31T12:00:00Z' });
  }
  const { since, until, isTest, state, ...rest } = texts;
  return {
    ...rest,
    ...(state === 'due' || state === 'delivered' ? { state } : {}),
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(isTest === undefined ? {} : { isTest: isTest === 'true' }),
  };
}
