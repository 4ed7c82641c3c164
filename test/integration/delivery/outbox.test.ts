import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mongo } from 'mongoose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
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
import { countOpenMessages, listMessages } from '../../../src/ledger/outbox-lists.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { queueMessages } from '../../../src/recovery/queue-messages.js';
import { retryCauses } from '../../../src/recovery/retry-causes.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { eventually } from '../../support/eventually.js';
import { startDribblingServer, startMailServer, type MailServer } from '../../support/mail-server.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { log, mailerTo, openDispatcher } from './outbox-bench.js';
import type { MailerLimits } from '../../../src/delivery/mailer.js';

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
const dispatcher = (limits?: MailerLimits) => openDispatcher(db, mailerTo(mail.url, limits), { clock });
/** A server that is silent is given up soon after its answer is due. */
const IMPATIENT: MailerLimits = { connectMs: 5_000, answerMs: 500, letterMs: 60_000 };

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
    const { pass, close } = await dispatcher(IMPATIENT);
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

  it('whose address is corrected while the old one is being refused is due, not failed', async () => {
    await cause();
    await letGo();
    const old = await stored();
    if (!old) throw new Error('nothing is due');
    later = 1_000;
    const corrected = { isChanged: true };
    await inTransaction(client, (session) => releaseMessage(db, session, message, now(), corrected));
    const refused = { kind: 'failed', error: '550 no such mailbox' } as const;
    await inTransaction(client, (session) => noteAttempt(db, session, old, refused, now()));
    expect(await stored()).toMatchObject({ state: 'due', attempts: 0, error: null });
  });

  it('is sent once by a server that takes longer over it than over the connection (001-8)', async () => {
    const { pass, close } = await dispatcher({ connectMs: 300, answerMs: 10_000, letterMs: 20_000 });
    await cause();
    await letGo();
    mail.mode = 'slow';
    await pass();
    expect(await stored()).toMatchObject({ state: 'sent', attempts: 1 });
    expect([mail.begun(), mail.received.length]).toEqual([1, 1]);
    await close();
  });

  it.each([
    ['greeting', '220-', { connectMs: 400, answerMs: 5_000, letterMs: 60_000 }],
    ['answer', '250-', { connectMs: 5_000, answerMs: 5_000, letterMs: 400 }],
  ])('holds up no other for ever by a server whose %s dribbles', async (step, line, limits) => {
    const dribbling = await startDribblingServer(line);
    const outcome = await mailerTo(dribbling.url, limits).send({ to: message.key, subject: 's', text: 't', id: step });
    expect(outcome).toMatchObject({ kind: 'trouble' });
    await dribbling.stop();
  });

  it('is owed as it was when a stop cuts its connection, and comes again with the same Message-ID', async () => {
    const stop = new AbortController();
    const { pass, close } = await openDispatcher(db, mailerTo(mail.url, undefined, stop.signal), {
      ...{ clock, stop: stop.signal },
    });
    await cause();
    await letGo();
    mail.mode = 'stall';
    const passing = pass();
    const begunMs = clock.monotonic();
    await eventually(() => mail.begun() === 1);
    stop.abort();
    await passing;
    // An answer may take ten minutes.
    expect(clock.monotonic() - begunMs).toBeLessThan(10_000);
    expect(await stored()).toMatchObject({ state: 'due', attempts: 0, error: null });
    await close();
    mail.mode = 'take';
    const next = await dispatcher();
    await next.pass();
    expect(mail.received).toMatchObject([{ messageId: '<letter.one@example.com>' }]);
    await next.close();
  });

  it('that is not wanted when it would leave stays, untried, and is asked about with the next cause', async () => {
    const { pass, close } = await dispatcher();
    const of = { id: 'wanted.one', kind: 'wanted', key: 'one@example.com' };
    await cause(of);
    await letGo(of);
    await pass();
    const rests = await outbox(db).findOne({ _id: of.id });
    expect(rests).toMatchObject({ state: 'due', attempts: 0, error: null });
    expect(rests?.dueAt?.getTime()).toBeGreaterThan(clock.now() + 50 * MINUTE);
    await db.collection<{ _id: string }>('wanting').insertOne({ _id: of.key });
    await pass();
    expect(mail.begun()).toBe(0);
    await cause(of);
    await pass();
    expect(mail.received).toHaveLength(1);
    await close();
  });

  it('is lost by no handler that throws: its event is parked, says what to do, and is retried (I1)', async () => {
    const { work, close } = await dispatcher();
    let isMended = false;
    const staked = ({ data }: { data: unknown }) => {
      if (!isMended) throw new Error('no such field');
      return [{ ...message, key: data as string, at: now(), whileWaiting: 'kept' }];
    };
    const module = { name: 'vault', onFinalized: { Staked: staked } } as unknown as DomainModule;
    const event = { _id: 'sig/log/0', program: 'vault', kind: 'event', state: 'applied', name: 'Staked' };
    const record = { ...event, signature: 'sig', slot: 7, data: message.key };
    await db.collection<typeof record>('ledger_events').insertOne({ ...record });
    const options = () => ({ now: now(), maxAgeMs: MINUTE, log });
    const queue = () =>
      inTransaction(client, (session) =>
        queueMessages(db, session, module, [record as unknown as LedgerRecord], options()),
      );
    const retry = () => retryCauses({ db, clock, log, maxAgeMs: MINUTE }, work, module);
    const parked = { _id: 'on-finalized.sig/log/0' };
    expect(await queue()).toBe(1);
    expect(await outbox(db).findOne(parked)).toMatchObject({
      state: 'failed',
      attempts: 1,
      kind: 'on-finalized.vault',
    });
    expect((await outbox(db).findOne(parked))?.error).toBe(
      'onFinalized of Staked failed: no such field. Mend it and restart the workers, then: npm run outbox -- retry on-finalized.sig/log/0',
    );
    await retry();
    expect(await outbox(db).findOne(parked)).toMatchObject({ state: 'failed', attempts: 1 });
    expect(await retryMessage(db, parked._id, now())).toBe(true);
    await retry();
    expect(await outbox(db).findOne(parked)).toMatchObject({ state: 'failed', attempts: 1 });
    // Whoever waits for the mending is no history by then.
    await letGo();
    later = 60 * MINUTE;
    isMended = true;
    expect(await retryMessage(db, parked._id, now())).toBe(true);
    await retry();
    expect(await outbox(db).findOne(parked)).toBeNull();
    expect(await stored()).toMatchObject({ state: 'due', caused: true });

    // One whose event is gone says so instead of vanishing; one that was dropped stays so.
    isMended = false;
    await queue();
    await retryMessage(db, parked._id, now());
    await db.collection('ledger_events').deleteMany({});
    await retry();
    expect(await outbox(db).findOne(parked)).toMatchObject({
      ...{ state: 'failed', error: expect.stringContaining('not in the ledger') as string },
    });
    await dropMessage(db, parked._id, now());
    await queue();
    expect(await outbox(db).findOne(parked)).toMatchObject({ state: 'dropped' });
    await close();
  });

  it('is listed by pages without one left out, and only what is open is counted', async () => {
    const ids = Array.from({ length: 5 }, (_, at) => `letter.${at}`);
    // All of them at one moment.
    for (const id of ids) await cause({ ...message, id });
    await dropMessage(db, 'letter.0', now());
    await outbox(db).updateMany({}, { $set: { createdAt: new Date(0) } });
    const pages: string[] = [];
    for (let after = null; ;) {
      const page = await listMessages(db, undefined, 2, after);
      pages.push(...page.map(({ _id }) => _id));
      after = page.at(-1) ?? null;
      if (!after) break;
    }
    expect(pages).toEqual([...ids].reverse());
    expect((await listMessages(db, 'waiting', 10)).map(({ _id }) => _id)).toEqual([...ids].reverse().slice(0, 4));
    expect(await countOpenMessages(db)).toEqual({ waiting: 4, due: 0, failed: 0 });
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
    const started = nodeArguments('./killed-process', import.meta.url);
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
