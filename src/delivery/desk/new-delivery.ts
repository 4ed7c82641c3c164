import type { Dispatcher } from '../dispatchers/dispatcher.js';
import type { EventRecord } from '../records/event-record.js';
import type { Delivery } from './delivery.js';
import { orderKeyOf } from './order-key.js';
import { orderPosition } from './order-position.js';

/** The delivery of a record to a dispatcher, due now: whether it has to wait its turn is for its desk to say. */
export function newDelivery(record: EventRecord, dispatcher: Dispatcher, now: Date): Delivery {
  return {
    _id: deliveryId(record._id, dispatcher._id),
    environment: record.environment,
    record: record._id,
    dispatcher: dispatcher._id,
    messageId: record._id,
    eventName: record.name,
    orderKey: orderKeyOf(dispatcher.orderBy, record),
    position: orderPosition(record),
    desk: dispatcher.desk,
    state: 'due',
    dueAt: now,
    ...{ claimedUntil: null, claimFence: null, attempts: 0, attemptsBefore: 0 },
    isFollowUp: record.follows !== null,
    ...{ run: null, error: null, history: [], isTest: record.isTest, createdAt: now, endedAt: null },
  };
}

/** The one that a pair of record and dispatcher has. */
export function deliveryId(record: string, dispatcher: string): string {
  return `${record}/${dispatcher}`;
}
