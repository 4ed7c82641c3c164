import { mongo } from 'mongoose';
import { DUPLICATE_KEY } from './duplicate-key.js';

/**
 * Inserts what is not there yet, by `_id` or another unique key. Returns the positions of those that were there already.
 * @throws what the database throws for any other reason.
 */
export async function insertUnordered<T extends { _id: string }>(
  collection: mongo.Collection<T>,
  documents: readonly T[],
): Promise<ReadonlySet<number>> {
  try {
    await collection.insertMany(documents as mongo.OptionalUnlessRequiredId<T>[], { ordered: false });
    return new Set();
  } catch (error) {
    if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
    const failures = [error.writeErrors].flat();
    if (failures.length === 0 || failures.some((failure) => failure.code !== DUPLICATE_KEY)) throw error;
    return new Set(failures.map((failure) => failure.index));
  }
}
