import type { mongo } from 'mongoose';
import { olderThan, type TimePlace } from '../../lib/older-than.js';
import { findExternalAccount } from '../environments/external-accounts.js';
import type { EventRecord, RecordState } from './event-record.js';
import { eventRecords } from './record-store.js';
import { CHAIN_SOURCE } from './send-event.js';

/** Which records of an environment a list shows; what is left out narrows nothing. */
export interface RecordFilter {
  readonly eventId?: string | undefined;
  readonly name?: string | undefined;
  readonly source?: string | undefined;
  readonly state?: RecordState | undefined;
  /** The application's name of an external account. */
  readonly accountId?: string | undefined;
  /** Taken in then or later. */
  readonly since?: Date | undefined;
  /** Taken in before. */
  readonly until?: Date | undefined;
  readonly isTest?: boolean | undefined;
}

/** Records of an environment after a place, the newest first. */
export async function listRecords(
  db: mongo.Db,
  environment: string,
  { accountId, since, until, ...equal }: RecordFilter,
  after: TimePlace | null,
  limit: number,
): Promise<EventRecord[]> {
  const account = accountId === undefined ? undefined : await findExternalAccount(db, environment, accountId);
  if (account === null) return [];
  const given = Object.entries(equal).filter(([, value]) => value !== undefined);
  const where: mongo.Filter<EventRecord>[] = [
    { environment, ...Object.fromEntries(given), ...(account ? { account: account._id } : {}) },
    ...(since ? [{ createdAt: { $gte: since } }] : []),
    ...(until ? [{ createdAt: { $lt: until } }] : []),
    olderThan(after),
  ];
  return eventRecords(db).find({ $and: where }).sort({ createdAt: -1, _id: -1 }).limit(limit).toArray();
}

/** One of an environment; null: it has none of that id. */
export function findRecord(db: mongo.Db, environment: string, _id: string): Promise<EventRecord | null> {
  return eventRecords(db).findOne({ _id, environment });
}

/**
 * Takes an event back that nobody was told of: it is as if it had never been sent. delivered: too late. chain: what happened
 * on chain is not anybody's to take back.
 */
export async function cancelRecord(
  db: mongo.Db,
  environment: string,
  _id: string,
): Promise<'cancelled' | 'delivered' | 'chain' | 'unknown'> {
  const own = { _id, environment };
  const removed = await eventRecords(db).deleteOne({ ...own, state: 'due', source: { $ne: CHAIN_SOURCE } });
  if (removed.deletedCount === 1) return 'cancelled';
  const known = await eventRecords(db).findOne(own);
  if (!known) return 'unknown';
  return known.source === CHAIN_SOURCE ? 'chain' : 'delivered';
}
