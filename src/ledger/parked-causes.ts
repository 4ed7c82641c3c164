import type { mongo } from 'mongoose';
import { outbox, type OutboxMessage } from './outbox.js';

/** Kinds of the outbox's documents that stand for events, not for letters: nobody writes one. */
const KIND = 'on-finalized';

/** The kind under which a program's final events are parked whose handler threw: what they cause is not known yet. */
export function parkedKind(program: string): string {
  return `${KIND}.${program}`;
}

/** The id under which such an event stands in the outbox. */
export function parkedId(eventId: string): string {
  return `${KIND}.${eventId}`;
}

/**
 * Parks a final event as failed, in the transaction that makes it final: an operator retries or drops it like a letter.
 * One that is parked keeps its first moment; one that was dropped stays dropped.
 */
export async function parkCause(
  db: mongo.Db,
  session: mongo.ClientSession,
  { program, eventId }: { readonly program: string; readonly eventId: string },
  error: string,
  now: Date,
): Promise<void> {
  const _id = parkedId(eventId);
  const known = await outbox(db).findOne({ _id }, { session });
  const failed = { state: 'failed', error, dueAt: null, endedAt: now } as const;
  if (!known) {
    const parked = { _id, kind: parkedKind(program), key: eventId, caused: true, released: true };
    await outbox(db).insertOne({ ...parked, ...failed, attempts: 1, createdAt: now }, { session });
  } else if (known.state !== 'dropped') {
    await outbox(db).updateOne({ _id }, { $set: { ...failed, attempts: known.attempts + 1 } }, { session });
  }
}

/** Removes an event whose handler has said what it causes: what it said stands for it now. */
export async function unparkCause(db: mongo.Db, session: mongo.ClientSession, _id: string): Promise<void> {
  await outbox(db).deleteOne({ _id }, { session });
}

/** What has failed, events and letters apart, and the newest of each. */
export interface FailedMessages {
  readonly events: number;
  readonly newestEvent: OutboxMessage | null;
  readonly letters: number;
  readonly newestLetter: OutboxMessage | null;
}

/** Reads what has failed of all kinds. */
export async function readFailed(db: mongo.Db): Promise<FailedMessages> {
  const ofEvents = { state: 'failed', kind: /^on-finalized\./ } as const;
  const ofLetters = { state: 'failed', kind: { $not: /^on-finalized\./ } } as const;
  const newest = { sort: { createdAt: -1, _id: -1 } } as const;
  const [events, newestEvent, letters, newestLetter] = await Promise.all([
    outbox(db).countDocuments(ofEvents),
    outbox(db).findOne(ofEvents, newest),
    outbox(db).countDocuments(ofLetters),
    outbox(db).findOne(ofLetters, newest),
  ]);
  return { events, newestEvent, letters, newestLetter };
}
