import type { mongo } from 'mongoose';

/**
 * Something that is not what the ledger says. document: to be folded anew. fact: to be written anew from its event.
 * result: what a settle step computes into this document, to be computed anew.
 */
export interface Repair {
  readonly kind: 'document' | 'fact' | 'result';
  readonly collection: string;
  /** Address of a state, event id of a fact. */
  readonly key: string;
}

/** A repair that was asked for. */
export interface RequestedRepair extends Repair {
  readonly id: string;
  readonly failures: number;
}

type StoredRepair = { _id: string; program: string; failures: number; error: string | null } & Repair;

/** A document that refuses what it should hold is left alone after so many tries, until somebody asks again. */
export const REPAIR_TRIES = 3;

function repairs(db: mongo.Db): mongo.Collection<StoredRepair> {
  return db.collection<StoredRepair>('repairs');
}

/** The question the queue is asked. */
export async function ensureRepairIndexes(db: mongo.Db): Promise<void> {
  await repairs(db).createIndex({ program: 1, failures: 1, _id: 1 }, { name: 'next' });
}

/**
 * Asks whoever holds the program's lease to put documents right. Anybody may ask; to ask twice is to ask once. In the
 * caller's transaction where it gives one.
 */
export async function requestRepairs(
  db: mongo.Db,
  program: string,
  wanted: readonly Repair[],
  session?: mongo.ClientSession,
): Promise<void> {
  if (wanted.length === 0) return;
  await repairs(db).bulkWrite(
    wanted.map(({ kind, collection, key }) => ({
      updateOne: {
        filter: { _id: repairId(program, { kind, collection, key }) },
        update: { $set: { program, kind, collection, key, failures: 0, error: null } },
        upsert: true,
      },
    })),
    { ordered: false, ...(session ? { session } : {}) },
  );
}

/** What was asked for and not done: those that failed before come last. */
export async function readRepairs(db: mongo.Db, program: string, limit: number): Promise<RequestedRepair[]> {
  const stored = await repairs(db)
    .find({ program, failures: { $lt: REPAIR_TRIES } })
    .sort({ failures: 1, _id: 1 })
    .limit(limit)
    .toArray();
  return stored.map(({ _id, kind, collection, key, failures }) => ({ id: _id, kind, collection, key, failures }));
}

/** How many wait to be done. */
export function countRepairs(db: mongo.Db, program: string): Promise<number> {
  return repairs(db).countDocuments({ program, failures: { $lt: REPAIR_TRIES } });
}

/** Those that were given up, and why. */
export async function readFailedRepairs(
  db: mongo.Db,
  program: string,
  limit: number,
): Promise<(Repair & { readonly error: string })[]> {
  const stored = await repairs(db)
    .find({ program, failures: { $gte: REPAIR_TRIES } })
    .limit(limit)
    .toArray();
  return stored.map(({ kind, collection, key, error }) => ({ kind, collection, key, error: error ?? '' }));
}

/** In the transaction that does them: one that is asked for once more meanwhile is done once more. */
export async function forgetRepairs(db: mongo.Db, session: mongo.ClientSession, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await repairs(db).deleteMany({ _id: { $in: [...ids] } }, { session });
}

/** Counts a try that failed. */
export async function noteRepairFailure(
  db: mongo.Db,
  session: mongo.ClientSession,
  id: string,
  error: string,
): Promise<void> {
  await repairs(db).updateOne({ _id: id }, { $inc: { failures: 1 }, $set: { error } }, { session });
}

function repairId(program: string, { kind, collection, key }: Repair): string {
  return `${program}|${kind}|${collection}|${key}`;
}
