import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { markDisputed } from '../ledger/append-records.js';
import {
  deadLetters,
  letterFrom,
  noteFailedRetry,
  type DeadLetter,
  type DeadLetterReason,
  type KeptLetter,
} from '../ledger/dead-letter.js';
import { readDeadItem } from '../ledger/dead-items.js';
import { isSameVersion, type LedgerRecord } from '../ledger/ledger-record.js';
import { toStored } from '../lib/stored-value.js';
import { insertVersions, renewRecords, reviveDead } from '../ledger/mark-records.js';
import { readSignature } from '../ledger/read-records.js';
import { buildRecords } from '../pipeline/build-records.js';
import type { Ingest } from '../pipeline/ingest.js';
import { wakeHolder } from '../pipeline/wake-signal.js';
import { inTransaction } from '../store/transactions.js';

/** What a retry needs; `ingestOf` gives the door of an installed program, or null. */
export interface RetryDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly ingestOf: (program: string) => Ingest | null;
  /** An event's finality is looked at this long after it entered the ledger, at the latest. */
  readonly finalityDelayMs: number;
}

/** What became of one retry. */
export type RetryOutcome =
  /** `events` entered the ledger as received (0: there turned out to be none, or they were there already). */
  | { readonly kind: 'recovered'; readonly events: number }
  /** The handler gets another try, at once. */
  | { readonly kind: 'revived' }
  | {
      readonly kind: 'still-dead';
      readonly reason: DeadLetterReason;
      readonly detail: string;
      readonly attempts: number;
    }
  /** Nothing dead has this id (any more): somebody else was faster, or the id is wrong. */
  | { readonly kind: 'gone' }
  /** The program of the letter is not installed. */
  | { readonly kind: 'not-installed'; readonly program: string };

/** What can be said of a letter now. */
type Reading =
  | {
      readonly kind: 'readable';
      readonly records: readonly LedgerRecord[];
      /** What cannot be decoded of a transaction that was missing as a whole. */
      readonly letters: readonly DeadLetter[];
    }
  | { readonly kind: 'unreadable'; readonly reason: DeadLetterReason; readonly detail: string };

/**
 * Tries something dead once more: bytes are decoded by the IDL of their slot, a missing transaction is fetched again, a
 * failed handler runs again. Entering the ledger and leaving the dead letters is one transaction: a crash leaves either,
 * never both or none (I1), and of two retries at once one finds it gone.
 */
export async function retryDead(dependencies: RetryDependencies, id: string): Promise<RetryOutcome> {
  const { db, clock, ingestOf } = dependencies;
  const item = await readDeadItem(db, id);
  if (!item) return { kind: 'gone' };
  if (item.kind === 'record') {
    if ((await reviveDead(db, [id])) === 0) return { kind: 'gone' };
    await wakeHolder(db, item.program);
    return { kind: 'revived' };
  }
  const stored = await deadLetters(db).findOne({ _id: id });
  if (!stored) return { kind: 'gone' };
  const letter = letterFrom(stored);
  const ingest = ingestOf(letter.program);
  if (!ingest) return { kind: 'not-installed', program: letter.program };

  const reading = await readAgain(dependencies, ingest, letter);
  if (reading.kind === 'unreadable') {
    const { reason, detail } = reading;
    await noteFailedRetry(db, id, { reason, detail }, new Date(clock.now()));
    return { kind: 'still-dead', reason, detail, attempts: letter.attempts + 1 };
  }
  const events = await enterLedger(db, letter, reading.records, reading.letters);
  if (events === null) return { kind: 'gone' };
  if (events > 0) await wakeHolder(db, letter.program);
  return { kind: 'recovered', events };
}

async function readAgain(dependencies: RetryDependencies, ingest: Ingest, letter: KeptLetter): Promise<Reading> {
  const { raw, place } = letter;
  return raw !== null && place !== null
    ? decodeAgain(dependencies, ingest, letter, raw, place)
    : fetchAgain(ingest, letter);
}

function decodeAgain(
  { clock, finalityDelayMs }: RetryDependencies,
  { module, codec }: Ingest,
  { _id: id, signature, slot }: KeptLetter,
  raw: Uint8Array,
  place: number,
): Reading {
  const decoded = codec.at(slot).decodeEvent(raw);
  if (!decoded.ok) return { kind: 'unreadable', reason: decoded.reason, detail: decoded.detail };
  const now = clock.now();
  const [, channel, ordinal] = id.split('/');
  const event = { id, channel: channel === 'cpi' ? 'cpi' : 'log', ordinal: Number(ordinal), place, raw } as const;
  const { records } = buildRecords(
    module,
    {
      events: [{ ...event, name: decoded.name, data: decoded.data }],
      undecodable: [],
      truncated: false,
      needs: 'nothing',
    },
    {
      ...{ signature, slot, source: 'retry', seenAs: 'confirmed', touchedAccounts: [] },
      ...{ seenAt: new Date(now), finalityDueAt: new Date(now + finalityDelayMs) },
    },
  );
  return { kind: 'readable', records, letters: [] };
}

/** A transaction that was missing, or whose log was cut off; and an event of a letter that lacks its place. */
async function fetchAgain(ingest: Ingest, letter: KeptLetter): Promise<Reading> {
  const landed = await ingest.landed(letter.signature, 'confirmed');
  if (landed.kind === 'unavailable') {
    // Its log is as cut off as before; only a letter of a whole transaction is about nobody having it.
    return { kind: 'unreadable', reason: letter.reason, detail: `fetching it again failed: ${landed.reason}` };
  }
  const records = landed.records.map((record): LedgerRecord => ({ ...record, source: 'retry', seenAs: 'confirmed' }));
  // After a fork a cut-off log is parked under another slot: it is the same trouble.
  const isSame = ({ _id, reason }: DeadLetter) =>
    _id === letter._id || (reason === 'log-truncated' && letter.reason === reason);
  const same = landed.letters.find(isSame);
  if (same) return { kind: 'unreadable', reason: same.reason, detail: same.detail };
  return { kind: 'readable', records, letters: landed.letters };
}

/**
 * The one transaction of a retry. Returns how many events were new to the ledger; null when the letter was gone. Its
 * siblings learn how many they are now: a transaction with fewer records than they say would be fetched at every sweep.
 */
async function enterLedger(
  db: mongo.Db,
  letter: KeptLetter,
  records: readonly LedgerRecord[],
  letters: readonly DeadLetter[],
): Promise<number | null> {
  return inTransaction(db.client, async (session) => {
    const removed = await deadLetters(db).deleteOne({ _id: letter._id }, { session });
    if (removed.deletedCount === 0) return null;
    // Two letters of one transaction that are retried at once would both count without the other: they conflict here.
    await deadLetters(db).updateMany({ signature: letter.signature }, { $inc: { siblingRetries: 1 } }, { session });
    const held = await readSignature(db, letter.program, letter.signature, session);
    const heldIds = new Set(held.map(({ _id }) => _id));
    const entering = records.filter(({ _id }) => !heldIds.has(_id));
    // Another version of it is there, or one that was dropped once: which is true is for the chain to say.
    const isDisputed = records.some((record) => {
      const other = held.find(({ _id }) => _id === record._id);
      return other && (other.state === 'orphaned' || !isSameVersion(other, record));
    });
    if (isDisputed) await markDisputed(db, [letter.signature], session);
    const standing = held.filter(({ state }) => state !== 'orphaned');
    const count = countAfter(letter, standing, records, entering);
    await insertVersions(
      db,
      session,
      entering.map((record) => ({ ...record, of: count })),
    );
    const renewals = standing
      .filter(({ of }) => of !== count)
      .map(({ _id, seenAs }) => ({ id: _id, of: count, seenAs }));
    await renewRecords(db, session, renewals);
    for (const { _id, ...rest } of letters) {
      const update = { $setOnInsert: toStored(rest) as mongo.Document };
      await deadLetters(db).updateOne({ _id }, update, { session, upsert: true });
    }
    return entering.length;
  });
}

/** How many decodable events the transaction has: as the whole of it shows, or one more than its siblings say. */
function countAfter(
  letter: KeptLetter,
  standing: readonly LedgerRecord[],
  records: readonly LedgerRecord[],
  entering: readonly LedgerRecord[],
): number {
  const isWhole = letter.raw === null || letter.place === null;
  if (isWhole) return records.length;
  return Math.max(0, ...standing.map(({ of }) => of)) + entering.length;
}
