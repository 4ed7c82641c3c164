import type { mongo } from 'mongoose';

/**
 * waiting: without a cause, or not released yet. due: to be sent at `dueAt`. sent, failed (refused, or tried too often) and
 * dropped (by an operator) stay for ever: a message whose id is there never leaves again.
 */
export type MessageState = (typeof MESSAGE_STATES)[number];

/** Every state of a message. */
export const MESSAGE_STATES = ['waiting', 'due', 'sent', 'failed', 'dropped'] as const;

/** A message on its way out. */
export interface OutboxMessage {
  readonly _id: string;
  readonly kind: string;
  readonly key: string;
  readonly state: MessageState;
  /** The event that causes it is final. */
  readonly caused: boolean;
  /** Whoever it is for may get it. */
  readonly released: boolean;
  readonly dueAt: Date | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** A message that is not wanted is looked at again after this long, in milliseconds. */
const UNWANTED_MS = 3_600_000;

type Name = { readonly id: string; readonly kind: string; readonly key: string };

/** The collection of messages. */
export function outbox(db: mongo.Db): mongo.Collection<OutboxMessage> {
  return db.collection<OutboxMessage>('outbox');
}

/** Creates its indexes: for what is due and for counting, and for lists. */
export async function ensureOutboxIndexes(db: mongo.Db): Promise<void> {
  await outbox(db).createIndex({ state: 1, dueAt: 1 });
  await outbox(db).createIndex({ state: 1, createdAt: -1, _id: -1 });
  await outbox(db).createIndex({ createdAt: -1, _id: -1 });
}

/**
 * Notes that a message has its cause, in the transaction that makes the cause final. Where the id is known nothing else
 * changes: replay, re-landing and a second cause send nothing twice. Returns what the message is now.
 */
export function causeMessage(db: mongo.Db, session: mongo.ClientSession, name: Name, now: Date): Promise<MessageState> {
  return advance(db, session, name, 'caused', now);
}

/** Whether whoever a message is for may get it already. */
export async function isReleased(db: mongo.Db, session: mongo.ClientSession, _id: string): Promise<boolean> {
  return (await outbox(db).findOne({ _id }, { session }))?.released === true;
}

/** What whoever releases a message knows of it. */
export interface ReleaseNotes {
  /** Its cause is final already, and may have been so before anybody asked for messages. */
  readonly isCaused?: boolean;
  /** Where it goes or what it says has changed: what became of an attempt before says nothing of the next one. */
  readonly isChanged?: boolean;
}

/** Notes that a message may leave, in the transaction of what lets it. Both sides write the same document, whoever is first. */
export async function releaseMessage(
  db: mongo.Db,
  session: mongo.ClientSession,
  name: Name,
  now: Date,
  { isCaused = false, isChanged = false }: ReleaseNotes = {},
): Promise<MessageState> {
  const state = await advance(db, session, name, 'released', now);
  if (state === 'waiting' && isCaused) return advance(db, session, name, 'caused', now);
  if (!isChanged || (state !== 'failed' && state !== 'due')) return state;
  const again = { state: 'due', dueAt: now, attempts: 0, error: null, endedAt: null } as const;
  await outbox(db).updateOne({ _id: name.id, caused: true, released: true }, { $set: again }, { session });
  return 'due';
}

async function advance(
  db: mongo.Db,
  session: mongo.ClientSession,
  { id: _id, kind, key }: Name,
  what: 'caused' | 'released',
  now: Date,
): Promise<MessageState> {
  const known = await outbox(db).findOne({ _id }, { session });
  if (!known) {
    const message = { _id, kind, key, state: 'waiting', caused: false, released: false } as const;
    const open = { dueAt: null, attempts: 0, error: null, createdAt: now, endedAt: null };
    await outbox(db).insertOne({ ...message, ...open, [what]: true }, { session });
    return 'waiting';
  }
  if (known.state === 'due' && what === 'caused' && known.attempts === 0) {
    // It was not wanted perhaps, and rests: with this cause it may be.
    await outbox(db).updateOne({ _id }, { $set: { dueAt: now } }, { session });
  }
  if (known.state !== 'waiting' || known[what]) return known.state;
  const isDue = { ...known, [what]: true };
  const state = isDue.caused && isDue.released ? 'due' : 'waiting';
  const dueAt = state === 'due' ? now : null;
  await outbox(db).updateOne({ _id }, { $set: { [what]: true, state, dueAt } }, { session });
  return state;
}

/** Messages that are due, the longest first. */
export function readDue(db: mongo.Db, kinds: readonly string[], now: Date, limit: number): Promise<OutboxMessage[]> {
  return outbox(db)
    .find({ state: 'due', dueAt: { $lte: now }, kind: { $in: [...kinds] } })
    .sort({ dueAt: 1 })
    .limit(limit)
    .toArray();
}

/** What became of an attempt. unwanted: its documents do not want it now; looked at again in an hour, or with the next cause. */
export type Attempt =
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'again'; readonly error: string; readonly dueAt: Date }
  | { readonly kind: 'unwanted' };

/** Notes an attempt. What failed to an address that was corrected meanwhile says nothing of the new one, which stays due. */
export async function noteAttempt(
  db: mongo.Db,
  session: mongo.ClientSession,
  { _id, attempts, dueAt }: Pick<OutboxMessage, '_id' | 'attempts' | 'dueAt'>,
  attempt: Attempt,
  now: Date,
): Promise<void> {
  // Dropped while it was on its way it has left all the same.
  const filter: mongo.Filter<OutboxMessage> =
    attempt.kind === 'sent' ? { _id, state: { $in: ['due', 'dropped'] } } : { _id, state: 'due', dueAt };
  await outbox(db).updateOne(filter, { $set: changeOf(attempt, attempts + 1, now) }, { session });
}

function changeOf(attempt: Attempt, attempts: number, now: Date): Partial<OutboxMessage> {
  switch (attempt.kind) {
    case 'sent':
      return { state: 'sent', attempts, error: null, endedAt: now };
    case 'failed':
      return { state: 'failed', attempts, error: attempt.error, endedAt: now };
    case 'again':
      return { attempts, error: attempt.error, dueAt: attempt.dueAt };
    case 'unwanted':
      return { dueAt: new Date(now.getTime() + UNWANTED_MS) };
  }
}

/**
 * Makes a message due now that failed, was dropped, or rests between two attempts; one that was dropped while it waited
 * waits again. False: there is no such one.
 */
export async function retryMessage(db: mongo.Db, _id: string, now: Date): Promise<boolean> {
  const again = { attempts: 0, endedAt: null };
  const mayLeave = {
    _id,
    caused: true,
    released: true,
    state: { $in: ['due', 'failed', 'dropped'] as MessageState[] },
  };
  const due = await outbox(db).updateOne(mayLeave, { $set: { ...again, state: 'due', dueAt: now } });
  if (due.matchedCount === 1) return true;
  const waits: mongo.Filter<OutboxMessage> = { _id, state: 'dropped', $or: [{ caused: false }, { released: false }] };
  return (await outbox(db).updateOne(waits, { $set: { ...again, state: 'waiting' } })).matchedCount === 1;
}

/** Decides that a message never leaves. False: there is none that has not left. */
export async function dropMessage(db: mongo.Db, _id: string, now: Date): Promise<boolean> {
  const filter = { _id, state: { $in: ['waiting', 'due', 'failed'] as MessageState[] } };
  return (
    (await outbox(db).updateOne(filter, { $set: { state: 'dropped', dueAt: null, endedAt: now } })).matchedCount === 1
  );
}
