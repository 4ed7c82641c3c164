import type { mongo } from 'mongoose';
import { fromStored, toStored } from '../lib/stored-value.js';

/** Something an operator should know of: firing until it is cleared. */
export interface Alert {
  /** What it is about, such as `reconcile-drift/coupons`: raised twice it is one alert. */
  readonly id: string;
  readonly kind: string;
  readonly program: string | null;
  readonly state: 'firing' | 'cleared';
  readonly message: string;
  /** Since when it is in this state. */
  readonly since: Date;
  readonly updatedAt: Date;
  readonly details: Readonly<Record<string, unknown>>;
}

type StoredAlert = { _id: string } & mongo.Document;

function alerts(db: mongo.Db): mongo.Collection<StoredAlert> {
  return db.collection<StoredAlert>('alerts');
}

/** Raises an alert, or keeps it firing with what is known now. True: it was not firing before. */
export async function raiseAlert(
  db: mongo.Db,
  alert: Pick<Alert, 'id' | 'kind' | 'program' | 'message' | 'details'>,
  now: Date,
): Promise<boolean> {
  const { id, details, ...rest } = alert;
  const known = { ...rest, details: toStored(details) as object, updatedAt: now };
  const kept = await alerts(db).updateOne({ _id: id, state: 'firing' }, { $set: known });
  if (kept.matchedCount > 0) return false;
  await alerts(db).updateOne({ _id: id }, { $set: { ...known, state: 'firing', since: now } }, { upsert: true });
  return true;
}

/** Clears an alert. True: it was firing. */
export async function clearAlert(db: mongo.Db, id: string, now: Date): Promise<boolean> {
  const cleared = await alerts(db).updateOne(
    { _id: id, state: 'firing' },
    { $set: { state: 'cleared', since: now, updatedAt: now } },
  );
  return cleared.modifiedCount > 0;
}

/** Alerts shown at most: beyond so many one more says nothing. */
const SHOWN_AT_MOST = 100;

/** What fires now, newest first. */
export async function listFiringAlerts(db: mongo.Db): Promise<Alert[]> {
  const stored = await alerts(db).find({ state: 'firing' }).sort({ since: -1 }).limit(SHOWN_AT_MOST).toArray();
  return stored.map(({ _id, ...alert }) => ({ id: _id, ...(fromStored(alert) as Omit<Alert, 'id'>) }));
}
