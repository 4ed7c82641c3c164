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
/** Far more than rules times programs. */
const TOLD_AT_MOST = 10_000;

/** What fires now, newest first. */
export async function listFiringAlerts(db: mongo.Db): Promise<Alert[]> {
  const stored = await alerts(db).find({ state: 'firing' }).sort({ since: -1 }).limit(SHOWN_AT_MOST).toArray();
  return stored.map(({ _id, told: _told, ...alert }) => ({
    id: _id,
    ...(fromStored(alert) as Omit<Alert, 'id'>),
  }));
}

/** What a channel was told of an alert last. */
export interface Told {
  /** Of the state that it was told of: the alert's `since` then; null before the first success. */
  readonly since: Date | null;
  readonly at: Date | null;
  /** Failures since the last success. */
  readonly attempts: number;
  /** Not before; null: at once. */
  readonly nextAt: Date | null;
  readonly error: string | null;
}

/** An alert with what a channel was told of it; null: nothing, not even in vain. */
export interface TellableAlert {
  readonly alert: Alert;
  readonly told: Told | null;
}

/** Every alert there is or was, with what the channel knows: there is one for each rule and program. */
export async function readTellable(db: mongo.Db, channel: string): Promise<TellableAlert[]> {
  const stored = await alerts(db).find().sort({ since: 1 }).limit(TOLD_AT_MOST).toArray();
  return stored.map(({ _id, told, ...alert }) => ({
    alert: { id: _id, ...(fromStored(alert) as Omit<Alert, 'id'>) },
    told: (told as Record<string, Told> | undefined)?.[channel] ?? null,
  }));
}

/** Notes what a channel was told, or was told in vain. */
export async function noteTold(db: mongo.Db, id: string, channel: string, told: Told): Promise<void> {
  await alerts(db).updateOne({ _id: id }, { $set: { [`told.${channel}`]: told } });
}

/** The alerts of these kinds that fire. */
export async function readFiring(db: mongo.Db, kinds: readonly string[]): Promise<ReadonlySet<string>> {
  const stored = await alerts(db)
    .find({ state: 'firing', kind: { $in: [...kinds] } }, { projection: { _id: 1 } })
    .toArray();
  return new Set(stored.map(({ _id }) => _id));
}
