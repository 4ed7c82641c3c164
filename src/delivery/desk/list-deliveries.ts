import type { mongo } from 'mongoose';
import { olderThan, type TimePlace } from '../../lib/older-than.js';
import { DELIVERY_STATES, type Delivery, type DeliveryState } from './delivery.js';
import { deliveries } from './delivery-store.js';

/** Which deliveries of an environment a list shows; what is left out narrows nothing. */
export interface DeliveryFilter {
  readonly record?: string;
  readonly dispatcher?: string;
  readonly state?: DeliveryState;
}

/** Deliveries, the newest first, from after `after` on. Without their histories. */
export function listDeliveries(
  db: mongo.Db,
  environment: string,
  { state, ...equal }: DeliveryFilter,
  limit: number,
  after: TimePlace | null,
): Promise<Delivery[]> {
  return deliveries(db)
    .find({
      environment,
      ...equal,
      state: { $in: state ? [state] : [...DELIVERY_STATES] },
      ...olderThan(after),
    } as mongo.Filter<Delivery>)
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit)
    .toArray();
}

/** One of an environment, with its history; null: it has none of that id. */
export function findDelivery(db: mongo.Db, environment: string, _id: string): Promise<Delivery | null> {
  return deliveries(db).findOne({ _id, environment });
}
