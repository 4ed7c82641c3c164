import type { EventRecord } from '../records/event-record.js';
import { CHAIN_SOURCE } from '../records/send-event.js';

const MS_DIGITS = 15;
const ORDINAL_DIGITS = 15;
/** `<signature>/log/<n>` and `<signature>/cpi/<n>`, and what the relay puts after it. */
const CHAIN_EVENT = /\/(?:log|cpi)\/(\d+)(?:~|$)/;

/**
 * Where a record stands among those that are told in order, as a text that sorts. First by the moment it may be told, so that
 * a scheduled one takes the place of its moment; then as it came; what the chain tells at one moment by slot, then by its
 * number in the transaction.
 */
export function orderPosition(
  record: Pick<EventRecord, '_id' | 'deliverAt' | 'createdAt' | 'eventId' | 'context' | 'source'>,
): string {
  const { deliverAt, createdAt, _id } = record;
  const isOfChain = record.source === CHAIN_SOURCE;
  return [
    padded(deliverAt.getTime(), MS_DIGITS),
    padded(createdAt.getTime(), MS_DIGITS),
    padded(isOfChain ? slotOf(record.context) : 0, ORDINAL_DIGITS),
    padded(isOfChain ? Number(CHAIN_EVENT.exec(record.eventId)?.[1] ?? 0) : 0, ORDINAL_DIGITS),
    _id,
  ].join('/');
}

/** The moment in a position, in milliseconds since the epoch. */
export function positionMs(position: string): number {
  return Number(position.slice(0, MS_DIGITS));
}

function slotOf(context: unknown): number {
  if (context === null || typeof context !== 'object' || !Object.hasOwn(context, 'slot')) return 0;
  const slot = Number((context as { slot: unknown }).slot);
  return Number.isSafeInteger(slot) && slot >= 0 ? slot : 0;
}

function padded(value: number, digits: number): string {
  return String(Math.max(0, value)).padStart(digits, '0');
}
