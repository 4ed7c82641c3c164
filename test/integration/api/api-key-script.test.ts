import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiKeys } from '../../../src/api/api-keys.js';
import { systemClock } from '../../../src/lib/clock.js';
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

/** Runs `npm run api-key -- …`, without npm. */
function script(...args: string[]): Promise<{ code: number; last: string; err: string }> {
  const env = { ...process.env, MONGODB_URI: database.uri, MONGODB_DATABASE: database.name };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'scripts/api-key.ts', ...args], { env }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, last: out.trim().split('\n').at(-1) ?? '', err });
    });
  });
}

it('makes a key that works, lists it without its secret, and revokes it', async () => {
  const created = await script('--json', 'create', '--name', 'demo');
  expect(created.code, created.err).toBe(0);
  const { token, id } = JSON.parse(created.last) as { token: string; id: string };
  const keys = new ApiKeys(mongo.db, systemClock);
  expect(await keys.verify(token)).toMatchObject({ id, name: 'demo', scopes: ['read', 'write'] });

  const listed = await script('--json', 'list');
  expect(JSON.parse(listed.last)).toMatchObject({ keys: [{ id, name: 'demo', active: true }] });
  expect(listed.last).not.toContain(token);

  expect((await script('revoke', id)).code).toBe(0);
  expect(await keys.verify(token)).toBeNull();
  expect((await script('revoke', 'nobody')).code).toBe(1);
});

it('says what is wrong with its arguments', async () => {
  expect(await script('create')).toMatchObject({ code: 2, err: expect.stringContaining('--name') as string });
  expect((await script('create', '--name', 'x', '--scopes', 'everything')).code).toBe(2);
  expect((await script('--help')).code).toBe(0);
});
