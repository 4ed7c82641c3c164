import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureOutboxIndexes, outbox, type MessageState } from '../../../src/ledger/outbox.js';
import { runScript } from '../../e2e/run-script.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await new mongo.MongoClient(database.uri).connect();
  db = client.db(database.name);
  await ensureOutboxIndexes(db);
  const states = ['waiting', 'failed', 'failed', 'sent', 'due'] as const;
  await outbox(db).insertMany(states.map(message));
});
afterAll(async () => {
  await client.close();
  await database.drop();
});

/** The n-th, made in the n-th second. */
const message = (state: MessageState, at: number) => ({
  ...{ _id: `letter.${at}`, kind: 'letter', key: `${at}`, state, caused: state !== 'waiting', released: true },
  ...{
    dueAt: state === 'due' ? new Date(0) : null,
    attempts: 1,
    error: state === 'failed' ? '550 no such mailbox' : null,
  },
  ...{ createdAt: new Date(at * 1_000), endedAt: null },
});

async function run(...args: string[]) {
  const environment = { MONGODB_URI: database.uri, MONGODB_DATABASE: database.name };
  const { code, stdout, stderr, lastLine } = await runScript('outbox', ['--json', ...args], environment);
  expect(lastLine, `${args.join(' ')}: ${code} ${stderr}`).not.toBe('');
  return { code, stdout, stderr, json: JSON.parse(lastLine) as Readonly<Record<string, unknown>> };
}

it('npm run outbox lists, retries and drops, and its exit code says whether all of it was done (001-8, 003-11)', async () => {
  const [page, lost] = await Promise.all([
    run('list', '--state', 'failed', '--limit', '1', '--after', 'letter.3'),
    run('list', '--after', 'letter.99'),
  ]);
  expect(page, page.stderr).toMatchObject({
    ...{ code: 0, json: { counts: { waiting: 1, due: 1, failed: 2 }, items: [{ _id: 'letter.2' }], next: 'letter.2' } },
  });
  expect(page.stdout).toContain('failed   1×  letter.2  550 no such mailbox\n1 waiting, 1 due, 2 failed.\n');
  expect(page.stdout).toContain('There are more: --limit, --after letter.2');
  expect(lost).toMatchObject({ code: 2, json: { error: expect.stringContaining('no message letter.99') as string } });

  const [retried, dropped] = await Promise.all([
    run('retry', 'letter.1', 'letter.3', 'letter.99'),
    run('drop', 'letter.0', 'letter.2'),
  ]);
  expect(retried).toMatchObject({ code: 1, json: { retried: ['letter.1'], not: ['letter.3', 'letter.99'] } });
  expect(dropped).toMatchObject({ code: 0, json: { dropped: ['letter.0', 'letter.2'], not: [] } });
  const states = (await outbox(db).find().sort({ _id: 1 }).toArray()).map(({ state }) => state);
  expect(states).toEqual(['dropped', 'due', 'dropped', 'sent', 'due']);
});
