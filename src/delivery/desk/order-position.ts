import type { EventRecord } from '../records/event-record.js';

const MS_DIGITS = 15;

/**
 * Where a record stands among those that are told in order, as a text that sorts. First by the moment it may be told, so that
 * a scheduled one takes the place of its moment; then as it came; what came together, a bulk or a step of the chain's, by ids
 * that rise in its order (new-id.ts).
 */
export function orderPosition({
  deliverAt,
  createdAt,
  _id,
}: Pick<EventRecord, '_id' | 'deliverAt' | 'createdAt'>): string {
  return [padded(deliverAt.getTime()), padded(createdAt.getTime()), _id].join('/');
}

/** The moment in a position, in milliseconds since the epoch. */
export function positionMs(position: string): number {
  return Number(position.slice(0, MS_DIGITS));
}

function padded(ms: number): string {
  return String(Math.max(0, ms)).padStart(MS_DIGITS, '0');
}
