import type { mongo } from 'mongoose';
import { olderThan, type TimePlace } from '../lib/older-than.js';
import { outbox, type MessageState, type OutboxMessage } from './outbox.js';

/** States that somebody still waits for. The others only grow. */
export const OPEN_STATES = ['waiting', 'due', 'failed'] as const satisfies readonly MessageState[];
type OpenState = (typeof OPEN_STATES)[number];

/** How many messages there are in each open state. What has ended is not counted: it would cost more for ever. */
export async function countOpenMessages(db: mongo.Db): Promise<Readonly<Record<OpenState, number>>> {
  const counts = await Promise.all(OPEN_STATES.map((state) => outbox(db).countDocuments({ state })));
  const [waiting = 0, due = 0, failed = 0] = counts;
  return { waiting, due, failed };
}

/** At most `limit` messages after `after`, the newest first; of one state where it is given. */
export function listMessages(
  db: mongo.Db,
  state: MessageState | undefined,
  limit: number,
  after: TimePlace | null = null,
): Promise<OutboxMessage[]> {
  return outbox(db)
    .find({ ...(state === undefined ? {} : { state }), ...olderThan(after) })
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit)
    .toArray();
}

/** What has not left although somebody may get it. */
export interface OwedMessages {
  readonly count: number;
  /** How many are due already. */
  readonly late: number;
  /** The earliest that one of them is due. */
  readonly oldestDueAt: Date | null;
  /** How many were tried and are tried again, and what was said of one of them. */
  readonly troubled: number;
  readonly error: string | null;
}

/** Messages of these kinds that are owed; `late` are those due before `before`. */
export async function readOwed(db: mongo.Db, kinds: readonly string[], before: Date): Promise<OwedMessages> {
  const owed: mongo.Filter<OutboxMessage> = { state: 'due', kind: { $in: [...kinds] } };
  const troubled = { ...owed, attempts: { $gt: 0 } };
  const first = (filter: mongo.Filter<OutboxMessage>) => outbox(db).findOne(filter, { sort: { dueAt: 1 } });
  const [count, late, oldest, troubledCount, troubledOne] = await Promise.all([
    outbox(db).countDocuments(owed),
    outbox(db).countDocuments({ ...owed, dueAt: { $lt: before } }),
    first(owed),
    outbox(db).countDocuments(troubled),
    first(troubled),
  ]);
  const [oldestDueAt, error] = [oldest?.dueAt ?? null, troubledOne?.error ?? null];
  return { count, late, oldestDueAt, troubled: troubledCount, error };
}
