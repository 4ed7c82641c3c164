import type { mongo } from 'mongoose';
import { messageOf, MooringError } from '../lib/errors.js';

/**
 * Runs `body` in one snapshot transaction with majority commit. The driver runs `body` again after a write conflict:
 * it must have no effect but its writes, and use the session strictly one operation after another (TRAPS 24).
 */
export async function inTransaction<T>(
  client: mongo.MongoClient,
  body: (session: mongo.ClientSession) => Promise<T>,
): Promise<T> {
  return client.withSession((session) => inSessionTransaction(session, body));
}

/** `inTransaction` in a session of the caller's, which can run one transaction at a time. */
export function inSessionTransaction<T>(
  session: mongo.ClientSession,
  body: (session: mongo.ClientSession) => Promise<T>,
): Promise<T> {
  return session.withTransaction(() => body(session), {
    readConcern: { level: 'snapshot' },
    writeConcern: { w: 'majority' },
  });
}

/**
 * Proves that the database can run transactions; without them nothing mooring promises would hold.
 * @throws MooringError `transactions-unsupported` with what to do.
 */
export async function assertTransactions(client: mongo.MongoClient, db: mongo.Db): Promise<void> {
  const probe = db.collection<{ _id: string }>('leases');
  try {
    // Outside the transaction first: some servers cannot create a collection inside one.
    await probe.updateOne({ _id: 'probe:transactions' }, { $inc: { runs: 1 } }, { upsert: true });
    await inTransaction(client, async (session) => {
      await probe.updateOne({ _id: 'probe:transactions' }, { $inc: { runs: 1 } }, { session });
    });
  } catch (error) {
    throw new MooringError(
      'transactions-unsupported',
      `This MongoDB cannot run transactions (${messageOf(error)}). mooring needs a replica set: start mongod with ` +
        `--replSet rs0 and run rs.initiate() once, or leave MONGODB_URI empty to use the embedded database.`,
      { cause: error },
    );
  }
}
