import type { mongo } from 'mongoose';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease, type HeldLease } from '../leases/lease.js';

/** A document that a replay has yet to fold anew. */
export interface QueuedDocument {
  readonly touch: string;
  readonly failures: number;
}

type StoredItem = { _id: string; program: string; touch: string; failures: number };

/** A document that cannot be written now may wait for another one's change (a unique index): tried this often. */
export const DOCUMENT_TRIES = 3;

function queue(db: mongo.Db): mongo.Collection<StoredItem> {
  return db.collection<StoredItem>('replay_queue');
}

function idOf(program: string, touch: string): string {
  return `${program}|${touch}`;
}

/** Creates the collection's index, and so the collection, outside of transactions. */
export async function ensureReplayQueue(db: mongo.Db): Promise<void> {
  await queue(db).createIndex({ program: 1, failures: 1, _id: 1 });
}

/** Notes documents to be folded anew, each once however many records touch it. */
export async function enqueue(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  touches: ReadonlySet<string>,
): Promise<void> {
  if (touches.size === 0) return;
  const all = [...touches];
  const known = await queue(db)
    .find({ _id: { $in: all.map((touch) => idOf(program, touch)) } }, { session, projection: { touch: 1 } })
    .toArray();
  const there = new Set(known.map(({ touch }) => touch));
  const items = all
    .filter((touch) => !there.has(touch))
    .map((touch): StoredItem => ({ _id: idOf(program, touch), program, touch, failures: 0 }));
  if (items.length > 0) await queue(db).insertMany(items, { session });
}

/** The next documents; those that failed before come last. */
export async function nextInQueue(db: mongo.Db, program: string, limit: number): Promise<QueuedDocument[]> {
  return queue(db)
    .find({ program, failures: { $lt: DOCUMENT_TRIES } })
    .sort({ failures: 1, _id: 1 })
    .limit(limit)
    .toArray();
}

export async function dequeue(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  touches: readonly string[],
): Promise<void> {
  await queue(db).deleteMany({ _id: { $in: touches.map((touch) => idOf(program, touch)) } }, { session });
}

export async function noteQueueFailure(
  db: mongo.Db,
  session: mongo.ClientSession,
  program: string,
  touch: string,
): Promise<void> {
  await queue(db).updateOne({ _id: idOf(program, touch) }, { $inc: { failures: 1 } }, { session });
}

/** Items forgotten in one transaction. */
const FORGOTTEN_AT_ONCE = 1_000;

/**
 * Forgets what is left, of a replay that ended. Under the lease: a holder that was stopped on its way here must not empty
 * the queue that another one is filling by now (I8).
 * @throws StaleFenceError
 */
export async function clearQueue(db: mongo.Db, lease: HeldLease, program: string): Promise<void> {
  while ((await queue(db).findOne({ program }, { projection: { _id: 1 } })) !== null) {
    await inLeaseTransaction(db, lease, async (session) => {
      const left = await queue(db)
        .find({ program }, { session, projection: { _id: 1 } })
        .limit(FORGOTTEN_AT_ONCE)
        .toArray();
      await queue(db).deleteMany({ _id: { $in: left.map(({ _id }) => _id) } }, { session });
      await touchLease(db, lease, session);
    });
  }
}

/** How many documents wait. */
export function countQueue(db: mongo.Db, program: string): Promise<number> {
  return queue(db).countDocuments({ program, failures: { $lt: DOCUMENT_TRIES } });
}
