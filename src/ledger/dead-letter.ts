import type { mongo } from 'mongoose';
import { fromStored, toStored } from '../lib/stored-value.js';

/** Why something of the chain could not become a record. */
export type DeadLetterReason =
  'unknown-discriminator' | 'short' | 'trailing' | 'invalid' | 'unavailable' | 'log-truncated';

/** What cannot be decoded or fetched, kept with its raw bytes so that nothing seen is silently lost (I1). */
export interface DeadLetter {
  /** The event id, or `<signature>/transaction/<program>` when the whole of it is missing. */
  readonly _id: string;
  readonly program: string;
  readonly signature: string;
  readonly slot: number;
  readonly reason: DeadLetterReason;
  readonly detail: string;
  readonly raw: Uint8Array | null;
  /** Where the event stands in its transaction; null for what is no single event, and in letters of older versions. */
  readonly place: number | null;
  /** Accounts to read from the chain because the log that would tell their change is cut off. */
  readonly refresh: readonly string[];
  readonly seenAt: Date;
}

/** A letter as it is kept, with what became of it since. */
export interface KeptLetter extends DeadLetter {
  /** Retries that failed. */
  readonly attempts: number;
  readonly lastTriedAt: Date | null;
  /** An operator decided that it never takes effect. It stays, so that no sweep brings it back as news. */
  readonly dismissedAt: Date | null;
  readonly dismissedBy: string | null;
  /** The accounts of the cut-off log were read: nothing is left to do. */
  readonly resolvedAt: Date | null;
}

/** BSON → letter. */
export function letterFrom(stored: mongo.Document): KeptLetter {
  const untouched = { place: null, attempts: 0, lastTriedAt: null, dismissedAt: null, dismissedBy: null };
  return { ...untouched, ...{ resolvedAt: null }, ...(fromStored(stored) as KeptLetter) };
}

/** The collection of what waits for an operator or for an account read. */
export function deadLetters(db: mongo.Db): mongo.Collection<{ _id: string } & mongo.Document> {
  return db.collection<{ _id: string } & mongo.Document>('dead_letters');
}

/** Keeps letters; one that is there already stays as it was first seen. */
export async function parkDeadLetters(db: mongo.Db, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  await deadLetters(db).bulkWrite(
    letters.map(({ _id, ...rest }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: toStored(rest) as mongo.Document }, upsert: true },
    })),
    { ordered: false },
  );
}

/** Which of these transactions are parked as a whole, so that nobody fetches them again at every sweep. */
export async function readParkedTransactions(
  db: mongo.Db,
  program: string,
  signatures: readonly string[],
): Promise<Set<string>> {
  const letters = await deadLetters(db)
    .find(
      { _id: { $in: signatures.map((signature) => parkedTransactionId(program, signature)) } },
      { projection: { signature: 1 } },
    )
    .toArray();
  return new Set(letters.map((letter) => String(letter.signature)));
}

/** Notes that a letter still cannot be read, and why now. */
export async function noteFailedRetry(
  db: mongo.Db,
  id: string,
  { reason, detail }: Pick<DeadLetter, 'reason' | 'detail'>,
  now: Date,
): Promise<void> {
  await deadLetters(db).updateOne({ _id: id }, { $set: { reason, detail, lastTriedAt: now }, $inc: { attempts: 1 } });
}

/** The letter id of a transaction that nobody can fetch: each program in it has to be told when somebody can. */
export function parkedTransactionId(program: string, signature: string): string {
  return `${signature}/transaction/${program}`;
}
