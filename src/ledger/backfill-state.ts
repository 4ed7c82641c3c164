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
}

function backfills(db: mongo.Db): mongo.Collection<{ _id: string } & StoredBackfill> {
  return db.collection<{ _id: string } & StoredBackfill>('backfills');
}

/** The unfinished backfill of a program; null when there is none. */
export async function readBackfill(db: mongo.Db, program: string): Promise<StoredBackfill | null> {
  return backfills(db).findOne({ _id: program });
}

/** Keeps it; what it says was taken in must be durable before. */
export async function storeBackfill(db: mongo.Db, program: string, backfill: StoredBackfill): Promise<void> {
  await backfills(db).replaceOne({ _id: program }, backfill, { upsert: true });
}

/** Forgets it: it is complete, or begins anew. */
export async function forgetBackfill(db: mongo.Db, program: string): Promise<void> {
  await backfills(db).deleteOne({ _id: program });
}
