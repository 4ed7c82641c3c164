import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import type { Dispatcher } from '../dispatchers/dispatcher.js';
import type { EventRecord } from '../records/event-record.js';
import type { Delivery } from './delivery.js';
import { eventRecords } from '../records/record-store.js';
import { deliveries } from './delivery-store.js';
import { newDelivery } from './new-delivery.js';
import { takeBack } from './take-back.js';

/** What distributing needs. */
export interface DistributeDeps {
  readonly db: mongo.Db;
  readonly clock: Pick<Clock, 'now'>;
  /** The dispatchers that want to hear of a record. */
  readonly reach: (record: EventRecord) => Promise<readonly Dispatcher[]>;
  /** Runs in a transaction: of the lease where one is held, else of its own. */
  readonly commit: <T>(body: (session: mongo.ClientSession) => Promise<T>) => Promise<T>;
}

/** What became of some records. */
export interface Distributed {
  readonly records: number;
  readonly deliveries: number;
  /** Desks that have something to do now. */
  readonly desks: ReadonlySet<number>;
}

/** Deliveries written in one transaction; a record's own all at once, however many. */
const WRITTEN_AT_ONCE = 500;
const NONE: Distributed = { records: 0, deliveries: 0, desks: new Set() };

/** Somebody else distributed one of the records, or what it says was replaced. */
class RecordMovedError extends Error {}

/**
 * Gives each of these due records a delivery for every dispatcher it reaches, and its mark, in one transaction: a record is
 * marked when all of its deliveries exist, and only then. Two that do the same at once make the same deliveries, and one of
 * them finds the record marked.
 */
export async function distributeRecords(deps: DistributeDeps, records: readonly EventRecord[]): Promise<Distributed> {
  let total = NONE;
  let batch: { record: EventRecord; made: readonly Delivery[] }[] = [];
  const write = async () => {
    const some = batch;
    batch = [];
    if (some.length > 0) total = sum(total, await writeBatch(deps, some));
  };
  for (const record of records) {
    const followed = await readFollowed(deps, record);
    // What it takes back was told to nobody yet: whoever hears of that has to hear of this as well.
    if (followed) {
      await write();
      total = sum(total, await distributeRecords(deps, [followed]));
    }
    // Whom it is told that took something back is read in the transaction that takes it back.
    const reached = record.follows === null ? await deps.reach(record) : [];
    const now = new Date(deps.clock.now());
    batch.push({ record, made: reached.map((dispatcher) => newDelivery(record, dispatcher, now)) });
    if (batch.reduce((count, { made }) => count + 1 + made.length, 0) >= WRITTEN_AT_ONCE) await write();
  }
  await write();
  return total;
}

async function writeBatch(
  deps: DistributeDeps,
  batch: readonly { readonly record: EventRecord; readonly made: readonly Delivery[] }[],
): Promise<Distributed> {
  try {
    return await writeTogether(deps, batch);
  } catch (error) {
    if (!(error instanceof RecordMovedError)) throw error;
    if (batch.length === 1) return NONE;
  }
  let total = NONE;
  for (const one of batch) total = sum(total, await writeBatch(deps, [one]));
  return total;
}

async function writeTogether(
  { db, clock, commit }: DistributeDeps,
  batch: readonly { readonly record: EventRecord; readonly made: readonly Delivery[] }[],
): Promise<Distributed> {
  const reached = batch.flatMap((one) => one.made);
  const made = await commit(async (session) => {
    const now = new Date(clock.now());
    const marks = batch.map(({ record: { _id, updatedAt } }) => ({
      updateOne: {
        filter: { _id, state: 'due' as const, updatedAt },
        update: { $set: { state: 'delivered' as const, deliveredAt: now, updatedAt: now } },
      },
    }));
    const { matchedCount } = await eventRecords(db).bulkWrite(marks, { session, ordered: false });
    if (matchedCount !== batch.length) throw new RecordMovedError();
    const followUps = await takeBack(
      db,
      session,
      batch.map(({ record }) => record),
      now,
    );
    const made = [...reached, ...followUps];
    if (made.length > 0) await insertNew(db, session, made);
    return made;
  });
  return { records: batch.length, deliveries: made.length, desks: new Set(made.map(({ desk }) => desk)) };
}

/** Inserts deliveries; one that is there stays as it is. An insert of a taken key would end the transaction. */
export async function insertNew(
  db: mongo.Db,
  session: mongo.ClientSession,
  made: readonly Delivery[],
): Promise<{ readonly inserted: number }> {
  const upserts = made.map(({ _id, ...rest }) => ({
    updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
  }));
  const { upsertedCount } = await deliveries(db).bulkWrite(upserts, { session, ordered: false });
  return { inserted: upsertedCount };
}

/** The record that this one takes back, where nobody was told of it yet. */
async function readFollowed({ db }: DistributeDeps, { follows }: EventRecord): Promise<EventRecord | null> {
  return follows === null ? null : eventRecords(db).findOne({ _id: follows, state: 'due' });
}

function sum(one: Distributed, other: Distributed): Distributed {
  return {
    records: one.records + other.records,
    deliveries: one.deliveries + other.deliveries,
    desks: new Set([...one.desks, ...other.desks]),
  };
}
