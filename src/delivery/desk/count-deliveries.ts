import type { mongo } from 'mongoose';
import { deliveries } from './delivery-store.js';

/** What waits at a desk. */
export interface OpenDeliveries {
  /** Due and not under way, counted up to COUNTED_AT_MOST. */
  readonly due: number;
  readonly oldestDueAt: Date | null;
}

/** Beyond it there is no counting: it would cost more the more waits. */
const COUNTED_AT_MOST = 10_000;

/** Counts what is due at a desk. */
export async function countOpenDeliveries(db: mongo.Db, desk: number, now: Date): Promise<OpenDeliveries> {
  const filter = { desk, state: 'due' as const, dueAt: { $lte: now } };
  const [due, oldest] = await Promise.all([
    deliveries(db).countDocuments(filter, { limit: COUNTED_AT_MOST }),
    deliveries(db).findOne(filter, { sort: { dueAt: 1 }, projection: { dueAt: 1 } }),
  ]);
  return { due, oldestDueAt: oldest?.dueAt ?? null };
}
