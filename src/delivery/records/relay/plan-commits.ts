import type { Commit } from '../../../ledger/commit-log.js';
import type { LedgerRecord } from '../../../ledger/ledger-record.js';
import type { EventRecord } from '../event-record.js';
import { chainEventId, chainRecord, orphanedRecord, type RecordMaking } from './chain-record.js';

/** What the records of some commits are made from. */
export interface CommitReading {
  readonly commits: readonly Pick<Commit, 'entered' | 'left'>[];
  /** By version: the events that they name. */
  readonly events: ReadonlyMap<string, LedgerRecord>;
  /** Ids of the environments in which somebody hears of confirmed events. */
  readonly environments: readonly string[];
  /** Chain records that exist already, of the versions that these commits name, in whatever way they are told. */
  readonly known: readonly EventRecord[];
}

/**
 * The records that say what some commits did, in their order: what took effect is told as confirmed, and what left again is
 * taken back wherever it was told. What a newer handler refuses has happened all the same, and what was told as final stays
 * so. Read again they add nothing.
 */
export function planCommits(
  { commits, events, environments, known }: CommitReading,
  making: RecordMaking,
): EventRecord[] {
  const told = new Map(known.map((record) => [keyOf(record), record]));
  const made: EventRecord[] = [];
  const add = (record: EventRecord) => {
    if (told.has(keyOf(record))) return;
    told.set(keyOf(record), record);
    made.push(record);
  };
  for (const { entered, left } of commits) {
    // A version that leaves in the commit in which another enters was there before it.
    for (const { version, reason } of left) {
      if (reason === 'refused') continue;
      const confirmed = [...told.values()].filter(({ eventId }) => eventId === chainEventId(version, 'confirmed'));
      for (const record of confirmed) {
        const final = keyOf({ eventId: chainEventId(version, 'finalized'), environment: record.environment });
        if (!told.has(final)) add(orphanedRecord(record, making));
      }
    }
    for (const version of entered) {
      const event = events.get(version);
      if (event?.kind !== 'event') continue;
      for (const environment of environments) add(chainRecord(event, environment, 'confirmed', making));
    }
  }
  return made;
}

function keyOf({ eventId, environment }: Pick<EventRecord, 'eventId' | 'environment'>): string {
  return `${environment} ${eventId}`;
}
