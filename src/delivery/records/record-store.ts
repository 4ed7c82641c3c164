import type { mongo } from 'mongoose';
import type { EventRecord } from './event-record.js';

/** The collection of event records. */
export function eventRecords(db: mongo.Db): mongo.Collection<EventRecord> {
  return db.collection<EventRecord>('event_records', { writeConcern: { w: 'majority' } });
}

/** Creates its indexes, each with the question it answers. */
export async function ensureEventRecordIndexes(db: mongo.Db): Promise<void> {
  await eventRecords(db).createIndexes([
    // Whether an event is known; the id first, because the relay asks in all environments at once.
    { key: { eventId: 1, environment: 1 }, name: 'event', unique: true },
    // What a desk takes next. As small as the work that is left.
    { key: { desk: 1, deliverAt: 1 }, name: 'due', partialFilterExpression: { state: 'due' } },
    // What was distributed long ago, to be removed when nothing is owed of it.
    {
      key: { desk: 1, deliveredAt: 1, _id: 1 },
      name: 'distributed',
      partialFilterExpression: { state: 'delivered' },
    },
    // Lists, newest first: of an environment, and of one event name or one account in it.
    { key: { environment: 1, createdAt: -1, _id: -1 }, name: 'newest' },
    { key: { environment: 1, name: 1, createdAt: -1, _id: -1 }, name: 'by-name' },
    {
      key: { environment: 1, account: 1, createdAt: -1, _id: -1 },
      name: 'by-account',
      partialFilterExpression: { account: { $type: 'string' } },
    },
  ]);
}
