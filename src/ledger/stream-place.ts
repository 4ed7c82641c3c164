import type { LedgerRecord } from './ledger-record.js';

/** What orders the events of one slot: the transaction's place in the block where it is known, the transaction, the place in it. */
export type PlaceInSlot = readonly [index: number, signature: string, place: number, id: string];

/** How far the events of a program were read in the chain's order. */
export interface StreamPlace {
  readonly slot: number;
  /** The last event of the slot that was read; null: all of the slot was. */
  readonly within: PlaceInSlot | null;
}

/** Before all events of a slot. */
export const BEFORE_ALL: PlaceInSlot = [-1, '', -1, ''];

type Placed = Pick<LedgerRecord, '_id' | 'slot' | 'index' | 'signature' | 'place'>;

/** Where an event stands. */
export function placeOf({
  _id,
  slot,
  index,
  signature,
  place,
}: Placed): StreamPlace & { readonly within: PlaceInSlot } {
  return { slot, within: [index, signature, place, _id] };
}

/** Is the event at or before this place, so that whoever stands there has passed it? */
export function isPassed(event: Placed, place: StreamPlace): boolean {
  if (event.slot !== place.slot) return event.slot < place.slot;
  return place.within === null || compareWithin(placeOf(event).within, place.within) <= 0;
}

/** The chain's order, as far as it is known: slot, transaction, place in its trace. */
export function compareEvents(one: Placed, other: Placed): number {
  return one.slot - other.slot || compareWithin(placeOf(one).within, placeOf(other).within);
}

function compareWithin(one: PlaceInSlot, other: PlaceInSlot): number {
  for (const [position, part] of one.entries()) {
    const against = other[position] as typeof part;
    if (part !== against) return part < against ? -1 : 1;
  }
  return 0;
}
