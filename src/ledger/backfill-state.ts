import type { mongo } from 'mongoose';
import type { StoredWalks } from './frontier.js';

/** A backfill that has not ended: whoever starts the same again goes on from here. */
export interface StoredBackfill {
  /** What was asked for, as text: only the same question is gone on with. */
  readonly asked: string;
  readonly walks: StoredWalks;
  /** What became of the transactions so far. */
  readonly counts: {
    readonly listed: number;
    readonly known: number;
    readonly found: number;
    readonly events: number;
    readonly parked: number;
  };
  /** Milliseconds it has run so far, pauses left out. */
  readonly ranMs: number;
  /** When the process began that works on it, or did last: for people. */
  readonly begunAt: Date;
}

function backfills(db: mongo.Db): mongo.Collection<{ _id: string } & StoredBackfill> {
  return db.collection<{ _id: string } & StoredBackfill>('backfills');
}

/** The unfinished backfill of a program; null when there is none. */
export async function readBackfill(db: mongo.Db, program: string): Promise<StoredBackfill | null> {
  return backfills(db).findOne({ _id: program });
}

/** Creates the collection: some servers cannot do that inside of a transaction. */
export async function ensureBackfills(db: mongo.Db): Promise<void> {
  await backfills(db).createIndex({ asked: 1 });
}

/** Keeps it, or forgets it (null): it is complete, or begins anew. What it says was taken in must be durable before. */
export async function storeBackfill(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  backfill: StoredBackfill | null,
): Promise<void> {
  if (backfill === null) await backfills(db).deleteOne({ _id: program }, { session });
  else await backfills(db).replaceOne({ _id: program }, backfill, { session, upsert: true });
}
