import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { insertUnordered } from '../../lib/insert-unordered.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { deskOf } from '../desk-number.js';
import { accountsOf } from '../environments/external-accounts.js';
import { risingIds, type RandomBytes } from '../new-id.js';
import type { EventRecord } from './event-record.js';
import { judgeRepeat, REPLACEABLE_AHEAD_MS } from './judge-repeat.js';
import { eventRecords } from './record-store.js';
import { DEFAULT_SOURCE, deliverAtOf, type SendEvent, type SendOptions } from './send-event.js';

/** What taking in events needs. */
export interface IngestDeps {
  readonly db: mongo.Db;
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Pick<Metrics, 'eventRecordsTotal'>;
  /** What ids of records are made of; unset: the system's. */
  readonly randomBytes?: RandomBytes;
}

/** What became of an event that was sent. unchanged: its id is known, and `record` is what was known of it. */
export interface Ingested {
  readonly outcome: 'created' | 'replaced' | 'unchanged';
  readonly record: EventRecord;
}

/**
 * Takes in an event of an environment (its id). Once this has returned it will be told: the record is its own place in the
 * queue. Sent again with the same id it is one event: its payload, context and time are replaced while it is to be told in
 * five seconds or later, and nothing changes otherwise.
 * @throws what the database throws; whether the event was taken in is unknown then, and sending it again is safe.
 */
export async function ingestSendEvent(
  deps: IngestDeps,
  environment: string,
  event: SendEvent,
  options: SendOptions = {},
): Promise<Ingested> {
  const [ingested] = await ingestSendEvents(deps, environment, [{ event, options }]);
  return ingested as Ingested;
}

/**
 * Takes in several, each by itself and in their order: what fails in the middle leaves those before it taken in, and sending
 * all of them again is safe. Returns what became of each.
 */
export async function ingestSendEvents(
  deps: IngestDeps,
  environment: string,
  sent: readonly { readonly event: SendEvent; readonly options: SendOptions }[],
): Promise<Ingested[]> {
  const { db, clock, metrics, randomBytes } = deps;
  const now = new Date(clock.now());
  const identifiers = sent.flatMap(({ options: { accountId } }) => accountId ?? []);
  const accounts = await accountsOf(db, environment, identifiers, now);
  const nextId = risingIds('evt', randomBytes);
  const records = sent.map(({ event, options }) => {
    const account = options.accountId === undefined ? null : (accounts.get(options.accountId)?._id ?? null);
    return recordOf(nextId(), environment, event, account, deliverAtOf(options, now), now);
  });
  const known = await insertUnordered(eventRecords(db), records);
  const ingested: Ingested[] = [];
  for (const [position, record] of records.entries()) {
    const isContextSent = sent[position]?.event.context !== undefined;
    ingested.push(
      known.has(position) ? await takeAgain(db, record, isContextSent, now) : { outcome: 'created', record },
    );
  }
  for (const { outcome } of ingested) metrics.eventRecordsTotal.inc({ origin: 'application', outcome });
  return ingested;
}

function recordOf(
  _id: string,
  environment: string,
  event: SendEvent,
  account: string | null,
  deliverAt: Date,
  now: Date,
): EventRecord {
  return {
    ...{ _id, eventId: event.id, environment, name: event.name, source: event.source ?? DEFAULT_SOURCE },
    ...{ timestamp: event.timestamp ?? now, payload: event.payload, context: event.context ?? {}, account },
    ...{ isTest: event.isTest ?? false, commitment: null, follows: null, state: 'due', deliverAt, deliveredAt: null },
    ...{ desk: deskOf(_id), createdAt: now, updatedAt: now },
  };
}

/** Once the id is known to be taken. Every turn finds that somebody else was faster, and what is there moves one way only. */
async function takeAgain(db: mongo.Db, sent: EventRecord, isContextSent: boolean, now: Date): Promise<Ingested> {
  const { eventId, environment, payload, context, deliverAt } = sent;
  for (;;) {
    const known = await eventRecords(db).findOne({ eventId, environment });
    if (!known) {
      // It was cancelled meanwhile.
      if ((await insertUnordered(eventRecords(db), [sent])).size === 0) return { outcome: 'created', record: sent };
      continue;
    }
    if (judgeRepeat(known, now) === 'keep') return { outcome: 'unchanged', record: known };
    const change = { payload, deliverAt, updatedAt: now, ...(isContextSent ? { context } : {}) };
    const replaced = await eventRecords(db).findOneAndUpdate(
      // A desk takes only what is due: by these conditions none is at it.
      { _id: known._id, state: 'due', deliverAt: { $gte: new Date(now.getTime() + REPLACEABLE_AHEAD_MS) } },
      { $set: change },
      { returnDocument: 'after' },
    );
    if (replaced) return { outcome: 'replaced', record: replaced };
  }
}
