import type { mongo } from 'mongoose';
import { keyFieldOf, markOf } from '../domain-kit/document-mark.js';
import type { Model } from '../domain-kit/model.js';

/** Whether another document has this address, and is not marked as somebody's duplicate itself: then this one may go. */
export async function hasTwin(db: mongo.Db, model: Model, key: string, id: unknown): Promise<boolean> {
  const keyField = keyFieldOf(model);
  const others = await db
    .collection(model.collection)
    .find({ [keyField]: key, _id: { $ne: id } } as mongo.Filter<mongo.Document>, {
      projection: { [keyField]: 1, _mooring: 1 },
    })
    .toArray();
  return others.some((other) => other[keyField] === key && markOf(other).orphaned?.reason !== 'duplicate');
}
