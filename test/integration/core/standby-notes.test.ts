import { afterAll, beforeAll, expect, it } from 'vitest';
import { StandbyNotes } from '../../../src/app/standby-notes.js';
import { STATUS_STALE_MS } from '../../../src/ledger/listener-status.js';
import { connectMongo, type MongoConnection } from '../../../src/store/mongo-connection.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let mongo: MongoConnection;
beforeAll(async () => {
  database = await createTestDatabase();
  mongo = await connectMongo(database.uri, database.name);
});
afterAll(async () => {
  await mongo.close();
  await database.drop();
});

it('waits for a holder that lives, says so once, and not for what an ended one left behind', async () => {
  const leases = mongo.db.collection<{ _id: string } & Record<string, unknown>>('leases');
  const said: unknown[] = [];
  const log = { info: (fields: object) => said.push((fields as { holder: string }).holder) };
  const now = Date.now();
  const notes = new StandbyNotes(mongo.db, log as never, { now: () => now });
  const status = async (holder: string, agoMs: number, leaseHolder: string) => {
    await leases.replaceOne({ _id: 'listener:p' }, { holder, updatedAt: new Date(now - agoMs) }, { upsert: true });
    await leases.replaceOne({ _id: 'program:p' }, { holder: leaseHolder }, { upsert: true });
    await notes.note('p');
  };
  await status('killed', STATUS_STALE_MS + 1, 'killed');
  await status('ended', 0, '');
  expect(said).toEqual([]);
  await status('alive', 0, 'alive');
  await notes.note('p');
  expect(said).toEqual(['alive']);
});
