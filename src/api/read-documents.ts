import type { mongo } from 'mongoose';
import { keyFieldOf, THAT_COUNT } from '../domain-kit/document-mark.js';
import type { Model } from '../domain-kit/model.js';
import { toStored } from '../lib/stored-value.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { documentView, type DocumentView } from './document-view.js';
import type { ListQuery } from './list-query.js';

/** One page of a list. */
export interface Page {
  readonly items: readonly DocumentView[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

type Stored = { _id: string } & mongo.Document;

/** The document of one account or event; null when there is none. */
export async function readDocument(db: mongo.Db, model: Model, key: string): Promise<DocumentView | null> {
  const stored = await db
    .collection<Stored>(model.collection)
    .findOne({ [keyFieldOf(model)]: key } as mongo.Filter<Stored>);
  return stored && documentView(model, stored);
}

/**
 * A page in the order of the key, which never changes: a document that appears while somebody pages shifts nothing,
 * so none is shown twice and none that was there is missed.
 */
export async function readPage(db: mongo.Db, model: Model, query: ListQuery): Promise<Page> {
  const keyField = keyFieldOf(model);
  const list = `${model.collection}?${JSON.stringify(toFilterText(query))}`;
  const after = query.cursor === undefined ? undefined : decodeCursor<[string]>(list, query.cursor, ['string'])[0];
  const filter = {
    ...(toStored(query.filters) as object),
    ...THAT_COUNT,
    [keyField]: after === undefined ? { $exists: true } : { $gt: after },
  } as mongo.Filter<Stored>;
  const stored = await db
    .collection<Stored>(model.collection)
    .find(filter)
    .sort({ [keyField]: 1 })
    .limit(query.limit + 1)
    .toArray();
  const shown = stored.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    items: shown.map((document) => documentView(model, document)).filter((view) => view !== null),
    nextCursor: stored.length > query.limit && last ? encodeCursor(list, [String(last[keyField])]) : null,
  };
}

function toFilterText({ filters }: ListQuery): [string, string][] {
  return Object.entries(filters)
    .map(([name, value]): [string, string] => [name, value instanceof Date ? value.toISOString() : String(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
