import type { mongo } from 'mongoose';
import { fromStored, toStored } from '../lib/stored-value.js';
import { deadLetters } from './dead-letter.js';
import type { LedgerRecord } from './ledger-record.js';

/** A ledger record as MongoDB holds it. */
export type StoredRecord = { _id: string } & mongo.Document;

/** The collection of events and observations. */
export function ledgerEvents(db: mongo.Db): mongo.Collection<StoredRecord> {
  return db.collection<StoredRecord>('ledger_events');
}

/** Record → BSON: u64s exact, bytes as binary. */
export function storedRecord(record: LedgerRecord): StoredRecord {
  return toStored(record) as StoredRecord;
}

/** BSON → record. */
export function recordFrom(stored: mongo.Document): LedgerRecord {
  const record = fromStored(stored) as LedgerRecord;
  const { touches, slot } = record as { readonly touches: unknown; readonly slot: unknown };
  // What somebody has changed by hand must not stop who reads it: it touches nothing, or stands at the beginning.
  const isWhole = Array.isArray(touches) && touches.every((one) => typeof one === 'string') && typeof slot === 'number';
  if (isWhole) return record;
  return { ...record, touches: stringsOf(touches), slot: typeof slot === 'number' ? slot : 0 };
}

/** The texts in a list; none where it is no list. */
export function stringsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

/**
 * Indexes of the ledger, each with the question it answers. Partial ones stay as small as the work that is left:
 * an event that is applied and final is in none of them.
 */
export async function ensureLedgerIndexes(db: mongo.Db): Promise<void> {
  await ledgerEvents(db).createIndexes([
    // What is left to apply, oldest first.
    { key: { program: 1, slot: 1 }, name: 'received', partialFilterExpression: { state: 'received' } },
    // What is waiting for finality.
    { key: { program: 1, slot: 1 }, name: 'unfinal', partialFilterExpression: { commitment: 'confirmed' } },
    // What the chain has to decide.
    { key: { program: 1 }, name: 'disputed', partialFilterExpression: { disputed: true } },
    // What an operator has to decide, and what forks dropped: counted and listed, never many.
    { key: { program: 1, _id: 1 }, name: 'dead', partialFilterExpression: { state: 'dead' } },
    { key: { program: 1, _id: -1 }, name: 'orphaned', partialFilterExpression: { state: 'orphaned' } },
    // The history of one document.
    { key: { touches: 1 }, name: 'touches' },
    // All events of one transaction.
    { key: { signature: 1 }, name: 'signature' },
    // Lists for people, newest first: of everything, and of one event name.
    { key: { slot: -1, _id: -1 }, name: 'newest' },
    { key: { program: 1, name: 1, slot: -1, _id: -1 }, name: 'by-name' },
  ]);
  await deadLetters(db).createIndexes([
    // The list for people, newest first.
    { key: { slot: -1, _id: -1 }, name: 'newest' },
    // How many of a program are open, at every look for alerts.
    { key: { program: 1, reason: 1 }, name: 'program' },
    // All letters of one transaction.
    { key: { signature: 1 }, name: 'signature' },
  ]);
}
