import type { mongo } from 'mongoose';
import { isAddress } from '../domain-kit/command-fields.js';
import { hasRoomForMark, keyFieldOf, markOf, THAT_ARE_ORPHANED } from '../domain-kit/document-mark.js';
import type { Model } from '../domain-kit/model.js';
import { ledgerEvents, stringsOf } from '../ledger/ledger-collections.js';
import { touchOf } from '../ledger/ledger-record.js';
import { hasTwin } from './duplicate-documents.js';

/** Tombstones looked up in the ledger at once. */
const BATCH = 500;

interface MarkDependencies {
  readonly db: mongo.Db;
  readonly commit: (body: (session: mongo.ClientSession) => Promise<void>) => Promise<void>;
}

/** An array may hold an object, and is none. */
const NO_OBJECT = {
  $or: [{ _mooring: { $exists: true, $not: { $type: 'object' } } }, { '_mooring.0': { $exists: true } }],
};
const TOMBSTONES = { '_mooring.closed': true } as const;
const THE_WHOLE_MARK = { $unset: { _mooring: '' } } as const;
const THE_ORPHAN_MARK = { $unset: { '_mooring.orphaned': '' } } as const;

/**
 * Takes away what somebody put in the place of mooring's marks and what is none of them, or is no longer true: nothing could
 * be set inside of it, and a made-up mark would hide a document for ever. To be done before anything is compared.
 */
export async function removeFalseMarks(dependencies: MarkDependencies, models: readonly Model[]): Promise<void> {
  const { db } = dependencies;
  for (const model of models) {
    const documents = db.collection(model.collection);
    const isThereOne = async (filter: mongo.Filter<mongo.Document>) =>
      (await documents.findOne(filter, { projection: { _id: 1 } })) !== null;
    const take = (filter: mongo.Filter<mongo.Document>, update: mongo.UpdateFilter<mongo.Document>) =>
      dependencies.commit(async (session) => void (await documents.updateMany(filter, update, { session })));
    if (await isThereOne(NO_OBJECT)) await take(NO_OBJECT, THE_WHOLE_MARK);
    for (const { _id, mark } of await falseOrphanMarks(dependencies, model)) {
      await take({ _id }, mark === 'whole' ? THE_WHOLE_MARK : THE_ORPHAN_MARK);
    }
    // A fact that is taken back is deleted: it has no tombstone.
    if (model.kind === 'fact' && (await isThereOne(TOMBSTONES))) await take(TOMBSTONES, THE_WHOLE_MARK);
    if (model.kind === 'fact') continue;
    for await (const ids of madeUpTombstones(db, model)) {
      if (ids.length === 0) continue;
      await take({ _id: { $in: [...ids] }, ...TOMBSTONES }, THE_WHOLE_MARK);
    }
  }
}

/** Documents whose orphan mark is none of mooring's, or whose reason does not hold any more, with what is to go. */
async function falseOrphanMarks({ db }: MarkDependencies, model: Model) {
  const keyField = keyFieldOf(model);
  const marked = db
    .collection(model.collection)
    .find(THAT_ARE_ORPHANED, { projection: { [keyField]: 1, _mooring: 1 } });
  const found: { readonly _id: mongo.ObjectId; readonly mark: 'whole' | 'orphan' }[] = [];
  const freed = new Set<string>();
  for await (const document of marked) {
    const { _id } = document;
    const key: unknown = document[keyField];
    if (!hasRoomForMark(document)) found.push({ _id, mark: 'whole' });
    else if (!isOrphanMark(markOf(document).orphaned, model)) found.push({ _id, mark: 'orphan' });
    else if (await isOver(db, model, key, document, freed)) found.push({ _id, mark: 'orphan' });
  }
  return found;
}

function isOrphanMark(mark: unknown, model: Model): boolean {
  if (typeof mark !== 'object' || mark === null) return false;
  const { since, reason } = mark as { readonly since?: unknown; readonly reason?: unknown };
  if (!(since instanceof Date)) return false;
  if (model.kind === 'fact') return reason === 'no-event';
  if (reason === 'duplicate') return model.keyField !== '_id';
  return ['no-account', 'no-event', 'no-address'].includes(String(reason));
}

/** Whether a mark was right and is no longer: its document has an address by now, or is the only one that has it. */
async function isOver(
  db: mongo.Db,
  model: Model,
  key: unknown,
  document: mongo.WithId<mongo.Document>,
  freed: Set<string>,
): Promise<boolean> {
  const { reason } = markOf(document).orphaned ?? {};
  if (model.kind === 'fact' || typeof key !== 'string') return false;
  if (reason === 'no-address') return isAddress(key);
  if (reason !== 'duplicate' || freed.has(key) || (await hasTwin(db, model, key, document._id))) return false;
  // Of several that are all marked one is the account's.
  freed.add(key);
  return true;
}

/** Tombstones of accounts that the ledger never heard of, in batches. */
async function* madeUpTombstones(db: mongo.Db, model: Model): AsyncGenerator<readonly mongo.ObjectId[]> {
  const keyField = keyFieldOf(model);
  const touchesOf = (document: mongo.Document) => touchOf(model.collection, String(document[keyField]));
  const cursor = db.collection(model.collection).find(TOMBSTONES, { projection: { [keyField]: 1 } });
  let batch: mongo.WithId<mongo.Document>[] = [];
  const madeUp = async () => {
    const wanted = batch.map(touchesOf);
    const records = ledgerEvents(db).find({ touches: { $in: wanted } }, { projection: { _id: 0, touches: 1 } });
    const known = new Set<string>();
    for await (const { touches } of records) for (const touch of stringsOf(touches)) known.add(touch);
    return batch.filter((document) => !known.has(touchesOf(document))).map(({ _id }) => _id);
  };
  for await (const document of cursor) {
    batch.push(document);
    if (batch.length < BATCH) continue;
    yield await madeUp();
    batch = [];
  }
  if (batch.length > 0) yield await madeUp();
}
