import type { mongo } from 'mongoose';
import { identifiersOf } from '../delivery/environments/external-accounts.js';
import type { EventRecord } from '../delivery/records/event-record.js';

/** An event record as the API shows it. */
export type RecordView = Readonly<Record<string, unknown>> & { readonly id: string };

/** Records as the API shows them: with the application's own names of their accounts. */
export async function recordViews(db: mongo.Db, records: readonly EventRecord[]): Promise<RecordView[]> {
  const identifiers = await identifiersOf(
    db,
    records.flatMap(({ account }) => account ?? []),
  );
  return records.map((record) => {
    const { _id: id, eventId, name, source, timestamp, payload, context, account, isTest } = record;
    const { commitment, follows, state, deliverAt, deliveredAt, createdAt, updatedAt } = record;
    return {
      ...{ id, eventId, name, source, timestamp, payload, context, isTest },
      accountId: account === null ? null : (identifiers.get(account) ?? null),
      ...{ commitment, follows, state, deliverAt, deliveredAt, createdAt, updatedAt },
    };
  });
}
