import type { mongo } from 'mongoose';
import { WELL, type EndpointHealth } from '../webhooks/endpoint-health.js';

/** How the endpoint of a dispatcher is, for whoever works on it next. */
export interface StoredHealth extends EndpointHealth {
  /** The dispatcher. */
  readonly _id: string;
  /** Of the endpoint that it is about (dispatcher.ts). Unset: 0. */
  readonly endpointRevision?: number;
}

/** What is known of the endpoint that a dispatcher has now: nothing bad, where what was noted is about the one before. */
export function healthNow(stored: StoredHealth | undefined, endpointRevision: number): EndpointHealth {
  if (!stored || (stored.endpointRevision ?? 0) !== endpointRevision) return WELL;
  const { _id: _, endpointRevision: __, ...health } = stored;
  return health;
}

function endpointHealth(db: mongo.Db): mongo.Collection<StoredHealth> {
  return db.collection<StoredHealth>('endpoint_health');
}

/** What is known of these dispatchers' endpoints; nothing of those that are well. */
export async function readHealth(db: mongo.Db, ids: readonly string[]): Promise<ReadonlyMap<string, StoredHealth>> {
  if (ids.length === 0) return new Map();
  const found = await endpointHealth(db)
    .find({ _id: { $in: [...ids] } })
    .toArray();
  return new Map(found.map((health) => [health._id, health]));
}

/** Notes how endpoints are, in the caller's transaction. */
export async function writeHealth(
  db: mongo.Db,
  session: mongo.ClientSession,
  health: readonly StoredHealth[],
): Promise<void> {
  if (health.length === 0) return;
  await endpointHealth(db).bulkWrite(
    health.map(({ _id, ...replacement }) => ({ replaceOne: { filter: { _id }, replacement, upsert: true } })),
    { session, ordered: false },
  );
}
