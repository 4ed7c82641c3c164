import mongoose, { type mongo } from 'mongoose';
import { messageOf, MooringError } from '../lib/errors.js';

/** An open connection to the one database everything lives in. */
export interface MongoConnection {
  readonly client: mongo.MongoClient;
  readonly db: mongo.Db;
  close(): Promise<void>;
}

/** How long a first connection may take before the message says that nobody answers, in milliseconds. */
const SERVER_SELECTION_MS = 10_000;
/**
 * How long a connection may be silent in the middle of a command, in milliseconds: longer than a server lets a
 * transaction live (60 s). Without it one lost connection would hold up everything under its lease, while renewals by
 * another go on.
 */
const SOCKET_TIMEOUT_MS = 90_000;

/**
 * Connects with majority writes: an acknowledged write must survive the loss of a primary (TRAPS 23).
 * @throws MooringError `database-unreachable` with what to do.
 */
export async function connectMongo(uri: string, databaseName: string): Promise<MongoConnection> {
  const connection = mongoose.createConnection(uri, {
    dbName: databaseName,
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
    w: 'majority',
    retryWrites: true,
    autoIndex: false,
  });
  try {
    await connection.asPromise();
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw new MooringError(
      'database-unreachable',
      `MongoDB does not answer (${messageOf(error)}). Check MONGODB_URI and that the server is up.`,
      { cause: error },
    );
  }
  const client = connection.getClient();
  return { client, db: client.db(databaseName), close: () => connection.close() };
}
