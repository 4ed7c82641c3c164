import type { mongo } from 'mongoose';
import type { Delivery, DeliveryState } from './delivery.js';
import { deliveries } from './delivery-store.js';

/** What was not delivered and will not be. */
const UNDELIVERED = ['failed', 'cancelled'] as const satisfies readonly DeliveryState[];
const ENDS = ['delivered', ...UNDELIVERED] as const satisfies readonly DeliveryState[];

/** What became of a wish to send something anew. */
export type SendAnewOutcome =
  | { readonly kind: 'due'; readonly delivery: Delivery }
  /** A try is under way, or it waits for its turn: it leaves by itself. */
  | { readonly kind: 'under-way'; readonly delivery: Delivery }
  /** A fork dropped what it tells, and whoever was told hears of that instead. */
  | { readonly kind: 'taken-back' }
  | { readonly kind: 'unknown' };

/** What is still true, as far as anybody knows. */
const STANDS = { takenBack: { $exists: false } } as const;

/** Makes a delivery due now with its whole schedule before it, whatever became of it; under the same id for whoever gets it. */
export async function sendAnew(db: mongo.Db, environment: string, _id: string, now: Date): Promise<SendAnewOutcome> {
  const own = { _id, environment };
  const changed = await deliveries(db).updateOne(
    { ...own, ...STANDS, $or: [{ state: { $in: [...ENDS] } }, { state: 'due', claimedUntil: null, run: null }] },
    dueAnew(now),
  );
  const delivery = await deliveries(db).findOne(own);
  if (!delivery) return { kind: 'unknown' };
  if (delivery.takenBack) return { kind: 'taken-back' };
  return { kind: changed.matchedCount === 1 ? 'due' : 'under-way', delivery };
}

/** Makes everything due that was not delivered to a dispatcher, of what was made from `since` on; how much it was. */
export async function sendFailedAnew(
  db: mongo.Db,
  environment: string,
  dispatcher: string,
  since: Date,
  now: Date,
): Promise<number> {
  const { modifiedCount } = await deliveries(db).updateMany(
    { environment, dispatcher, state: { $in: [...UNDELIVERED] }, createdAt: { $gte: since }, ...STANDS },
    dueAnew(now),
  );
  return modifiedCount;
}

/** Makes these due that have ended, in the caller's transaction; how many they were. */
export async function sendEndedAnew(
  db: mongo.Db,
  session: mongo.ClientSession,
  ids: readonly string[],
  now: Date,
): Promise<number> {
  const { modifiedCount } = await deliveries(db).updateMany(
    { _id: { $in: [...ids] }, state: { $in: [...ENDS] }, ...STANDS },
    dueAnew(now),
    { session },
  );
  return modifiedCount;
}

/** A pipeline, for the schedule counts from the tries there were. Nothing in it is anybody's text. */
function dueAnew(now: Date): mongo.Document[] {
  return [
    {
      $set: {
        ...{ state: 'due', dueAt: now, attemptsBefore: '$attempts' },
        ...{ claimedUntil: null, claimFence: null, run: null, error: null, endedAt: null },
      },
    },
  ];
}
