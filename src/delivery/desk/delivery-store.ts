import type { mongo } from 'mongoose';
import { OPEN_DELIVERY_STATES, type Delivery } from './delivery.js';

/** A delivery without its history, which no decision needs. */
export type DueDelivery = Omit<Delivery, 'history'>;

const WITHOUT_HISTORY = { history: 0 } as const;

/** The collection of deliveries. */
export function deliveries(db: mongo.Db): mongo.Collection<Delivery> {
  return db.collection<Delivery>('deliveries', { writeConcern: { w: 'majority' } });
}

/** Creates the indexes of deliveries: for what is due, for order, and for lists. */
export async function ensureDeliveryIndexes(db: mongo.Db): Promise<void> {
  await deliveries(db).createIndexes([
    // What a desk does next.
    { key: { desk: 1, state: 1, dueAt: 1 }, name: 'due' },
    // The same of one dispatcher, and which dispatchers have any, however much another one has waiting.
    { key: { desk: 1, state: 1, dispatcher: 1, dueAt: 1 }, name: 'lane' },
    // Whose turn it is.
    {
      key: { dispatcher: 1, orderKey: 1, state: 1, position: 1 },
      name: 'order',
      partialFilterExpression: { orderKey: { $gt: '' } },
    },
    // Who was told of a record.
    { key: { record: 1, createdAt: -1, _id: -1 }, name: 'record' },
    { key: { environment: 1, state: 1, createdAt: -1, _id: -1 }, name: 'listed' },
    { key: { dispatcher: 1, state: 1, createdAt: -1, _id: -1 }, name: 'of-dispatcher' },
  ]);
}

/** What is due at this desk or will be, the earliest first, at most `limit`: what comes after the last due one says when next. */
export function readAgenda(db: mongo.Db, desk: number, limit: number): Promise<DueDelivery[]> {
  return deliveries(db)
    .find({ desk, state: 'due' }, { projection: WITHOUT_HISTORY })
    .sort({ dueAt: 1 })
    .limit(limit)
    .toArray();
}

/** What is due of one dispatcher, the longest first. */
export function readLane(
  db: mongo.Db,
  desk: number,
  dispatcher: string,
  now: Date,
  limit: number,
): Promise<DueDelivery[]> {
  return deliveries(db)
    .find({ desk, state: 'due', dispatcher, dueAt: { $lte: now } }, { projection: WITHOUT_HISTORY })
    .sort({ dueAt: 1 })
    .limit(limit)
    .toArray();
}

/**
 * Every dispatcher with something due at this desk, with when its first is. One look into the index for each, however long
 * their queues are.
 */
export async function readLanes(db: mongo.Db, desk: number): Promise<ReadonlyMap<string, Date>> {
  const found = new Map<string, Date>();
  for (let after = ''; ;) {
    const [next] = await deliveries(db)
      .find({ desk, state: 'due', dispatcher: { $gt: after } }, { projection: { dispatcher: 1, dueAt: 1 } })
      .sort({ dispatcher: 1, dueAt: 1 })
      .limit(1)
      .toArray();
    if (!next) return found;
    found.set(next.dispatcher, next.dueAt);
    after = next.dispatcher;
  }
}

/** Whose turn it is among those of an order key that are not done; null: nobody's. */
export function readTurn(
  db: mongo.Db,
  { dispatcher, orderKey }: Pick<Delivery, 'dispatcher' | 'orderKey'>,
): Promise<Pick<Delivery, '_id' | 'state'> | null> {
  return deliveries(db).findOne(
    { dispatcher, orderKey, state: { $in: [...OPEN_DELIVERY_STATES] } },
    { sort: { position: 1 }, projection: { state: 1 } },
  );
}
