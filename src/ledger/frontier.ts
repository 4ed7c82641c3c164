import { mongo } from 'mongoose';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';

/** How far a program's history is known to be complete: from slot `since` up to and including slot `slot`. */
export interface Frontier {
  readonly since: number;
  readonly slot: number;
}

/** Where a walk through history goes on: chain/page-cursor.ts. */
interface StoredCursor {
  readonly before: string;
  readonly slot: number;
  readonly mustRepeat: { readonly slot: number; readonly signatures: readonly string[] } | null;
}

/** What a walk listed: recovery/listing-digest.ts. */
interface StoredListing {
  readonly count: number;
  readonly sum: string;
}

/**
 * Walks through a span that are not all made yet: whoever makes them goes on from here. Everything listed so far is in the
 * ledger, eventless or parked.
 */
export interface StoredWalks {
  /** Inclusive. */
  readonly fromSlot: number;
  /** Inclusive: the finalized head when the first of them began. */
  readonly toSlot: number;
  readonly finished: readonly { readonly endpoint: string; readonly listing: StoredListing }[];
  /** The one under way. Its cursor means something to the endpoint that gave it, and to no other. */
  readonly current: {
    readonly endpoint: string;
    readonly cursor: StoredCursor;
    readonly listing: StoredListing;
  } | null;
}

interface FrontierDocument {
  _id: string;
  /** These three are not there before the first walks of a program have ended. */
  since?: number;
  slot?: number;
  movedAt?: Date;
  walks?: StoredWalks;
}

function frontiers(db: mongo.Db): mongo.Collection<FrontierDocument> {
  return db.collection<FrontierDocument>('frontiers');
}

/** The frontier of a program; null before `beginFrontier`. */
export async function readFrontier(db: mongo.Db, program: string): Promise<Frontier | null> {
  return (await readSweepState(db, program)).frontier;
}

/** The frontier, and the walks that are under way to move it. */
export async function readSweepState(
  db: mongo.Db,
  program: string,
): Promise<{ readonly frontier: Frontier | null; readonly walks: StoredWalks | null }> {
  const stored = await frontiers(db).findOne({ _id: program });
  const { since, slot, walks = null } = stored ?? {};
  return { frontier: since === undefined || slot === undefined ? null : { since, slot }, walks };
}

/** Says where a program's history begins for this database. Once said, only `lowerSince` changes it. */
export async function beginFrontier(db: mongo.Db, program: string, since: number, now: Date): Promise<void> {
  try {
    await frontiers(db).updateOne(
      { _id: program, since: { $exists: false } },
      { $set: { since, slot: since, movedAt: now } },
      { upsert: true },
    );
  } catch (error) {
    // It has begun already: the filter found nothing and the insert found the document.
    if (!(error instanceof mongo.MongoServerError) || error.code !== DUPLICATE_KEY) throw error;
  }
}

/**
 * Moves the frontier forward, never back: a slower worker's older walk changes nothing. The walks that led there are
 * forgotten with it. Returns whether it moved.
 */
export async function advanceFrontier(db: mongo.Db, program: string, slot: number, now: Date): Promise<boolean> {
  const outcome = await frontiers(db).updateOne(
    { _id: program, slot: { $lt: slot } },
    { $set: { slot, movedAt: now }, $unset: { walks: '' } },
  );
  return outcome.modifiedCount === 1;
}

/**
 * Says that history is complete from an earlier slot on, after every slot from `since` to `untilSlot` was scanned. Changes
 * nothing when that span leaves a hole before where history began so far, or begins later. Returns whether it did.
 */
export async function lowerSince(db: mongo.Db, program: string, since: number, untilSlot: number): Promise<boolean> {
  const outcome = await frontiers(db).updateOne(
    { _id: program, since: { $gt: since, $lte: untilSlot + 1 } },
    { $set: { since } },
  );
  return outcome.modifiedCount === 1;
}

/** Keeps walks that are under way; null forgets them. What they listed must be durable before. */
export async function storeWalks(db: mongo.Db, program: string, walks: StoredWalks | null): Promise<void> {
  if (walks === null) await frontiers(db).updateOne({ _id: program }, { $unset: { walks: '' } });
  else await frontiers(db).updateOne({ _id: program }, { $set: { walks } }, { upsert: true });
}
