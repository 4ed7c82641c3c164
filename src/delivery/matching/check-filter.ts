import { checkStrictPattern } from './check-strict-pattern.js';
import { checkTriggerPattern } from './check-trigger-pattern.js';
import type { FilterMode } from './event-matcher.js';
import { FilterFaults, type FilterFault } from './filter-faults.js';
import { isObject } from './own-value.js';

/** Objects and lists within each other: the filter, its patterns, a list, an operator and what that takes. */
const MAX_LEVELS = 16;
/** As JSON; an API takes bodies of 64 KB. */
const MAX_BYTES = 32_768;
/** Keys and values of lists, all told: each one costs time for every event. */
const MAX_ITEMS = 2_000;
const PARTS = ['payload', 'context'];

/**
 * What is wrong with a filter, each fault with its place (`filter.payload.owner[0].$foo`); nothing when it may be saved.
 * In trigger mode it may be what trigger.dev itself would save; in strict mode only what has one meaning.
 */
export function checkFilter(filter: unknown, mode: FilterMode): readonly FilterFault[] {
  const faults = new FilterFaults();
  if (!isObject(filter)) {
    faults.add(['filter'], 'must be an object with `payload`, `context` or both');
    return faults.found;
  }
  if (!isBounded(filter, faults)) return faults.found;
  for (const [part, pattern] of Object.entries(filter)) {
    const place = ['filter', part];
    if (!PARTS.includes(part)) faults.add(place, 'is not known: a filter has `payload`, `context` or both');
    else if (!isObject(pattern)) faults.add(place, 'must be an object');
    else if (mode === 'strict') checkStrictPattern(pattern, place, faults);
    else checkTriggerPattern(pattern, place, faults);
  }
  return faults.found;
}

/** Before anything else: what follows goes as deep as the filter does. */
function isBounded(filter: unknown, faults: FilterFaults): boolean {
  let items = 0;
  const fits = (value: unknown, level: number): boolean => {
    if (typeof value !== 'object' || value === null) return true;
    const inner = Object.values(value);
    items += inner.length;
    return level <= MAX_LEVELS && items <= MAX_ITEMS && inner.every((item) => fits(item, level + 1));
  };
  const isFine = fits(filter, 1);
  if (items > MAX_ITEMS) faults.add(['filter'], `must have at most ${MAX_ITEMS} keys and values`);
  else if (!isFine)
    faults.add(['filter'], `must be at most ${MAX_LEVELS} levels deep, its lists and operators included`);
  else if (Buffer.byteLength(JSON.stringify(filter)) > MAX_BYTES) {
    faults.add(['filter'], `must be at most ${MAX_BYTES} bytes of JSON`);
  }
  return faults.found.length === 0;
}
