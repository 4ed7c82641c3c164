import type { mongo } from 'mongoose';
import { isWritten, keyFieldOf, THAT_ARE_ORPHANED, THAT_COUNT } from '../domain-kit/document-mark.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { Model, StateModel } from '../domain-kit/model.js';
import { fromStored } from '../lib/stored-value.js';

/** A document as an audit sees it: owned and settled fields as values. */
export interface StoredDocument {
  readonly key: string;
  readonly fields: Readonly<Record<string, FieldValue | undefined>>;
}

/** Documents read at once. */
const BATCH = 500;

/** Every document of a model that counts, in batches: no tombstones, no orphans that are marked as such. */
export async function* readDocuments(db: mongo.Db, model: Model): AsyncGenerator<StoredDocument[]> {
  const cursor = db.collection(model.collection).find(THAT_COUNT).batchSize(BATCH);
  let batch: StoredDocument[] = [];
  for await (const document of cursor) {
    batch.push(viewOf(model, document));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The documents of these keys that count. */
export async function readDocumentsByKey(
  db: mongo.Db,
  model: Model,
  keys: readonly string[],
  session?: mongo.ClientSession,
): Promise<Map<string, StoredDocument>> {
  const keyField = keyFieldOf(model);
  const documents = await db
    .collection(model.collection)
    .find({ [keyField]: { $in: [...keys] }, ...THAT_COUNT } as mongo.Filter<mongo.Document>, session ? { session } : {})
    .toArray();
  // Of several with one address the one that mooring has written to, as in the projection: the last one counts.
  documents.reverse().sort((one, other) => Number(isWritten(one)) - Number(isWritten(other)));
  return new Map(documents.map((document) => viewOf(model, document)).map((view) => [view.key, view]));
}

/** Which of these keys have a document that counts. */
export async function readPresentKeys(db: mongo.Db, model: Model, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const keyField = keyFieldOf(model);
  const documents = await db
    .collection(model.collection)
    .find({ [keyField]: { $in: [...keys] }, ...THAT_COUNT } as mongo.Filter<mongo.Document>)
    .project({ [keyField]: 1 })
    .batchSize(keys.length + 1)
    .toArray();
  return new Set(documents.map((document) => String(document[keyField])));
}

/** Names of the fields that a fold or an account decides. */
export function ownedFields(model: Model): string[] {
  return Object.keys(model.fields);
}

function viewOf(model: Model, document: mongo.Document): StoredDocument {
  const names = [...ownedFields(model), ...Object.keys((model as Partial<StateModel>).settled ?? {})];
  const fields = Object.fromEntries(names.map((name) => [name, fromStored(document[name]) as FieldValue | undefined]));
  const key: unknown = document[keyFieldOf(model)];
  // Without a key of ours it is named by its id, which no address looks like.
  return { key: typeof key === 'string' ? key : `_id ${String(document._id)}`, fields };
}

/** Which of these keys have a document that is marked as orphaned. */
export async function readMarkedKeys(
  db: mongo.Db,
  model: Model,
  keys: readonly string[],
  session: mongo.ClientSession,
): Promise<Set<string>> {
  const keyField = keyFieldOf(model);
  const marked = await db
    .collection(model.collection)
    .find({ [keyField]: { $in: [...keys] }, ...THAT_ARE_ORPHANED } as mongo.Filter<mongo.Document>, { session })
    .project({ [keyField]: 1 })
    .toArray();
  return new Set(marked.map((document) => String(document[keyField])));
}
