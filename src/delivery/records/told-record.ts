import type { mongo } from 'mongoose';
import { identifiersOf } from '../environments/external-accounts.js';
import type { EventRecord } from './event-record.js';

/** A record as whoever is told of it sees it: in the words of the application, which knows no id of ours for its accounts. */
export type ToldRecord = Omit<EventRecord, 'account'> & {
  /** The `accountId` that the application gave it. Null: of no account. */
  readonly account: string | null;
};

/** Records as they are told. */
export async function toldRecords(db: mongo.Db, records: readonly EventRecord[]): Promise<ToldRecord[]> {
  const names = await identifiersOf(
    db,
    records.flatMap(({ account }) => account ?? []),
  );
  return records.map((record) => {
    const { account } = record;
    return { ...record, account: account === null ? null : (names.get(account) ?? null) };
  });
}

/** One of them. */
export async function toldRecord(db: mongo.Db, record: EventRecord): Promise<ToldRecord> {
  const [told] = await toldRecords(db, [record]);
  return told as ToldRecord;
}
