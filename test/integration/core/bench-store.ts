import { setImmediate } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { systemClock } from '../../../src/lib/clock.js';
import { connectMongo } from '../../../src/store/mongo-connection.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';
import { createTestDatabase } from '../../support/test-database.js';

/** The database a bench of the core stands on. */
interface BenchStore {
  readonly client: mongo.MongoClient;
  readonly db: mongo.Db;
  /** For other processes; empty where there is nothing that they could reach. */
  readonly uri: string;
  readonly name: string;
  close(): Promise<void>;
}

let isInMemory = false;

/** From now on the benches of this test file stand on the simulation's database, which they have to agree with. */
export function useMemoryStore(): void {
  isInMemory = true;
}

/** A database of its own. */
export async function openBenchStore(): Promise<BenchStore> {
  if (isInMemory) return openMemoryStore();
  const database = await createTestDatabase();
  const connection = await connectMongo(database.uri, database.name);
  return {
    ...{ client: connection.client, db: connection.db, uri: database.uri, name: database.name },
    close: async () => {
      await connection.close();
      await database.drop();
    },
  };
}

function openMemoryStore(): BenchStore {
  const server = new MemoryServer({ now: () => systemClock.monotonic() });
  // Real timers have to get a turn between two commands, or whoever tries again at once would never let them.
  const db = server.connect({ step: () => setImmediate() });
  return {
    ...{ client: db.client, db, uri: '', name: db.databaseName },
    close: async () => {
      if (server.uncovered.length > 0) throw new Error(server.uncovered.join('\n'));
    },
  };
}
