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

/** Creates the collection too, which some servers cannot do inside of a transaction. */
export async function ensureAlertIndexes(db: mongo.Db): Promise<void> {
  await alerts(db).createIndex({ state: 1, since: -1 });
}

/**
 * Raises an alert, or keeps it firing with what is known now, in a transaction under the lease of whoever watches for it. True:
 * it was not firing before.
 */
export async function raiseAlert(
  db: mongo.Db,
  session: mongo.ClientSession,
  alert: Pick<Alert, 'id' | 'kind' | 'program' | 'message' | 'details'>,
  now: Date,
): Promise<boolean> {
  const { id, kind, program, message, details } = alert;
  const known = { kind, program, message, details: toStored(details) as object, updatedAt: now };
  const kept = await alerts(db).updateOne({ _id: id, state: 'firing' }, { $set: known }, { session });
  if (kept.matchedCount > 0) return false;
  const fired = { ...known, state: 'firing', since: now };
  await alerts(db).updateOne({ _id: id }, { $set: fired }, { upsert: true, session });
  return true;
}

/** Clears an alert, as `raiseAlert` raises it. `message` takes the place of the one it fired with. True: it was firing. */
export async function clearAlert(
  db: mongo.Db,
  session: mongo.ClientSession,
  id: string,
  now: Date,
  message?: string,
): Promise<boolean> {
  const cleared = await alerts(db).updateOne(
    { _id: id, state: 'firing' },
    { $set: { state: 'cleared', since: now, updatedAt: now, ...(message === undefined ? {} : { message }) } },
    { session },
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
  return stored.map(alertFrom);
}

/** How many alerts of each kind fire. */
export async function countFiring(db: mongo.Db): Promise<ReadonlyMap<string, number>> {
  const firing = { $match: { state: 'firing' } };
  const counts = await alerts(db)
    .aggregate<{ _id: string; count: number }>([firing, { $group: { _id: '$kind', count: { $sum: 1 } } }])
    .toArray();
  return new Map(counts.map(({ _id, count }) => [_id, count]));
}

/** Those of these alerts that fire. */
export async function readFiring(db: mongo.Db, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const stored = await alerts(db)
    .find({ _id: { $in: [...ids] }, state: 'firing' }, { projection: { _id: 1 } })
    .toArray();
  return new Set(stored.map(({ _id }) => _id));
}

/** What a channel was told of an alert last. */
export interface Told {
  /** Of the state that it was told of: the alert's `since` then; null before the first success. */
  readonly since: Date | null;
  readonly at: Date | null;
  /** Tries since the last success. */
  readonly attempts: number;
  /** Not before; null: at once. */
  readonly nextAt: Date | null;
  /** Of the last try that failed, and the time of the first one, since the last success; null when none did. */
  readonly error: string | null;
  readonly failingSince: Date | null;
}

/** An alert with what a channel was told of it; null: nothing, not even in vain. */
export interface TellableAlert {
  readonly alert: Alert;
  readonly told: Told | null;
}

/** Every alert there is or was, with what the channel knows: there is one for each rule and program. */
export async function readTellable(db: mongo.Db, channel: string): Promise<TellableAlert[]> {
  const stored = await alerts(db).find().sort({ since: 1 }).limit(TOLD_AT_MOST).toArray();
  return stored.map((alert) => ({
    alert: alertFrom(alert),
    told: (alert['told'] as Record<string, Told> | undefined)?.[channel] ?? null,
  }));
}

/** Notes what a channel was told, or was told in vain, in a transaction under the channel's lease. */
export async function noteTold(
  db: mongo.Db,
  session: mongo.ClientSession,
  id: string,
  channel: string,
  told: Told,
): Promise<void> {
  await alerts(db).updateOne({ _id: id }, { $set: { [`told.${channel}`]: told } }, { session });
}

function alertFrom({ _id, told: _told, ...alert }: StoredAlert): Alert {
  return { id: _id, ...(fromStored(alert) as Omit<Alert, 'id'>) };
}
