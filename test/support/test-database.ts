import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { inject } from 'vitest';
import { withDatabase } from '../../src/dev/database-uri.js';
import './provided.js';

export interface TestDatabase {
  readonly name: string;
  /** With the database's name in it. */
  readonly uri: string;
  /** Removes the database: call it in `afterAll`, after closing your own connections. */
  drop(): Promise<void>;
}

/** A database of its own in the run's shared server. It exists once something is written to it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `mooring_test_${randomBytes(6).toString('hex')}`;
  const uri = withDatabase(inject('mongodbUri'), name);
  return {
    name,
    uri,
    drop: async () => {
      // The embedded Python server holds up everybody while it drops one: minutes of a run, for what goes anyway.
      if (inject('databaseGoesWithRun')) return;
      const client = new mongo.MongoClient(uri);
      try {
        await client.db(name).dropDatabase();
      } finally {
        await client.close();
      }
    },
  };
}
