import { createHash } from 'node:crypto';
import type { EventRecord } from '../records/event-record.js';

/** Longer ones are kept as their hash: an index entry holds 1,024 bytes on old servers. */
const LONGEST = 200;

/**
 * What orders the record's deliveries: the value at the path into it (`['payload', 'owner']`), by own properties only. Null
 * when there is no path; where there is no value, all such records are in order among themselves.
 */
export function orderKeyOf(orderBy: readonly string[] | null, record: EventRecord): string | null {
  if (orderBy === null) return null;
  let value: unknown = record;
  for (const name of orderBy) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) value = undefined;
    else value = (value as Record<string, unknown>)[name];
  }
  const text = value === undefined ? 'none' : `=${JSON.stringify(value)}`;
  return text.length <= LONGEST ? text : `#${createHash('sha256').update(text).digest('hex')}`;
}
