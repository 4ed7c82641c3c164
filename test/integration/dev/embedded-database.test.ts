import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import mongoose, { mongo } from 'mongoose';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { withDatabase } from '../../../src/dev/database-uri.js';
import { startDatabase } from '../../../src/dev/embedded-database.js';
import { createTestDatabase } from '../../support/test-database.js';
import { eventually } from '../../support/eventually.js';

describe('the embedded database', { timeout: 600_000 }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('gives mongoose transactions and change streams', async () => {
    const database = await createTestDatabase();
    const connection = await mongoose.createConnection(database.uri).asPromise();
    try {
      const collection = connection.collection<{ _id: number }>('things');
      await collection.insertOne({ _id: 1 });
      const stream = collection.watch();
      const next = stream.next();
      await expect(
        connection.transaction(async (session) => {
          await collection.insertOne({ _id: 2 }, { session });
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      // A stream opens with its first read: write until it has seen one.
      let id = 3;
      const change = await eventually(async () => {
        await connection.transaction(async (session) => {
          await collection.insertOne({ _id: id++ }, { session });
        });
        return Promise.race([next, setTimeout(100)]);
      });
      expect(change).toMatchObject({ operationType: 'insert' });
      await stream.close();
      expect(await collection.findOne({ _id: 2 })).toBeNull();
    } finally {
      await connection.close();
      await database.drop();
    }
  });

  it('keeps its data over a restart with a data directory, and is refused to two at once', async () => {
    const first = await startDatabase({ dataDir });
    await withClient(first.uri, (db) => db.collection('kept').insertOne({ value: 42 }));
    await expect(startDatabase({ dataDir })).rejects.toMatchObject({ code: 'data-dir-in-use' });
    await first.stop();
    const second = await startDatabase({ dataDir });
    try {
      expect(await withClient(second.uri, (db) => db.collection('kept').findOne())).toMatchObject({ value: 42 });
    } finally {
      await second.stop();
      await second.stop();
    }
  });

  it('uses a given server as it is', async () => {
    const uri = inject('mongodbUri');
    const database = await startDatabase({ uri });
    expect(database).toMatchObject({ kind: 'external', uri });
    await database.stop();
    await withClient(uri, (db) => db.command({ ping: 1 }));
  });
});

async function withClient<T>(uri: string, work: (db: mongo.Db) => Promise<T>): Promise<T> {
  const client = new mongo.MongoClient(withDatabase(uri, 'mooring_restart'));
  try {
    return await work(client.db());
  } finally {
    await client.close();
  }
}
