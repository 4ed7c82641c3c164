import type { mongo } from 'mongoose';
import { keyFieldOf, THAT_ARE_ORPHANED } from '../domain-kit/document-mark.js';
import type { Model } from '../domain-kit/model.js';
import { ledgerEvents } from '../ledger/ledger-collections.js';
import { touchOf } from '../ledger/ledger-record.js';

/** Tombstones looked up in the ledger at once. */
const BATCH = 500;

interface MarkDependencies {
  readonly db: mongo.Db;
  readonly commit: (body: (session: mongo.ClientSession) => Promise<void>) => Promise<void>;
}

const NO_OBJECT = { _mooring: { $exists: true, $not: { $type: 'object' } } } as const;
const NO_ORPHAN_MARK = { ...THAT_ARE_ORPHANED, '_mooring.orphaned.since': { $not: { $type: 'date' } } } as const;
const TOMBSTONES = { '_mooring.closed': true } as const;
const THE_WHOLE_MARK = { $unset: { _mooring: '' } } as const;
const THE_ORPHAN_MARK = { $unset: { '_mooring.orphaned': '' } } as const;

/**
 * Takes away what somebody put in the place of mooring's marks and what is none of them: nothing could be set inside of
 * it, and a made-up mark would hide a document for ever. To be done before anything is compared.
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
    if (await isThereOne(NO_ORPHAN_MARK)) await take(NO_ORPHAN_MARK, THE_ORPHAN_MARK);
    // A fact that is taken back is deleted: it has no tombstone.
    if (model.kind === 'fact' && (await isThereOne(TOMBSTONES))) await take(TOMBSTONES, THE_WHOLE_MARK);
    if (model.kind === 'fact') continue;
    for await (const ids of madeUpTombstones(db, model)) {
      await take({ _id: { $in: [...ids] }, ...TOMBSTONES }, THE_WHOLE_MARK);
    }
  }
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
    for await (const { touches } of records) for (const touch of touches as string[]) known.add(touch);
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
