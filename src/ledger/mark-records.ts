import type { mongo } from 'mongoose';
import { MooringError } from '../lib/errors.js';
import { toStored } from '../lib/stored-value.js';
import type { LedgerRecord } from './ledger-record.js';
import { ledgerEvents, storedRecord, type StoredRecord } from './ledger-collections.js';
import { archivedId } from './read-records.js';

/**
 * Marks received records as applied, in the transaction that writes their documents (I2).
 * @throws MooringError `records-moved` when one of them is no longer `received`: somebody else was faster.
 */
export async function markApplied(
  db: mongo.Db,
  session: mongo.ClientSession,
  records: readonly LedgerRecord[],
  now: Date,
): Promise<void> {
  if (records.length === 0) return;
  const ids = records.map((record) => record._id);
  const marked = await ledgerEvents(db).updateMany(
    { _id: { $in: ids }, state: 'received' },
    { $set: { state: 'applied', appliedAt: now, error: null, nextAttemptAt: null } },
    { session },
  );
  if (marked.modifiedCount !== ids.length) {
    throw new MooringError(
      'records-moved',
      'Some records of the batch were taken up by another process; reading again.',
    );
  }
}

/** What records that are being applied touch, where the ledger said otherwise until now. */
export async function correctTouches(
  db: mongo.Db,
  session: mongo.ClientSession,
  corrections: readonly { readonly id: string; readonly touches: readonly string[] }[],
): Promise<void> {
  await setEach(
    db,
    session,
    corrections.map(({ id, touches }) => ({ filter: { _id: id }, set: { touches: [...touches] } })),
  );
}

/** Marks records as dropped by a fork. They stay for the audit trail and are no part of any fold. */
export async function markOrphaned(
  db: mongo.Db,
  session: mongo.ClientSession,
  ids: readonly string[],
  reason: string,
): Promise<void> {
  if (ids.length === 0) return;
  await ledgerEvents(db).updateMany(
    { _id: { $in: [...ids] } },
    { $set: { state: 'orphaned', commitment: 'finalized', disputed: false, error: reason } },
    { session },
  );
}

/** Puts another version of the same event in the place of one that did not land; the old one is kept beside it. */
export async function replaceVersion(
  db: mongo.Db,
  session: mongo.ClientSession,
  old: LedgerRecord,
  landed: LedgerRecord,
): Promise<void> {
  const archived: LedgerRecord = {
    ...old,
    _id: archivedId(old._id, old.generation),
    state: 'orphaned',
    commitment: 'finalized',
    disputed: false,
    error: `landed in slot ${landed.slot} instead`,
  };
  await ledgerEvents(db).insertOne(storedRecord(archived), { session });
  const { _id, ...rest } = storedRecord({ ...landed, generation: old.generation + 1 });
  await ledgerEvents(db).replaceOne({ _id }, rest, { session });
}

/** Inserts records inside a transaction: only for events that the ledger is known not to hold. */
export async function insertVersions(
  db: mongo.Db,
  session: mongo.ClientSession,
  records: readonly LedgerRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await ledgerEvents(db).insertMany(records.map(storedRecord), { session });
}

/** The chain has spoken: what this program did in the transaction is no longer disputed. */
export async function clearDispute(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  signature: string,
): Promise<void> {
  await ledgerEvents(db).updateMany({ program, signature, disputed: true }, { $set: { disputed: false } }, { session });
}

/** A failed attempt: to be tried again at `nextAttemptAt`, or never by itself when that is null. */
export interface RecordFailure {
  readonly id: string;
  readonly error: string;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
}

/** Notes failed attempts. */
export async function markFailed(
  db: mongo.Db,
  session: mongo.ClientSession,
  failures: readonly RecordFailure[],
): Promise<void> {
  await setEach(
    db,
    session,
    failures.map(({ id, error, attempts, nextAttemptAt }) => ({
      filter: { _id: id, state: 'received' },
      set: { state: nextAttemptAt === null ? 'dead' : 'received', attempts, error, nextAttemptAt },
    })),
  );
}

/** Applied records whose handler, a newer one, fails: they leave the fold and wait for an operator like any that failed. */
export async function markFailing(
  db: mongo.Db,
  session: mongo.ClientSession,
  failing: readonly { readonly record: LedgerRecord; readonly error: string }[],
): Promise<void> {
  await setEach(
    db,
    session,
    failing.map(({ record, error }) => ({
      filter: { _id: record._id, state: 'applied' },
      set: { state: 'dead', appliedAt: null, error, attempts: record.attempts + 1 },
    })),
  );
}

/** Keeps what records say as their IDL reads them now. */
export async function setDecoded(
  db: mongo.Db,
  session: mongo.ClientSession,
  records: readonly LedgerRecord[],
): Promise<void> {
  await setEach(
    db,
    session,
    records.map(({ _id, name, data }) => ({ filter: { _id }, set: { name, data: toStored(data) } })),
  );
}

/** The position of a record's transaction in the block of this slot. */
export interface RecordIndex {
  readonly id: string;
  readonly slot: number;
  readonly index: number;
}

/** Notes positions, each only where the record still stands in that slot. */
export async function setIndexes(
  db: mongo.Db,
  session: mongo.ClientSession,
  positions: readonly RecordIndex[],
): Promise<void> {
  await setEach(
    db,
    session,
    positions.map(({ id, slot, index }) => ({ filter: { _id: id, slot }, set: { index } })),
  );
}

/** What is known anew of a record that stays: how many events its transaction has, and as how settled it was seen. */
export interface RecordRenewal extends Pick<LedgerRecord, 'of' | 'seenAs'> {
  readonly id: string;
}

/** Notes what is known anew of records that stay. */
export async function renewRecords(
  db: mongo.Db,
  session: mongo.ClientSession,
  renewals: readonly RecordRenewal[],
): Promise<void> {
  await setEach(
    db,
    session,
    renewals.map(({ id, of, seenAs }) => ({ filter: { _id: id }, set: { of, seenAs } })),
  );
}

/**
 * Gives dead records another try, at once. Returns how many there were. Their events pass finality once more: only
 * what is applied can be put in order with the other transactions of its slot (`finalizedAt` tells that it was final).
 */
export async function reviveDead(db: mongo.Db, ids: readonly string[], session?: mongo.ClientSession): Promise<number> {
  if (ids.length === 0) return 0;
  const options = session ? { session } : {};
  await ledgerEvents(db).updateMany(
    { _id: { $in: [...ids] }, state: 'dead', kind: 'event' },
    { $set: { commitment: 'confirmed' } },
    options,
  );
  const revived = await ledgerEvents(db).updateMany(
    { _id: { $in: [...ids] }, state: 'dead' },
    { $set: { state: 'received', nextAttemptAt: null }, $unset: { dismissedAt: '', dismissedBy: '' } },
    options,
  );
  return revived.modifiedCount;
}

/** What a record keeps of its block. */
export type BlockStamp = Pick<LedgerRecord, 'blockhash' | 'blockTime'>;

/**
 * Marks records as final, each only where it still stands in the slot that the chain was asked about. A disputed one is
 * not: two versions were announced for that slot perhaps, and only the transaction itself says which is true. `blocks`:
 * the finalized blocks of these slots, as far as they are known. Returns the ids of those that were marked.
 */
export async function markFinalized(
  db: mongo.Db,
  session: mongo.ClientSession,
  finals: readonly Pick<LedgerRecord, '_id' | 'slot'>[],
  blocks: ReadonlyMap<number, BlockStamp>,
  now: Date,
): Promise<ReadonlySet<string>> {
  const ids = finals.map(({ _id }) => _id);
  if (ids.length === 0) return new Set();
  const idsBySlot = new Map<number, string[]>();
  for (const { _id, slot } of finals) idsBySlot.set(slot, [...(idsBySlot.get(slot) ?? []), _id]);
  const marked = await ledgerEvents(db).bulkWrite(
    [...idsBySlot].map(([slot, ids]) => ({
      updateMany: {
        filter: { _id: { $in: ids }, slot, commitment: 'confirmed', disputed: false, state: { $ne: 'orphaned' } },
        update: { $set: { commitment: 'finalized', finalizedAt: now, ...blocks.get(slot) } },
      },
    })),
    { ordered: false, session },
  );
  if (marked.modifiedCount === ids.length) return new Set(ids);
  const stored = await ledgerEvents(db)
    .find({ _id: { $in: ids }, commitment: 'finalized', finalizedAt: now }, { session, projection: { _id: 1 } })
    .toArray();
  return new Set(stored.map(({ _id }) => _id));
}

/** Sets fields of single records, each its own, by one command. */
async function setEach(
  db: mongo.Db,
  session: mongo.ClientSession,
  updates: readonly { readonly filter: mongo.Filter<StoredRecord>; readonly set: mongo.Document }[],
): Promise<void> {
  if (updates.length === 0) return;
  await ledgerEvents(db).bulkWrite(
    updates.map(({ filter, set }) => ({ updateOne: { filter, update: { $set: set } } })),
    { ordered: false, session },
  );
}
