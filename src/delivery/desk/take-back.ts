import type { mongo } from 'mongoose';
import type { EventRecord } from '../records/event-record.js';
import { eventRecords } from '../records/record-store.js';
import type { Delivery } from './delivery.js';
import { deliveries } from './delivery-store.js';
import { newDelivery } from './new-delivery.js';
import { readDispatchers } from './turn-reads.js';

/**
 * Takes back what some of these records follow, in the caller's transaction: from then on nobody is told of that, also not
 * anew. Returns the deliveries for whoever was told of it, or is about to be, disabled meanwhile or not.
 */
export async function takeBack(
  db: mongo.Db,
  session: mongo.ClientSession,
  records: readonly EventRecord[],
  now: Date,
): Promise<Delivery[]> {
  const following = new Map(records.flatMap((record) => (record.follows === null ? [] : [[record.follows, record]])));
  if (following.size === 0) return [];
  const ids = [...following.keys()];
  const taken = { $set: { takenBack: true as const } };
  // The records first: whoever tells somebody of one of them at this moment writes to it as well (`stillTold`).
  await eventRecords(db).updateMany({ _id: { $in: ids } }, taken, { session });
  await deliveries(db).updateMany({ record: { $in: ids } }, taken, { session });
  const told = await deliveries(db)
    .find(
      // What was cancelled before its first try, nobody heard of.
      { record: { $in: ids }, $or: [{ state: { $ne: 'cancelled' } }, { attempts: { $gt: 0 } }] },
      { session, projection: { record: 1, dispatcher: 1 } },
    )
    .toArray();
  const dispatchers = await readDispatchers(db, [...new Set(told.map(({ dispatcher }) => dispatcher))]);
  return told.flatMap(({ record, dispatcher: id }) => {
    const [follower, dispatcher] = [following.get(record), dispatchers.get(id)];
    return follower && dispatcher ? [newDelivery(follower, dispatcher, now)] : [];
  });
}

/**
 * Those of these records that are kept and not taken back, for somebody who is told of them in the caller's transaction: it
 * and one that takes one of them back or removes it at the same moment get into each other's way, and one of them runs again.
 */
export async function stillTold(
  db: mongo.Db,
  session: mongo.ClientSession,
  records: readonly EventRecord[],
  now: Date,
): Promise<readonly EventRecord[]> {
  const standing = { _id: { $in: records.map(({ _id }) => _id) }, takenBack: { $exists: false } };
  await eventRecords(db).updateMany(standing, { $set: { updatedAt: now } }, { session });
  const found = await eventRecords(db)
    .find(standing, { session, projection: { _id: 1 } })
    .toArray();
  const told = new Set(found.map(({ _id }) => _id));
  return records.filter(({ _id }) => told.has(_id));
}
