import type { mongo } from 'mongoose';
import type { LedgerRecord, RecordState } from './ledger-record.js';
import { ledgerEvents, recordFrom } from './ledger-collections.js';
import { findByIndex } from './find-by-index.js';

/**
 * Longer than any record is told to wait, in milliseconds. A date further ahead was written by a process whose clock
 * runs ahead of ours: it is due now, not in the hours between the two clocks.
 */
const LONGEST_WAIT_MS = 120_000;

/**
 * Of a batch, the share that goes to the newest records where more wait than it holds: what happens now is not to wait
 * behind a backfill of hours. The rest goes to the oldest: documents are cheapest to build in the order of the chain.
 */
const NEWEST_SHARE = 0.25;

/**
 * Records up to and including `newestSlot` that wait to be applied and are due, at most `limit`: oldest slot first, and
 * the newest of a long queue.
 */
export async function readReceived(
  db: mongo.Db,
  program: string,
  limit: number,
  now: Date,
  newestSlot = Infinity,
): Promise<LedgerRecord[]> {
  const isDue = {
    slot: { $lte: newestSlot },
    $or: [
      { nextAttemptAt: { $not: { $gt: now } } },
      { nextAttemptAt: { $gt: new Date(now.getTime() + LONGEST_WAIT_MS) } },
    ],
  };
  const read = (limit: number, direction: 1 | -1) =>
    findByIndex(db, { program, state: 'received' }, { also: isDue, sort: { slot: direction }, limit }).toArray();
  const oldest = await read(limit, 1);
  const share = Math.floor(limit * NEWEST_SHARE);
  if (oldest.length < limit || share === 0) return oldest.map(recordFrom);
  const newest = await read(share, -1);
  const ids = new Set(newest.map(({ _id }) => _id));
  const rest = oldest.filter(({ _id }) => !ids.has(_id)).slice(0, limit - newest.length);
  return [...rest, ...newest.reverse()].map(recordFrom);
}

/** Every record of a transaction that is not archived, whatever its state. */
export async function readSignature(
  db: mongo.Db,
  program: string,
  signature: string,
  session?: mongo.ClientSession,
): Promise<LedgerRecord[]> {
  const stored = await findByIndex(db, { signature }, { also: { program }, session }).toArray();
  return stored.map(recordFrom).filter((record) => !isArchived(record._id));
}

/** One record of a program by its id; null where the ledger has none. */
export async function readRecord(
  db: mongo.Db,
  program: string,
  _id: string,
  session: mongo.ClientSession,
): Promise<LedgerRecord | null> {
  const stored = await ledgerEvents(db).findOne({ _id, program }, { session });
  return stored && recordFrom(stored);
}

/** The applied records that touch any of these documents, archived versions excluded. */
export async function readTouching(
  db: mongo.Db,
  touches: readonly string[],
  session?: mongo.ClientSession,
): Promise<LedgerRecord[]> {
  const stored = await ledgerEvents(db)
    .find({ touches: { $in: [...touches] }, state: 'applied' }, session ? { session } : {})
    .toArray();
  return stored.map(recordFrom);
}

/** Which of these documents an applied record touches. */
export async function readTouched(
  db: mongo.Db,
  touches: readonly string[],
  session: mongo.ClientSession,
): Promise<Set<string>> {
  const groups = await ledgerEvents(db)
    .aggregate<{ _id: string }>(
      [
        { $match: { touches: { $in: [...touches] }, state: 'applied' } },
        { $unwind: '$touches' },
        { $match: { touches: { $in: [...touches] } } },
        { $group: { _id: '$touches' } },
      ],
      { session },
    )
    .toArray();
  return new Set(groups.map(({ _id }) => _id));
}

/** Signatures of a program that two different versions were announced for, but for those in `without`. */
export async function readDisputed(
  db: mongo.Db,
  program: string,
  limit: number,
  without: readonly string[],
): Promise<string[]> {
  const also = { signature: { $nin: [...without] } };
  const disputed = findByIndex(db, { program, disputed: true }, { also, limit, project: { signature: 1 } });
  const stored = await disputed.toArray();
  return [...new Set(stored.map((record) => String(record.signature)))];
}

/** Transactions whose events are final, in these slots (both inclusive), each with its slot. */
export async function readFinalTransactions(
  db: mongo.Db,
  program: string,
  fromSlot: number,
  toSlot: number,
): Promise<Map<string, number>> {
  const stored = ledgerEvents(db).find(
    {
      ...{ slot: { $gte: fromSlot, $lte: toSlot }, program, commitment: 'finalized' },
      ...{ kind: 'event', state: { $ne: 'orphaned' } },
    },
    { projection: { _id: 0, signature: 1, slot: 1 } },
  );
  const final = new Map<string, number>();
  for await (const { signature, slot } of stored) final.set(String(signature), Number(slot));
  return final;
}

/** The oldest final transaction above a slot; null when the ledger has none. */
export async function readFirstFinalAbove(
  db: mongo.Db,
  program: string,
  slot: number,
): Promise<{ readonly signature: string; readonly slot: number } | null> {
  const stored = await ledgerEvents(db).findOne(
    { slot: { $gt: slot }, program, commitment: 'finalized', kind: 'event', state: { $ne: 'orphaned' } },
    { sort: { slot: 1 }, projection: { _id: 0, signature: 1, slot: 1 } },
  );
  return stored === null ? null : { signature: String(stored.signature), slot: Number(stored.slot) };
}

/** The newest final transaction; null when the ledger has none. */
export async function readNewestFinal(
  db: mongo.Db,
  program: string,
): Promise<{ readonly signature: string; readonly slot: number } | null> {
  const stored = await ledgerEvents(db).findOne(
    { program, commitment: 'finalized', kind: 'event', state: { $ne: 'orphaned' } },
    { sort: { slot: -1, _id: -1 }, projection: { _id: 0, signature: 1, slot: 1 } },
  );
  return stored === null ? null : { signature: String(stored.signature), slot: Number(stored.slot) };
}

/** A command may be 16 MB; an id is about 100 bytes. */
const IDS_PER_QUERY = 20_000;

/** Which of these ids the ledger holds, in whatever state. */
export async function readPresent(db: mongo.Db, ids: readonly string[]): Promise<Set<string>> {
  const present = new Set<string>();
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    const stored = await ledgerEvents(db)
      .find({ _id: { $in: ids.slice(start, start + IDS_PER_QUERY) } }, { projection: { _id: 1 } })
      .toArray();
    for (const { _id } of stored) present.add(_id);
  }
  return present;
}

/** A transaction that the ledger holds, at the slot it holds it. */
export interface KnownTransaction {
  readonly slot: number;
  /** False when a crash left only some of its events behind. */
  readonly whole: boolean;
}

/** Which of these transactions the ledger holds. Those only known as orphaned are left out. */
export async function readKnown(
  db: mongo.Db,
  program: string,
  signatures: readonly string[],
): Promise<Map<string, KnownTransaction>> {
  const stored = await findByIndex(
    db,
    { signature: { $in: signatures } },
    { also: { program, state: { $ne: 'orphaned' } }, project: { signature: 1, slot: 1, of: 1 } },
  ).toArray();
  const counts = new Map<string, { slot: number; of: number; count: number }>();
  for (const record of stored) {
    const signature = String(record.signature);
    const entry = counts.get(signature) ?? { slot: Number(record.slot), of: Number(record.of), count: 0 };
    counts.set(signature, { ...entry, count: entry.count + 1 });
  }
  return new Map([...counts].map(([signature, { slot, of, count }]) => [signature, { slot, whole: count >= of }]));
}

/**
 * How many records are in each state, archived versions among the orphaned ones. Counted by the small indexes of what is
 * not applied, so that it stays cheap however long the history is; `applied` is the rest of the collection's own count.
 */
export async function countStates(db: mongo.Db, programs: readonly string[]): Promise<Record<RecordState, number>> {
  // One by one: with several programs in one filter SecantusDB would read the whole ledger.
  const count = async (state: RecordState) => {
    let sum = 0;
    for (const program of programs) sum += await ledgerEvents(db).countDocuments({ program, state });
    return sum;
  };
  const [total, received, dead, orphaned] = await Promise.all([
    ledgerEvents(db).estimatedDocumentCount(),
    count('received'),
    count('dead'),
    count('orphaned'),
  ]);
  return { received, applied: Math.max(0, total - received - dead - orphaned), dead, orphaned };
}

/** The id under which the version of an event that did not land is kept, when another one takes its place. */
export function archivedId(id: string, generation: number): string {
  return `${id}~${generation}`;
}

function isArchived(id: string): boolean {
  return id.includes('~');
}
