import type { mongo } from 'mongoose';
import { ledgerEvents, type StoredRecord } from './ledger-collections.js';

/** Records asked for in one go at most: a few megabytes. */
const LARGEST_BATCH = 5_000;

/** What one index of the ledger says by itself: a partial one, or the signatures. */
export type Indexed =
  | { readonly signature: string | { readonly $in: readonly string[] } }
  | ({ readonly program: string } & (
      { readonly state: 'received' } | { readonly commitment: 'confirmed' } | { readonly disputed: true }
    ));

/** Which of those records, in which order, and how many at most. */
export interface IndexedQuestion {
  /** Unset: all of them. */
  readonly also?: mongo.Document;
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly limit?: number;
  readonly project?: Readonly<Record<string, 0 | 1>>;
  readonly session?: mongo.ClientSession | undefined;
}

/**
 * Reads records by an index: what that index says is one stage, and the rest another. With both in one filter SecantusDB
 * takes another index that begins with the program, or none, and reads the whole ledger ([ran] 8.2.11, 50,000 records: 140
 * to 400 ms instead of 1), so that the longer the history the slower all live work. The `$or` keeps its two stages apart;
 * MongoDB makes one of them again, which its planner answers by the index.
 */
export function findByIndex(
  db: mongo.Db,
  indexed: Indexed,
  { also, sort, limit, project, session }: IndexedQuestion = {},
): mongo.AggregationCursor<StoredRecord> {
  return ledgerEvents(db).aggregate<StoredRecord>(
    [
      { $match: indexed },
      ...(also ? [{ $match: { $or: [also] } }] : []),
      ...(sort ? [{ $sort: { ...sort } }] : []),
      ...(limit === undefined ? [] : [{ $limit: limit }]),
      ...(project ? [{ $project: { ...project } }] : []),
    ],
    {
      ...(limit === undefined ? {} : { batchSize: Math.min(limit + 1, LARGEST_BATCH) }),
      ...(session ? { session } : {}),
    },
  );
}
