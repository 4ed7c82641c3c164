import type { mongo } from 'mongoose';

interface FrontierDocument {
  _id: string;
  since: number;
  slot: number;
  movedAt: Date;
}

/** How far a program's history is known to be complete: from slot `since` up to and including slot `slot`. */
export interface Frontier {
  readonly since: number;
  readonly slot: number;
}

function frontiers(db: mongo.Db): mongo.Collection<FrontierDocument> {
  return db.collection<FrontierDocument>('frontiers');
}

/** The frontier of a program; null before `beginFrontier`. */
export async function readFrontier(db: mongo.Db, program: string): Promise<Frontier | null> {
  const stored = await frontiers(db).findOne({ _id: program });
  return stored ? { since: stored.since, slot: stored.slot } : null;
}

/** Says where a program's history begins for this database. Once said, it stays. */
export async function beginFrontier(db: mongo.Db, program: string, since: number, now: Date): Promise<void> {
  await frontiers(db).updateOne(
    { _id: program },
    { $setOnInsert: { since, slot: since, movedAt: now } },
    { upsert: true },
  );
}

/** Moves the frontier forward, never back: a slower worker's older walk changes nothing. */
export async function advanceFrontier(db: mongo.Db, program: string, slot: number, now: Date): Promise<void> {
  await frontiers(db).updateOne({ _id: program, slot: { $lt: slot } }, { $set: { slot, movedAt: now } });
}
