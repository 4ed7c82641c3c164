import type { mongo } from 'mongoose';
import { keyFieldOf, THAT_ARE_ORPHANED } from '../domain-kit/document-mark.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import { ledgerEvents, stringsOf } from '../ledger/ledger-collections.js';

/** Keys of documents, by model. */
export type KeysByModel = Map<Model, Set<string>>;

/**
 * Documents that records from this slot on touch, whatever became of the records: the state documents, and the facts under
 * the ids of events.
 */
export async function touchedSince(db: mongo.Db, module: DomainModule, slot: number): Promise<KeysByModel> {
  const keys: KeysByModel = new Map();
  const cursor = ledgerEvents(db).find(
    { slot: { $gte: slot }, program: module.name, state: { $ne: 'orphaned' } },
    { projection: { touches: 1, kind: 1 } },
  );
  const facts = module.models.filter(({ kind }) => kind === 'fact');
  for await (const { _id, touches, kind } of cursor) {
    for (const touch of stringsOf(touches)) addTouch(keys, module, touch);
    if (kind === 'event') for (const model of facts) add(keys, model, _id);
  }
  return keys;
}

/** Documents named by `<collection>:<key>`; those of a collection the module has not are left out. */
export function addTouch(keys: KeysByModel, module: DomainModule, touch: string): void {
  const split = touch.indexOf(':');
  const model = module.models.find(({ collection }) => collection === touch.slice(0, split));
  if (model) add(keys, model, touch.slice(split + 1));
}

/** Documents that are marked as orphaned: their accounts may have come back. */
export async function markedOrphans(db: mongo.Db, module: DomainModule, limit: number): Promise<KeysByModel> {
  const keys: KeysByModel = new Map();
  for (const model of module.models) {
    const keyField = keyFieldOf(model);
    const marked = db
      .collection(model.collection)
      .find(THAT_ARE_ORPHANED, { projection: { [keyField]: 1 } })
      .limit(limit);
    for await (const document of marked)
      if (typeof document[keyField] === 'string') add(keys, model, document[keyField]);
  }
  return keys;
}

/** Where the rotation goes on. */
export interface RotationPlace {
  readonly collection: string;
  readonly after: string;
}

/**
 * The next share of all documents, in the order of models and keys, beginning anew after the last one. `next` null: the
 * next one begins at the beginning.
 */
export async function nextInRotation(
  db: mongo.Db,
  module: DomainModule,
  from: RotationPlace | null,
  share: number,
): Promise<{ readonly keys: KeysByModel; readonly next: RotationPlace | null }> {
  const keys: KeysByModel = new Map();
  const first = Math.max(
    0,
    module.models.findIndex(({ collection }) => collection === from?.collection),
  );
  let left = share;
  for (const model of module.models.slice(first)) {
    const keyField = keyFieldOf(model);
    const after = model.collection === from?.collection ? from.after : '';
    const page = await db
      .collection(model.collection)
      .find({ [keyField]: { $gt: after } } as mongo.Filter<mongo.Document>, { projection: { [keyField]: 1 } })
      .sort({ [keyField]: 1 })
      .limit(left)
      .toArray();
    for (const document of page) add(keys, model, String(document[keyField]));
    left -= page.length;
    const last = page.at(-1);
    if (left <= 0 && last) return { keys, next: { collection: model.collection, after: String(last[keyField]) } };
  }
  return { keys, next: null };
}

/** How many documents a pass looks at in turn, so that all are seen within `rotationMs`. */
export function shareOfRotation(documents: number, intervalMs: number, rotationMs: number): number {
  return Math.ceil((documents * intervalMs) / rotationMs);
}

/** All of these together. */
export function together(...parts: readonly KeysByModel[]): KeysByModel {
  const all: KeysByModel = new Map();
  for (const part of parts) for (const [model, keys] of part) for (const key of keys) add(all, model, key);
  return all;
}

function add(keys: KeysByModel, model: Model, key: string): void {
  const group = keys.get(model) ?? new Set<string>();
  keys.set(model, group.add(key));
}
