import type { mongo } from 'mongoose';
import { isAddress } from '../domain-kit/command-fields.js';
import { keyFieldOf, THAT_COUNT, type OrphanMark } from '../domain-kit/document-mark.js';
import type { Model, StateModel } from '../domain-kit/model.js';
import { toStored } from '../lib/stored-value.js';

interface UnkeyedDependencies {
  readonly db: mongo.Db;
  readonly clock: { now(): number };
  readonly commit: (body: (session: mongo.ClientSession) => Promise<void>) => Promise<void>;
  readonly run: string;
  /** As of this finalized slot. */
  readonly slot: number;
}

type Id = mongo.ObjectId | string;

/** A document that was marked because no account can ever fill it. */
export interface UnkeyedDocument {
  readonly model: Model;
  readonly id: string;
  readonly reason: OrphanMark['reason'];
}

/**
 * Marks documents that no account can ever fill: those whose key is no address (created before their transaction, which
 * never landed), and of several with one address all but the first, for only one of them is the account's. `models`: facts,
 * and those that mirror accounts.
 */
export async function markUnkeyed(
  dependencies: UnkeyedDependencies,
  models: readonly Model[],
): Promise<UnkeyedDocument[]> {
  const marked: UnkeyedDocument[] = [];
  for (const model of models) {
    const isTwice = model.kind === 'state' && model.keyField !== '_id';
    const found = [
      [model.kind === 'fact' ? 'no-event' : 'no-address', await withoutKey(dependencies.db, model)],
      // MongoDB itself keeps `_id` unique.
      ['duplicate', isTwice ? await duplicates(dependencies.db, model) : []],
    ] as const;
    for (const [reason, ids] of found) {
      await mark(dependencies, model, reason, ids);
      marked.push(...ids.map((id) => ({ model, id: String(id), reason })));
    }
  }
  return marked;
}

async function withoutKey(db: mongo.Db, model: Model): Promise<Id[]> {
  const keyField = keyFieldOf(model);
  const documents = db.collection(model.collection).find(THAT_COUNT, { projection: { [keyField]: 1 } });
  const ids: Id[] = [];
  for await (const document of documents) {
    const key: unknown = document[keyField];
    // A fact's key is looked up in the ledger; what is no text is none.
    const isKey = typeof key === 'string' && (model.kind === 'fact' || isAddress(key));
    if (!isKey) ids.push(document._id);
  }
  return ids;
}

/** Of documents with one address all but the one that mooring has written to, or else the oldest. */
async function duplicates(db: mongo.Db, { collection, keyField }: StateModel): Promise<Id[]> {
  const groups = db
    .collection(collection)
    .aggregate<{ ids: { id: Id; at?: string }[] }>([
      { $match: { [keyField]: { $type: 'string' }, '_mooring.orphaned': null } },
      { $sort: { _id: 1 } },
      { $group: { _id: `$${keyField}`, count: { $sum: 1 }, ids: { $push: { id: '$_id', at: '$_mooring.at' } } } },
      { $match: { count: { $gt: 1 } } },
    ]);
  const surplus: Id[] = [];
  for await (const { ids } of groups) {
    const kept = ids.find(({ at }) => at !== undefined) ?? ids[0];
    surplus.push(...ids.filter((one) => one !== kept).map(({ id }) => id));
  }
  return surplus;
}

async function mark(
  { db, clock, commit, run, slot }: UnkeyedDependencies,
  { collection }: Model,
  reason: OrphanMark['reason'],
  ids: readonly Id[],
): Promise<void> {
  if (ids.length === 0) return;
  const orphaned: OrphanMark = { since: new Date(clock.now()), slot, reason, run };
  const those = { _id: { $in: [...ids] } } as mongo.Filter<mongo.Document>;
  await commit(async (session) => {
    await db
      .collection(collection)
      .updateMany(those, { $set: { '_mooring.orphaned': toStored(orphaned) } }, { session });
  });
}
