import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { MooringError } from '../../lib/errors.js';
import type { ClockReading, ServerReading } from '../../ops/doctor/judge-database.js';
import type { MongoConnection } from '../../store/mongo-connection.js';
import { readDatabaseTime } from '../../store/database-time.js';
import { inTransaction } from '../../store/transactions.js';

interface Hello {
  readonly setName?: string;
  readonly msg?: string;
}

/** How fast the server answers, and what it is. */
export async function askServer({ db }: MongoConnection, clock: Clock): Promise<ServerReading> {
  const begunMs = clock.monotonic();
  await db.command({ ping: 1 });
  const ms = clock.monotonic() - begunMs;
  const { setName, msg } = (await db.command({ hello: 1 })) as Hello;
  return {
    ms,
    version: await askServerVersion(db),
    kind: msg === 'isdbgrid' ? 'sharded cluster' : setName === undefined ? 'single server' : 'replica set',
  };
}

/** How far the server's clock is from this machine's. */
export async function askClock({ db }: MongoConnection, clock: Clock): Promise<ClockReading> {
  const before = clock.now();
  const theirs = await readDatabaseTime(db);
  const after = clock.now();
  if (theirs === null) return null;
  return { aheadMs: (before + after) / 2 - theirs, uncertainMs: (after - before) / 2 };
}

/**
 * Tries transactions and leaves nothing behind: one that reads is committed, one that writes is taken back. The second
 * only where its collection is there, since some servers would make it, even for an update that finds nothing. Returns
 * whether it was.
 */
export async function tryTransactions({ client, db }: MongoConnection): Promise<{ readonly wrote: boolean }> {
  const leases = db.collection<{ _id: string }>('leases');
  const _id = `probe:doctor:${randomUUID()}`;
  await inTransaction(client, async (session) => {
    await leases.findOne({ _id }, { session });
  });
  if ((await db.listCollections({ name: 'leases' }, { nameOnly: true }).toArray()).length === 0)
    return { wrote: false };
  await client.withSession(async (session) => {
    session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
    try {
      await leases.insertOne({ _id }, { session });
    } finally {
      await session.abortTransaction();
    }
  });
  if ((await leases.findOne({ _id })) === null) return { wrote: true };
  await leases.deleteOne({ _id });
  throw new MooringError('transactions-unsupported', 'A transaction that was taken back left its write behind.');
}

/** Users without rights on the server itself may not ask. */
async function askServerVersion(db: mongo.Db): Promise<string> {
  try {
    return String((await db.command({ buildInfo: 1 }))['version'] ?? 'unknown');
  } catch {
    return 'unknown';
  }
}
