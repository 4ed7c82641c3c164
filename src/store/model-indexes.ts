import type { mongo } from 'mongoose';

/** Indexes that a collection must have, as MongoDB takes them. */
export interface CollectionIndexes {
  readonly collection: string;
  readonly indexes: readonly {
    readonly keys: Readonly<Record<string, 1 | -1>>;
    readonly partial?: Readonly<Record<string, unknown>>;
  }[];
}

/** IndexOptionsConflict and IndexKeySpecsConflict: there is an index on these keys already, with other options. */
const SAME_KEYS_OTHER_OPTIONS = new Set<unknown>([85, 86]);

/** Creates what is missing. Whoever brought a collection may have indexed it in their own way: theirs will do. */
export async function ensureIndexes(db: mongo.Db, wanted: readonly CollectionIndexes[]): Promise<void> {
  for (const { collection, indexes } of wanted) {
    for (const { keys, partial } of indexes) {
      try {
        await db
          .collection(collection)
          .createIndex({ ...keys }, partial ? { partialFilterExpression: { ...partial } } : {});
      } catch (error) {
        if (!SAME_KEYS_OTHER_OPTIONS.has((error as { code?: unknown }).code)) throw error;
      }
    }
  }
}
