import { mongo } from 'mongoose';

/**
 * Whether a bulk write failed as a whole, without a word of any of its documents: the driver wraps a lost connection and a
 * primary that steps down in the same class as duplicate keys (mongodb/lib/bulk/common.js). What was written is unknown.
 */
export function isBrokenBulk(error: unknown): boolean {
  return error instanceof mongo.MongoBulkWriteError && [error.writeErrors].flat().length === 0;
}
