import type { EventRecord } from '../records/event-record.js';
import { chainEventId } from '../records/relay/chain-record.js';

/** What decides whether a record that was distributed long ago is still needed. */
export interface SettledReading {
  readonly record: Pick<EventRecord, 'eventId' | 'commitment' | 'takenBack'>;
  /** A delivery or run of it is open, or ended only lately, or what takes it back is not distributed yet. */
  readonly isOwed: boolean;
  /** The event of the chain as it is known now, by its version; null: it is none, or it is not kept any more. */
  readonly chain: { readonly version: string; readonly isFinal: boolean } | null;
}

/**
 * Whether nothing will ever be told of a record again by itself. What was told as confirmed may be taken back until it is
 * final, however long that takes, and then whoever was told has to be known (I7).
 */
export function isSettled({ record, isOwed, chain }: SettledReading): boolean {
  if (isOwed) return false;
  if (record.commitment !== 'confirmed' || record.takenBack || chain === null) return true;
  return chain.isFinal && chainEventId(chain.version, 'confirmed') === record.eventId;
}
