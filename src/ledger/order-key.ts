import type { RecordPosition } from './ledger-record.js';

const SLOT_DIGITS = 12;
const REVISION_DIGITS = 20;
const INDEX_DIGITS = 6;
const PLACE_DIGITS = 10;

/** After every event of its slot: an account read at slot S shows what all transactions up to S left behind. */
export const OBSERVATION_REVISION = 10n ** BigInt(REVISION_DIGITS) - 1n;

/**
 * Where one write of a record stands among all writes to the same document: slot, then the account's own revision,
 * then the transaction's place in the block and the event's in the trace. One string of fixed shape, because BSON
 * compares embedded documents by field name too, and a missing part would sort first ([ran], TRAPS 24).
 */
export function orderKey(position: RecordPosition, revision: bigint): string {
  return [
    position.slot.toString().padStart(SLOT_DIGITS, '0'),
    revision.toString().padStart(REVISION_DIGITS, '0'),
    position.index.toString().padStart(INDEX_DIGITS, '0'),
    position.place.toString().padStart(PLACE_DIGITS, '0'),
  ].join('.');
}

/** The slot of an order key. */
export function slotOfOrderKey(key: string): number {
  return Number(key.slice(0, SLOT_DIGITS));
}

/** The smallest order key of a slot: everything before it happened in an earlier slot. */
export function firstOrderKeyOfSlot(slot: number): string {
  return slot.toString().padStart(SLOT_DIGITS, '0');
}
