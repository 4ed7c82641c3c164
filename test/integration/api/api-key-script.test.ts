import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import { ApiKeys } from '../../../src/api/api-keys.js';
import { changeEnvironment, createEnvironment } from '../../../src/delivery/environments/environment-store.js';
import { DEFAULT_ENVIRONMENT_ID } from '../../../src/delivery/environments/environment.js';
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
  return run('api-key', args);
}

function run(name: string, args: readonly string[]): Promise<{ code: number; last: string; err: string }> {
  const env = { ...process.env, MONGODB_URI: database.uri, MONGODB_DATABASE: database.name };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...nodeArguments(`../../../scripts/${name}`, import.meta.url), ...args],
      { env },
      (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, last: out.trim().split('\n').at(-1) ?? '', err });
      },
    );
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

it('makes keys of an environment that there is, and rotates them with an overlap (002-8)', async () => {
  const typo = await run('environments', ['--json', 'create', 'staging', '--chain', 'coupons,cuopons']);
  expect(typo.code).toBe(2);
  expect(typo.err + typo.last).toContain('--chain names cuopons. Programs here are: coupons');
  const made = await run('environments', ['--json', 'create', 'staging', '--chain', 'coupons']);
  const { environment } = JSON.parse(made.last) as { environment: { id: string } };
  expect(environment).toMatchObject({ slug: 'staging', chain: { programs: ['coupons'] } });
  const taken = { slug: 'staging', name: 'Staging', chain: { programs: null } };
  expect(await createEnvironment(mongo.db, taken, new Date())).toBeNull();
  expect(await changeEnvironment(mongo.db, 'staging', { name: 'Mine' }, new Date())).toMatchObject({
    ...{ _id: environment.id, name: 'Mine', chain: { programs: ['coupons'] } },
  });

  const unknown = await script('create', '--name', 'x', '--environment', 'nowhere');
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('there are: default, staging') as string });
  const created = await script('--json', 'create', '--name', 'worker', '--environment', 'staging');
  const { token, id } = JSON.parse(created.last) as { token: string; id: string };
  const keys = new ApiKeys(mongo.db, systemClock);
  expect(await keys.verify(token)).toMatchObject({ environment: environment.id });

  const rotated = await script('--json', 'rotate', id, '--overlap', '1h');
  const { token: renewed, previous } = JSON.parse(rotated.last) as { token: string; previous: { validUntil: string } };
  expect(Date.parse(previous.validUntil)).toBeGreaterThan(Date.now() + 3_000_000);
  expect(await keys.verify(renewed)).toMatchObject({ id, environment: environment.id });
  expect(await keys.verify(token)).toMatchObject({ id });
});

it('an old secret is worth nothing after its overlap, nor when its key is revoked or rotated again (002-8)', async () => {
  let nowMs = Date.now();
  const keys = new ApiKeys(mongo.db, { now: () => nowMs });
  const { key, token: first } = await keys.create('rotating', ['write']);
  const next = async (overlapMs: number) => {
    const rotation = await keys.rotate(key.id, overlapMs);
    return rotation.kind === 'rotated' ? rotation.token : rotation.kind;
  };
  const second = await next(60_000);
  expect(await keys.verify(first)).toMatchObject({ scopes: ['write'], lastUsedAt: null });
  expect((await keys.list()).find(({ id }) => id === key.id)?.previous?.lastUsedAt).toEqual(new Date(nowMs));
  nowMs += 60_000;
  expect(await keys.verify(first)).toBeNull();
  const third = await next(60_000);
  const fourth = await next(60_000);
  expect(await keys.verify(second)).toBeNull();
  expect(await keys.verify(third)).not.toBeNull();
  const fifth = await next(0);
  expect(await keys.verify(fourth)).toBeNull();
  await keys.revoke(key.id);
  expect(await keys.verify(fifth)).toBeNull();
  expect(await next(60_000)).toBe('revoked');
  expect(await keys.rotate('nobody', 0)).toEqual({ kind: 'unknown' });
});

it('a key that was made before there were environments is of the default one (002-8)', async () => {
  const keys = new ApiKeys(mongo.db, systemClock);
  const { key, token } = await keys.create('old', ['read']);
  await mongo.db
    .collection('api_keys')
    .updateOne({ _id: key.id as never }, { $unset: { environment: '', previous: '' } });
  expect(await keys.verify(token)).toMatchObject({ environment: DEFAULT_ENVIRONMENT_ID, previous: null });
});
