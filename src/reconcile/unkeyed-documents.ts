import type { mongo } from 'mongoose';
import type { OrphanMark } from '../domain-kit/document-mark.js';
import { stateModels, type DomainModule } from '../domain-kit/domain-module.js';
import type { StateModel } from '../domain-kit/model.js';
import { toStored } from '../lib/stored-value.js';

interface UnkeyedDependencies {
  readonly db: mongo.Db;
  readonly clock: { now(): number };
  readonly commit: (body: (session: mongo.ClientSession) => Promise<void>) => Promise<void>;
  readonly run: string;
}

type Id = mongo.ObjectId | string;

/**
 * Marks documents of people's own collections that no account can ever fill: those without an address (created before
 * their transaction, which never landed), and all but the first of several with one address, for only one of them is the
 * account's. Returns how many were marked.
 */
export async function markUnkeyed(dependencies: UnkeyedDependencies, module: DomainModule): Promise<number> {
  let marked = 0;
  for (const model of stateModels(module)) {
    // MongoDB itself keeps `_id` there and unique.
    if (model.keyField === '_id') continue;
    marked += await mark(dependencies, model, 'no-address', await withoutAddress(dependencies.db, model));
    marked += await mark(dependencies, model, 'duplicate', await duplicates(dependencies.db, model));
  }
  return marked;
}

async function withoutAddress(db: mongo.Db, { collection, keyField }: StateModel): Promise<Id[]> {
  const documents = await db
    .collection(collection)
    .find({ [keyField]: { $not: { $type: 'string' } }, '_mooring.orphaned': null } as mongo.Filter<mongo.Document>, {
      projection: { _id: 1 },
    })
    .toArray();
  return documents.map(({ _id }) => _id as Id);
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
  { db, clock, commit, run }: UnkeyedDependencies,
  { collection }: StateModel,
  reason: OrphanMark['reason'],
  ids: readonly Id[],
): Promise<number> {
  if (ids.length === 0) return 0;
  const orphaned: OrphanMark = { since: new Date(clock.now()), slot: 0, reason, run };
  await commit(async (session) => {
    await db
      .collection(collection)
      .updateMany(
        { _id: { $in: [...ids] } } as mongo.Filter<mongo.Document>,
        { $set: { '_mooring.orphaned': toStored(orphaned) } },
        { session },
      );
  });
  return ids.length;
}
