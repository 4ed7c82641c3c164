import type { mongo } from 'mongoose';

/**
 * waiting: without a cause, or not released yet. due: to be sent at `dueAt`. sent, failed (refused, or tried too often) and
 * dropped (by an operator) stay for ever: a message whose id is there never leaves again.
 */
export type MessageState = 'waiting' | 'due' | 'sent' | 'failed' | 'dropped';

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

/** Creates its index. */
export async function ensureOutboxIndexes(db: mongo.Db): Promise<void> {
  await outbox(db).createIndex({ state: 1, dueAt: 1 });
}

/**
 * Notes that a message has its cause, in the transaction that makes the cause final. Where the id is known nothing else
 * changes: replay, re-landing and a second cause send nothing twice. Returns what the message is now.
 */
export function causeMessage(db: mongo.Db, session: mongo.ClientSession, name: Name, now: Date): Promise<MessageState> {
  return advance(db, session, name, 'caused', now);
}

/** Notes that a message may leave, in the transaction of what lets it. Both sides write the same document, whoever is first. */
export function releaseMessage(
  db: mongo.Db,
  session: mongo.ClientSession,
  name: Name,
  now: Date,
): Promise<MessageState> {
  return advance(db, session, name, 'released', now);
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

/** Notes an attempt. */
export async function noteAttempt(
  db: mongo.Db,
  session: mongo.ClientSession,
  { _id, attempts }: Pick<OutboxMessage, '_id' | 'attempts'>,
  attempt: Attempt,
  now: Date,
): Promise<void> {
  await outbox(db).updateOne({ _id, state: 'due' }, { $set: changeOf(attempt, attempts + 1, now) }, { session });
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

/** How many messages there are in each state. */
export async function countMessages(db: mongo.Db): Promise<Readonly<Record<MessageState, number>>> {
  const states = ['waiting', 'due', 'sent', 'failed', 'dropped'] as const;
  const counts = await Promise.all(states.map((state) => outbox(db).countDocuments({ state })));
  return Object.fromEntries(states.map((state, index) => [state, counts[index] ?? 0])) as Record<MessageState, number>;
}
