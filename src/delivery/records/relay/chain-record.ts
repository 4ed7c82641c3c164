import { jsonValue } from '../../../lib/json-value.js';
import { versionOf } from '../../../ledger/commit-log.js';
import type { LedgerRecord } from '../../../ledger/ledger-record.js';
import { deskOf } from '../../desk-number.js';
import type { EventRecord } from '../event-record.js';
import { chainEventName } from '../chain-event-name.js';
import { CHAIN_SOURCE } from '../send-event.js';

/** How settled a chain event is told to be. */
export type ToldAs = 'confirmed' | 'finalized' | 'orphaned';

/** The event id of a chain record: each version of an event is told once in each way. */
export function chainEventId(version: string, toldAs: ToldAs): string {
  return `${version}/${toldAs}`;
}

/** The event id of the record that takes back a confirmed one: of the same version. */
export function takingBackId(confirmedEventId: string): string {
  return confirmedEventId.replace(/confirmed$/, 'orphaned');
}

/** What the records of one write have in common: when they are made, and ids that rise in the order they are told in. */
export interface RecordMaking {
  readonly now: Date;
  readonly nextId: () => string;
}

/** An event of the chain as it is told in one environment. */
export function chainRecord(
  event: LedgerRecord,
  environment: string,
  toldAs: 'confirmed' | 'finalized',
  { now, nextId }: RecordMaking,
): EventRecord {
  const { _id: eventId, program, name, signature, slot, blockTime, seenAt, data } = event;
  const _id = nextId();
  return {
    ...{ _id, eventId: chainEventId(versionOf(event), toldAs), environment, name: chainEventName(program, name) },
    ...{ source: CHAIN_SOURCE, timestamp: blockTime ?? seenAt, payload: jsonValue(data) },
    ...{ context: { signature, slot, commitment: toldAs, program, eventId }, account: null, isTest: false },
    ...{ commitment: toldAs, follows: null, state: 'due', deliverAt: now, deliveredAt: null },
    ...{ desk: deskOf(_id), createdAt: now, updatedAt: now },
  };
}

/** What takes back an event that was told as confirmed: with its content, at its desk, so that it is told after it. */
export function orphanedRecord(confirmed: EventRecord, { now, nextId }: RecordMaking): EventRecord {
  // Told after it, also where the clock of whoever told that was ahead.
  const after = new Date(Math.max(now.getTime(), confirmed.createdAt.getTime() + 1));
  const deliverAt = after > confirmed.deliverAt ? after : confirmed.deliverAt;
  return {
    ...confirmed,
    ...{ _id: nextId(), eventId: takingBackId(confirmed.eventId), name: `${confirmed.name}.orphaned` },
    context: { ...(confirmed.context as object), commitment: 'orphaned' },
    ...{ commitment: 'orphaned', follows: confirmed._id, state: 'due', deliverAt, deliveredAt: null },
    ...{ createdAt: after, updatedAt: now },
  };
}
