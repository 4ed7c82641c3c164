import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { inTransaction } from '../../store/transactions.js';
import type { Dispatcher } from '../dispatchers/dispatcher.js';
import type { EventRecord } from '../records/event-record.js';
import { eventRecords } from '../records/record-store.js';
import { insertNew } from './distribute-records.js';
import { deliveryId, newDelivery } from './new-delivery.js';
import { sendEndedAnew } from './send-anew.js';
import { stillTold } from './take-back.js';

/** Which records a dispatcher is told of anew: those made from `from` to before `to`. */
export interface ReplaySpan {
  readonly from: Date;
  readonly to: Date;
  /** Id of the last record of the bite before, made at `from`; null: this is the first. */
  readonly after: string | null;
  /** Tells also of what it was told already. */
  readonly force: boolean;
}

/** What one bite did. */
export interface ReplayReport {
  readonly records: number;
  readonly matched: number;
  /** New deliveries. */
  readonly created: number;
  /** Sent anew. */
  readonly repeated: number;
  /** Where the next bite begins; null: the span is done. */
  readonly next: { readonly from: Date; readonly after: string } | null;
}

interface ReplayDeps {
  readonly db: mongo.Db;
  readonly client: mongo.MongoClient;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether a record reaches the dispatcher. */
  readonly isReached: (record: EventRecord, dispatcher: Dispatcher) => boolean;
  readonly wake: (desks: ReadonlySet<number>) => void;
}

/** Records looked at in one bite: it answers while somebody waits. */
const BITE = 2_000;
/** Records read and written at once. */
const AT_ONCE = 200;

/** Matches the records of a span anew and has the dispatcher told of those it was not told of. One bite of it. */
export async function replayRecords(
  { db, client, clock, isReached, wake }: ReplayDeps,
  dispatcher: Dispatcher,
  { from, to, after, force }: ReplaySpan,
): Promise<ReplayReport> {
  const report = { records: 0, matched: 0, created: 0, repeated: 0 };
  let place: { readonly from: Date; readonly after: string } | null = { from, after: after ?? '' };
  while (place !== null && report.records < BITE) {
    const page: EventRecord[] = await readPage(db, dispatcher.environment, place, to);
    const now = new Date(clock.now());
    // What is not due yet will reach it by itself, and what takes something back goes to whoever was told of that.
    const matching = page.filter(
      (record) => record.state === 'delivered' && record.follows === null && isReached(record, dispatcher),
    );
    if (matching.length > 0) {
      const { inserted, repeated } = await inTransaction(client, async (session) => {
        const told = await stillTold(db, session, matching, now);
        const made = told.map((record) => newDelivery(record, dispatcher, now));
        if (made.length === 0) return { repeated: 0, inserted: 0 };
        const ids = told.map(({ _id }) => deliveryId(_id, dispatcher._id));
        return {
          // Before the new ones are there: those are due already.
          repeated: force ? await sendEndedAnew(db, session, ids, now) : 0,
          inserted: (await insertNew(db, session, made)).inserted,
        };
      });
      report.created += inserted;
      report.repeated += repeated;
    }
    report.records += page.length;
    report.matched += matching.length;
    const last: EventRecord | undefined = page.at(-1);
    place = page.length < AT_ONCE || !last ? null : { from: last.createdAt, after: last._id };
  }
  if (report.created + report.repeated > 0) wake(new Set([dispatcher.desk]));
  return { ...report, next: place };
}

function readPage(
  db: mongo.Db,
  environment: string,
  { from, after }: { readonly from: Date; readonly after: string },
  to: Date,
): Promise<EventRecord[]> {
  return eventRecords(db)
    .find({
      ...{ environment, createdAt: { $gte: from, $lt: to } },
      $or: [{ createdAt: { $gt: from } }, { _id: { $gt: after } }],
    })
    .sort({ createdAt: 1, _id: 1 })
    .limit(AT_ONCE)
    .toArray();
}
