import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import { fromStored, toStored } from '../lib/stored-value.js';
import type { LedgerRecord } from './ledger-record.js';
import { ledgerEvents, recordFrom } from './ledger-collections.js';
import { archivedId } from './read-records.js';

/** How long commits are kept, in milliseconds: whoever was away longer reads the state instead. */
const KEEP_COMMITS_MS = 7 * 24 * 3_600_000;
const NUMBER_DIGITS = 12;
/** Of a SHA-256 in base64url: 72 bits. */
const MARK_CHARACTERS = 12;

/** Why a record that was applied is so no more: a fork dropped it, another version landed, or a newer handler refuses it. */
export type LeavingReason = 'orphaned' | 'replaced' | 'refused';

/** What one commit did to the documents, as far as somebody is told of it. */
export interface CommitEntry {
  /** Versions (`versionOf`) of events that took effect, in the chain's order as far as it is known. */
  readonly entered: readonly string[];
  readonly left: readonly { readonly version: string; readonly reason: LeavingReason; readonly detail: string }[];
  /**
   * What documents say after it. `changed`: the settled fields that have another value; null where an event that had
   * changed it left. `fields`: null where there is no such document any more.
   */
  readonly documents: readonly CommittedDocument[];
}

export interface CommittedDocument {
  readonly collection: string;
  readonly key: string;
  readonly changed: readonly string[] | null;
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/** The last commit of a program: number 0 and an empty mark where there is none. */
export interface CommitHead {
  readonly number: number;
  readonly mark: string;
}

/** A logged commit: the `number`-th of its program, from 1, without holes. */
export interface Commit extends CommitEntry, CommitHead {
  readonly at: Date;
  /** The mark of the commit before it; empty for the first. */
  readonly after: string;
}

type StoredCommit = { _id: string } & mongo.Document;

function commits(db: mongo.Db): mongo.Collection<StoredCommit> {
  return db.collection<StoredCommit>('commits');
}

function commitId(program: string, number: number): string {
  return `${program}/${number.toString().padStart(NUMBER_DIGITS, '0')}`;
}

/** The collection, and the index that removes what is old. */
export async function ensureCommitLog(db: mongo.Db): Promise<void> {
  await commits(db).createIndexes([{ key: { at: 1 }, name: 'expiry', expireAfterSeconds: KEEP_COMMITS_MS / 1_000 }]);
}

/**
 * Logs a commit inside its own transaction, under the program's lease: so numbers have no holes and rise in the order in
 * which commits become visible. The last number stands in a document of its own, which does not expire with the commits:
 * after a quiet week numbering from 1 again would let an old cursor pass for a new one.
 *
 * A number alone names no commit: a backup put in this database's place gives it to another one. So each has a mark made of
 * everything in it, its time and the mark before it: two logs in which a number has the same mark are the same up to there.
 */
export async function appendCommit(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  entry: CommitEntry,
  now: Date,
): Promise<void> {
  const head = headOf(await commits(db).findOne({ _id: program }, { session }));
  const last = head.number + 1;
  const commit = { _id: commitId(program, last), ...(toStored(entry) as mongo.Document), at: now, after: head.mark };
  const mark = markOf(commit);
  await commits(db).insertOne({ ...commit, mark }, { session });
  await commits(db).updateOne({ _id: program }, { $set: { last, mark } }, { session, upsert: true });
}

function markOf(commit: mongo.Document): string {
  return createHash('sha256').update(mongo.BSON.serialize(commit)).digest('base64url').slice(0, MARK_CHARACTERS);
}

/** The last commit of each program. */
export async function readCommitHeads(db: mongo.Db, programs: readonly string[]): Promise<Map<string, CommitHead>> {
  const heads = await commits(db)
    .find({ _id: { $in: [...programs] } })
    .toArray();
  const found = new Map(heads.map((head) => [head._id, headOf(head)]));
  return new Map(programs.map((program) => [program, found.get(program) ?? headOf(null)]));
}

function headOf(stored: mongo.Document | null): CommitHead {
  return { number: Number(stored?.['last'] ?? 0), mark: String(stored?.['mark'] ?? '') };
}

/** Those of the commits `from` to `to` (both inclusive) that are still there, in their order. */
export async function readCommits(db: mongo.Db, program: string, from: number, to: number): Promise<Commit[]> {
  const ids = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => commitId(program, from + index));
  const stored = await commits(db)
    .find({ _id: { $in: ids } })
    .toArray();
  return stored.map((commit) => commitFrom(program, commit)).sort((one, other) => one.number - other.number);
}

function commitFrom(program: string, { _id, ...rest }: StoredCommit): Commit {
  return { ...(fromStored(rest) as Omit<Commit, 'number'>), number: Number(_id.slice(program.length + 1)) };
}

/** The next commits after number `after` that are still there, at most `limit`, in their order. */
export async function readCommitsAfter(db: mongo.Db, program: string, after: number, limit: number): Promise<Commit[]> {
  const within = { $gt: commitId(program, after), $lte: commitId(program, 10 ** NUMBER_DIGITS - 1) };
  const stored = await commits(db).find({ _id: within }).sort({ _id: 1 }).limit(limit).toArray();
  return stored.map((commit) => commitFrom(program, commit));
}

/** Names one version of a record: after a re-landing its id names another one. */
export function versionOf({ _id, generation }: Pick<LedgerRecord, '_id' | 'generation'>): string {
  return archivedId(_id, generation);
}

/** The records of these versions, wherever they are kept by now; those that are nowhere any more are left out. */
export async function readVersions(db: mongo.Db, versions: readonly string[]): Promise<Map<string, LedgerRecord>> {
  const idOf = (version: string) => version.slice(0, version.lastIndexOf('~'));
  const wanted = new Set(versions);
  const stored = await ledgerEvents(db)
    .find({ _id: { $in: [...new Set([...wanted, ...versions.map(idOf)])] } })
    .toArray();
  const found = new Map<string, LedgerRecord>();
  for (const record of stored.map(recordFrom)) {
    // One that another version has replaced is kept under its version's own name.
    const version = wanted.has(record._id) ? record._id : versionOf(record);
    if (wanted.has(version)) found.set(version, { ...record, _id: idOf(version) });
  }
  return found;
}
