import type { FieldError } from './problem.js';

/** The filters of a list, by name, with their values where they have few. */
export type KnownFilters = Readonly<Record<string, readonly string[] | null>>;

/** The filters of a query; what is wrong with them goes to `errors`. */
export function readFilters<F extends KnownFilters>(
  known: F,
  query: Readonly<Record<string, unknown>>,
  errors: FieldError[],
): Partial<Record<keyof F, string>> {
  const filters: Partial<Record<string, string>> = {};
  for (const [name, value] of Object.entries(query)) {
    const choices = Object.hasOwn(known, name) ? known[name] : undefined;
    if (choices === undefined) {
      const names = Object.keys(known).join(', ');
      errors.push({ field: name, message: `is not a filter of this list; filters are ${names}` });
    } else if (typeof value !== 'string' || value === '') errors.push({ field: name, message: 'must be given once' });
    else if (choices && !choices.includes(value)) {
      errors.push({ field: name, message: `must be one of ${choices.join(', ')}` });
    } else filters[name] = value;
  }
  return filters as Partial<Record<keyof F, string>>;
}
