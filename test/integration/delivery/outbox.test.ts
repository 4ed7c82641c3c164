import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { mongo } from 'mongoose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { StaleFenceError } from '../../../src/leases/lease.js';
import { systemClock } from '../../../src/lib/clock.js';
import {
  causeMessage,
  dropMessage,
  noteAttempt,
  outbox,
  releaseMessage,
  retryMessage,
} from '../../../src/ledger/outbox.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { queueMessages } from '../../../src/recovery/queue-messages.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { startMailServer, type MailServer } from '../../support/mail-server.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { mailerTo, openDispatcher } from './outbox-bench.js';

let database: TestDatabase;
let client: mongo.MongoClient;
let db: mongo.Db;
let mail: MailServer;
let later: number;
const clock = { ...systemClock, now: () => systemClock.now() + later };
const message = { id: 'letter.one', kind: 'letter', key: 'one@example.com' };
const MINUTE = 60_000;

beforeEach(async () => {
  later = 0;
  [database, mail] = await Promise.all([createTestDatabase(), startMailServer()]);
  client = await new mongo.MongoClient(database.uri).connect();
  db = client.db(database.name);
});
afterEach(async () => {
  await mail.stop();
  await client.close();
  await database.drop();
});

const now = () => new Date(clock.now());
const cause = (of = message) => inTransaction(client, (session) => causeMessage(db, session, of, now()));
const letGo = (of = message) => inTransaction(client, (session) => releaseMessage(db, session, of, now()));
const stored = () => outbox(db).findOne({ _id: message.id });
const dispatcher = (stepMs?: number) => openDispatcher(db, mailerTo(mail.url, stepMs), { clock });

describe('a message of the outbox (001-8)', () => {
  it('leaves once it has a cause and is released, whichever comes first, and once only', async () => {
    const { pass, close } = await dispatcher();
    expect(await letGo()).toBe('waiting');
    await pass();
    expect(mail.begun()).toBe(0);
    expect(await cause()).toBe('due');
    await pass();
    expect(mail.received).toMatchObject([{ to: ['one@example.com'], messageId: '<letter.one@example.com>' }]);
    expect(await cause()).toBe('sent');
    expect(await letGo()).toBe('sent');
    await pass();
    expect(mail.received).toHaveLength(1);
    await close();
  });

  it('is due after cause and release at the same moment, in every one of many rounds', async () => {
    for (let round = 0; round < 40; round++) {
      const of = { ...message, id: `letter.${round}` };
      const both = await Promise.allSettled([cause(of), letGo(of)]);
      // Whoever found the other's insert in its way does it once more, as both callers do.
      if (both[0].status === 'rejected') await cause(of);
      if (both[1].status === 'rejected') await letGo(of);
      expect(await outbox(db).findOne({ _id: of.id })).toMatchObject({ state: 'due', caused: true, released: true });
    }
  });

  it.each(['refuse-client', 'refuse-sender'] as const)(
    'is not lost by what a server says of us (%s), and is sent when that is mended',
    async (mode) => {
      const { pass, close } = await dispatcher();
      await cause();
      await letGo();
      mail.mode = mode;
      await pass();
      expect(await stored()).toMatchObject({ state: 'due', attempts: 1 });
      mail.mode = 'take';
      later = MINUTE;
      await pass();
      expect(mail.received).toHaveLength(1);
      await close();
    },
  );

  it('that nobody can write is tried again later, and those behind it do not wait for it', async () => {
    const { pass, close } = await dispatcher();
    const bad = { ...message, id: 'unwritable.one', kind: 'unwritable' };
    for (const of of [bad, message]) {
      await cause(of);
      await letGo(of);
    }
    await pass();
    expect(mail.received).toHaveLength(1);
    expect(await outbox(db).findOne({ _id: bad.id })).toMatchObject({
      ...{ state: 'due', attempts: 1 },
      error: 'the letter cannot be written: nobody can write it',
    });
    await close();
  });

  it('caused long ago goes to whoever comes afterwards, and to nobody who is there already', async () => {
    const long = new Date(now().getTime() - 10 * MINUTE);
    const old = (key: string) => ({ id: `letter.${key}`, kind: 'letter', key, at: long, whileWaiting: 'kept' });
    const module = { onFinalized: { Staked: ({ data }: { data: unknown }) => [old(data as string)] } };
    const final = (data: string) => ({ kind: 'event', state: 'applied', name: 'Staked', data });
    const there = { ...message, id: 'letter.there' };
    await letGo(there);
    const events = ['there', 'afterwards'].map(final) as unknown as LedgerRecord[];
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    await inTransaction(client, (session) =>
      queueMessages(db, session, module as unknown as DomainModule, events, { now: now(), maxAgeMs: MINUTE, log }),
    );
    expect(await outbox(db).findOne({ _id: 'letter.there' })).toMatchObject({ state: 'waiting', caused: false });
    expect(await letGo({ ...message, id: 'letter.afterwards' })).toBe('due');
  });

  it('that was dropped while it was on its way has been sent, and is not sent by a retry', async () => {
    const { pass, close } = await dispatcher();
    await cause();
    await letGo();
    const due = await stored();
    if (!due) throw new Error('nothing is due');
    await dropMessage(db, message.id, now());
    await inTransaction(client, (session) => noteAttempt(db, session, due, { kind: 'sent' }, now()));
    expect(await stored()).toMatchObject({ state: 'sent' });
    expect(await retryMessage(db, message.id, now())).toBe(false);
    await pass();
    expect(mail.received).toHaveLength(0);
    await close();
  });

  it('is tried again after a 4xx, and is sent then', async () => {
    const { pass, close } = await dispatcher();
    await cause();
    await letGo();
    mail.mode = 'later';
    await pass();
    expect(await stored()).toMatchObject({
      state: 'due',
      attempts: 1,
      error: expect.stringContaining('451') as string,
    });
    mail.mode = 'take';
    await pass();
    expect(mail.received).toHaveLength(0);
    later = 5_001;
    await pass();
    expect(await stored()).toMatchObject({ state: 'sent', attempts: 2, error: null });
    expect(mail.received).toHaveLength(1);
    await close();
  });

  it('has failed for good when the recipient is refused with 5xx', async () => {
    const { pass, close } = await dispatcher();
    await cause();
    await letGo();
    mail.mode = 'refuse';
    await pass();
    expect(await stored()).toMatchObject({ state: 'failed', error: expect.stringContaining('550') as string });
    later = 24 * 60 * MINUTE;
    mail.mode = 'take';
    await pass();
    expect(mail.begun()).toBe(0);
    expect(await retryMessage(db, message.id, now())).toBe(true);
    await pass();
    expect(await stored()).toMatchObject({ state: 'sent' });
    expect([await retryMessage(db, message.id, now()), await dropMessage(db, message.id, now())]).toEqual([
      false,
      false,
    ]);
    await close();
  });

  it('never leaves once an operator dropped it, unless they take that back', async () => {
    const { pass, close } = await dispatcher();
    await cause();
    expect(await dropMessage(db, message.id, now())).toBe(true);
    expect(await letGo()).toBe('dropped');
    await pass();
    expect(mail.begun()).toBe(0);
    expect(await retryMessage(db, message.id, now())).toBe(true);
    expect(await letGo()).toBe('due');
    await pass();
    expect(mail.received).toHaveLength(1);
    await close();
  });

  it.each(['stall', 'cut'] as const)('comes again after the server does this: %s', async (mode) => {
    const { pass, close } = await dispatcher(500);
    await cause();
    await letGo();
    mail.mode = mode;
    await pass();
    expect(mail.begun()).toBe(1);
    expect(await stored()).toMatchObject({ state: 'due', attempts: 1 });
    mail.mode = 'take';
    later = 5_001;
    await pass();
    expect(await stored()).toMatchObject({ state: 'sent', attempts: 2 });
    expect(mail.received).toHaveLength(1);
    await close();
  });

  it('is sent by nobody whose lease is gone (I8)', async () => {
    const stale = await dispatcher();
    await db
      .collection('leases')
      .updateOne({ _id: 'outbox' as never }, { $set: { holder: 'another' }, $inc: { fence: 1 } });
    await cause();
    await letGo();
    await expect(stale.pass()).rejects.toThrow(StaleFenceError);
    expect(mail.begun()).toBe(0);
    expect(await stored()).toMatchObject({ state: 'due', attempts: 0 });
  });

  it('sent by a process killed between the 250 and its note comes again with the same Message-ID', async () => {
    await cause();
    await letGo();
    const file = fileURLToPath(new URL('killed-process.ts', import.meta.url));
    const started = ['--import', 'tsx', file];
    const child = spawn(process.execPath, [...started, database.uri, database.name, mail.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('sent\n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await stored()).toMatchObject({ state: 'due', attempts: 0 });
    // What a dead holder leaves behind is given up by hand here; a worker waits for its term.
    await db.collection('leases').updateOne({ _id: 'outbox' as never }, { $set: { holder: '' } });
    const { pass, close } = await dispatcher();
    await pass();
    expect(mail.received.map(({ messageId }) => messageId)).toEqual([
      '<letter.one@example.com>',
      '<letter.one@example.com>',
    ]);
    expect(await stored()).toMatchObject({ state: 'sent' });
    await pass();
    expect(mail.received).toHaveLength(2);
    await close();
  });
});
