import type { mongo } from 'mongoose';

/** Indexes that a collection must have, as MongoDB takes them. */
export interface CollectionIndexes {
  readonly collection: string;
  readonly indexes: readonly {
    readonly keys: Readonly<Record<string, 1 | -1>>;
    readonly partial?: Readonly<Record<string, unknown>>;
  }[];
}

/** Creates what is missing; an index that is there already costs nothing. */
export async function ensureIndexes(db: mongo.Db, wanted: readonly CollectionIndexes[]): Promise<void> {
  for (const { collection, indexes } of wanted) {
    if (indexes.length === 0) continue;
    await db
      .collection(collection)
      .createIndexes(
        indexes.map(({ keys, partial }) => ({
          key: { ...keys },
          ...(partial ? { partialFilterExpression: partial } : {}),
        })),
      );
  }
}
