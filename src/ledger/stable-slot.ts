import type { mongo } from 'mongoose';
import type { LedgerRecord } from './ledger-record.js';

/** How long it is kept what became final late, in milliseconds: whoever was away longer is told that something is missing. */
const KEEP_LATE_MS = 30 * 24 * 3_600_000;
const NUMBER_DIGITS = 12;

/** How far a program's stream of final events goes. */
export interface StableHead {
  /** Up to and including this slot, every event that was going to be final is; what comes later is late. */
  readonly slot: number;
  /** How many lists of late events there have been. */
  readonly late: number;
}

/** A program's head has its name as id, and a list of late events the name with its number. */
interface StoredStable {
  _id: string;
  slot?: number;
  late?: number;
  ids?: string[];
  at?: Date;
}

function stableStreams(db: mongo.Db): mongo.Collection<StoredStable> {
  return db.collection<StoredStable>('stable_streams');
}

function lateId(program: string, number: number): string {
  return `${program}/${number.toString().padStart(NUMBER_DIGITS, '0')}`;
}

/** The collection, and the index that removes what is old. */
export async function ensureStableIndexes(db: mongo.Db): Promise<void> {
  await stableStreams(db).createIndexes([{ key: { at: 1 }, name: 'expiry', expireAfterSeconds: KEEP_LATE_MS / 1_000 }]);
}

/** How far the stream of a program goes; null before anything of it is stable. */
export async function readStableHead(
  db: mongo.Db,
  program: string,
  session?: mongo.ClientSession,
): Promise<StableHead | null> {
  const stored = await stableStreams(db).findOne({ _id: program }, session ? { session } : {});
  return stored?.slot === undefined ? null : { slot: stored.slot, late: stored.late ?? 0 };
}

/** Moves the stable slot, in a transaction under the program's lease that found nothing undecided up to it. */
export async function writeStableSlot(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  slot: number,
): Promise<void> {
  await stableStreams(db).updateOne(
    { _id: program },
    { $set: { slot }, $setOnInsert: { late: 0 } },
    { session, upsert: true },
  );
}

/**
 * Notes those of these events that stand at or before the stable slot: whoever reads the stream may have passed their
 * place. In the transaction that makes them final, or moves them within their slot, under the program's lease: so lists
 * are numbered without holes, in the order in which they become visible, and none can fall between two positions of the
 * stable slot.
 */
export async function noteLate(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  events: readonly Pick<LedgerRecord, '_id' | 'slot'>[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return;
  const head = await readStableHead(db, program, session);
  if (head === null) return;
  const ids = events.filter(({ slot }) => slot <= head.slot).map(({ _id }) => _id);
  if (ids.length === 0) return;
  const number = head.late + 1;
  await stableStreams(db).insertOne({ _id: lateId(program, number), ids, at: now }, { session });
  await stableStreams(db).updateOne({ _id: program }, { $set: { late: number } }, { session });
}

/** The ids of the `number`-th list of late events, from 1; null where it is not kept any more, or was never made. */
export async function readLate(db: mongo.Db, program: string, number: number): Promise<readonly string[] | null> {
  const stored = await stableStreams(db).findOne({ _id: lateId(program, number) });
  return stored?.ids ?? null;
}
