import { mongo } from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AccountInfo } from '../../../src/chain/chain-port.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { deadLetters } from '../../../src/ledger/dead-letter.js';
import { AskAgain } from '../../../src/lib/ask-again.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { NoticeIntake } from '../../../src/pipeline/notice-intake.js';
import { refreshAccounts } from '../../../src/recovery/account-refresher.js';
import { simpleFold } from '../../support/coupon-history-oracle.js';
import {
  couponsCodec,
  recordsOf,
  renderLogs,
  renderTransaction,
  socketNotice,
  sweepNotice,
} from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { eventually } from '../../support/eventually.js';
import { bySignature, openCoreBench, silent, type CoreBench } from './core-bench.js';
import { interruptedDatabase } from './interrupted-database.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

const history = generateHistory(11, 60);
const program = couponsCodec.programId;
const undecodable = (signature: string) => ({
  ...{ signature, slot: 7, failed: false, source: 'socket' as const },
  logs: [`Program ${program} invoke [1]`, 'Program data: AQIDBAUGBwg=', `Program ${program} success`],
});

it('does not forget what it could not decode when the database fails just then (I1)', async () => {
  let isDown = true;
  const { db } = interruptedDatabase(bench.db, () => {
    if (isDown) throw new mongo.MongoNetworkError('the database is away');
  });
  const { dependencies } = bench.ingestOf(new Map());
  const ingest = new Ingest({ ...dependencies, db }, coupons, couponsCodec);
  const notice = undecodable('one');
  await expect(ingest.take([notice], 'confirmed')).rejects.toThrow('the database is away');
  isDown = false;
  // The sweep comes by: it must not be told that there is nothing in it.
  expect(await ingest.unknown([notice], 'confirmed')).toEqual([notice]);
  await ingest.take([notice], 'confirmed');
  expect(await deadLetters(bench.db).find().toArray()).toMatchObject([
    { _id: 'one/log/0', reason: 'unknown-discriminator', signature: 'one' },
  ]);
  expect(await ingest.unknown([notice], 'confirmed')).toEqual([]);
});

it('looks at a transaction without events again where it lands in another slot (I1, TRAPS 15)', async () => {
  const eventless: HistoryTransaction = { ...(history.transactions[0] as HistoryTransaction), events: [] };
  const ingest = bench.ingestOf(bySignature([eventless]));
  await ingest.take([sweepNotice(eventless)], 'finalized');
  expect(await ingest.unknown([sweepNotice(eventless)], 'finalized')).toEqual([]);
  const elsewhere = sweepNotice({ ...eventless, slot: eventless.slot + 3 });
  expect(await ingest.unknown([elsewhere], 'finalized')).toEqual([elsewhere]);
});

it('looks once more at a transaction that a fork showed without events, when its slot is final (I4)', async () => {
  const [landed] = history.transactions as [HistoryTransaction];
  const inAnotherBlock = { ...landed, events: [] };
  const ingest = bench.ingestOf(bySignature([landed]));
  await ingest.take([socketNotice(inAnotherBlock)], 'confirmed');
  const notice = sweepNotice(landed);
  expect(await ingest.unknown([notice], 'confirmed')).toEqual([]);
  expect(await ingest.unknown([notice], 'finalized')).toEqual([notice]);
  await ingest.take([notice], 'finalized');
  expect(await bench.records({ signature: landed.signature })).toHaveLength(landed.events.length);
});

it('takes a malformed event for what it is, and everything around it in (I1, I10, I11)', async () => {
  const [good] = history.transactions as [HistoryTransaction];
  const forged = `Program data: ${Buffer.from('forged').toString('base64')}`;
  const failed = { ...socketNotice(history.transactions[1] as HistoryTransaction), failed: true };
  const theirs = {
    ...undecodable('theirs'),
    logs: [
      'Program 11111111111111111111111111111111 invoke [1]',
      forged,
      'Program 11111111111111111111111111111111 success',
    ],
  };
  const ingest = bench.ingestOf(new Map());
  const outcomes = await ingest.take([undecodable('bad'), socketNotice(good), failed, theirs], 'confirmed');
  expect(outcomes).toEqual([
    { kind: 'stored', inserted: 0 },
    { kind: 'stored', inserted: good.events.length },
    { kind: 'stored', inserted: 0 },
    { kind: 'stored', inserted: 0 },
  ]);
  expect(await bench.db.collection('ledger_events').countDocuments()).toBe(good.events.length);
  expect(await deadLetters(bench.db).countDocuments()).toBe(1);
});

it('calls what no node can give unavailable, and nothing else (I5)', async () => {
  const ingest = bench.ingestOf(new Map());
  const transaction = history.transactions[0] as HistoryTransaction;
  expect(await ingest.take([sweepNotice(transaction)], 'finalized')).toEqual([
    { kind: 'unavailable', reason: 'unknown-here', permanent: true },
  ]);
  expect(await bench.db.collection('ledger_events').countDocuments()).toBe(0);
});

it('stores what the socket announces, fetches what logs cannot show, and leaves no hole untold', async () => {
  const holes: string[] = [];
  const ingest = bench.ingestOf(bySignature(history.transactions.slice(0, -1)));
  const intake = new NoticeIntake({ ingest, clock, log: silent, onHole: (reason) => holes.push(reason) });
  intake.start();
  const last = history.transactions.at(-1) as HistoryTransaction;
  for (const transaction of history.transactions) intake.offer(socketNotice(transaction));
  intake.offer({ ...sweepNotice({ ...last, signature: 'nobody has it' }), source: 'socket' });
  await intake.stop();
  await eventually(() => holes.length > 0);
  await bench.drain(bench.projectorOf(await bench.takeLease()));
  expect(await bench.documents()).toEqual(
    simpleFold(history.transactions.flatMap((transaction) => [...recordsOf(transaction)])),
  );
});

it('tells of a hole when the database refuses, and goes on (I1)', async () => {
  let isDown = true;
  const { db } = interruptedDatabase(bench.db, () => {
    if (isDown) throw new mongo.MongoNetworkError('the database is away');
  });
  const { dependencies } = bench.ingestOf(new Map());
  const ingest = new Ingest({ ...dependencies, db }, coupons, couponsCodec);
  const holes: string[] = [];
  const quick = { ...clock, sleep: () => Promise.resolve() };
  const intake = new NoticeIntake({ ingest, clock: quick, log: silent, onHole: (reason) => holes.push(reason) });
  intake.start();
  const merchants = history.transactions.filter(({ events }) => events.every(({ channel }) => channel === 'log'));
  intake.offer(socketNotice(merchants[0] as HistoryTransaction));
  await eventually(() => holes.length === 1);
  isDown = false;
  intake.offer(socketNotice(merchants[1] as HistoryTransaction));
  await intake.stop();
  expect(await bench.records()).toHaveLength(merchants[1]?.events.length ?? 0);
});

/** A listing, and after it a transaction that cancels it, with its log cut off before the event. */
async function withCancellationCutOff(upTo: readonly HistoryTransaction[], listed: HistoryTransaction) {
  const [event] = listed.events;
  if (event?.name !== 'CouponListed') throw new Error('unreachable');
  const { listing } = event.data;
  const ingest = bench.ingestOf(bySignature(upTo));
  await ingest.take(upTo.map(sweepNotice), 'finalized');
  const work = await bench.takeLease();
  await bench.drain(bench.projectorOf(work));

  const cut = { ...listed, signature: '4'.repeat(87), slot: listed.slot + 5, events: [] };
  const raw = renderTransaction(cut) as {
    meta: { logMessages: string[] };
    transaction: { message: { accountKeys: string[]; instructions: { accounts: number[] }[] } };
  };
  raw.meta.logMessages = [renderLogs(cut)[0] as string, 'Log truncated'];
  raw.transaction.message.accountKeys.push(listing);
  raw.transaction.message.instructions[0]?.accounts.push(3);
  const truncating = new Ingest(
    { ...ingest.dependencies, fetchTransaction: () => Promise.resolve({ kind: 'found', raw }) },
    coupons,
    couponsCodec,
  );
  await truncating.take([sweepNotice(cut)], 'finalized');
  return { cut, listing, work };
}

async function takeLate(listed: HistoryTransaction, projector: ReturnType<CoreBench['projectorOf']>): Promise<void> {
  await bench.ingestOf(bySignature(history.transactions)).take([sweepNotice(listed)], 'finalized');
  await bench.drain(projector);
}

const listed = history.transactions.find(({ events }) => events[0]?.name === 'CouponListed') as HistoryTransaction;
const before = history.transactions.slice(0, history.transactions.indexOf(listed));

it('reads the accounts of a cut-off log, believes an absence only where no endpoint shows the account, and asks no signature about it (TRAPS 2, I5)', async () => {
  const { cut, listing, work } = await withCancellationCutOff([...before, listed], listed);
  const answers: (AccountInfo | null)[][] = [];
  let finalized = cut.slot - 1;
  const port = {
    slot: () => Promise.resolve(finalized),
    accounts: (addresses: readonly string[]) => {
      const accounts = answers.shift() ?? addresses.map(() => null);
      return Promise.resolve({ contextSlot: finalized, accounts });
    },
  };
  // Another endpoint: it fails, lags, or has the account, until it says the same.
  let other = (): Promise<{ contextSlot: number; accounts: (AccountInfo | null)[] }> =>
    Promise.reject(new RpcError('unreachable', 'nobody there'));
  const members = [{ chain: port }, { chain: { accounts: () => other() } }];
  let nowMs = 0;
  const later = new AskAgain({ monotonic: () => nowMs }, () => 0);
  const refresh = () => {
    nowMs += 600_000;
    return refreshAccounts({ db: bench.db, clock, chain: port, members, later }, coupons, couponsCodec);
  };
  expect(await refresh()).toBe(0);
  finalized = cut.slot;
  // The first look finds nothing, the second finds an account of ours: unknown, so nothing happens.
  const ours = { owner: program, lamports: 1n, data: new Uint8Array(8) };
  answers.push([null], [ours]);
  expect(await refresh()).toBe(0);
  // One endpoint keeps saying that it is gone. The other does not agree.
  expect(await refresh()).toBe(0);
  other = () => Promise.resolve({ contextSlot: cut.slot - 1, accounts: [null] });
  expect(await refresh()).toBe(0);
  other = () => Promise.resolve({ contextSlot: cut.slot, accounts: [ours] });
  expect(await refresh()).toBe(0);
  expect(later.waiting()).toEqual((await deadLetters(bench.db).find().toArray()).map(({ _id }) => _id));
  other = () => Promise.resolve({ contextSlot: cut.slot, accounts: [null] });
  expect(await refresh()).toBe(1);
  expect(await refresh()).toBe(0);
  await bench.drain(bench.projectorOf(work));
  const documents = await bench.documents();
  expect(documents['listings']?.[listing]).toBeUndefined();
  expect(await bench.records({ kind: 'observation' })).toMatchObject([
    {
      state: 'applied',
      commitment: 'finalized',
      data: null,
      slot: cut.slot,
      touches: [`listings:${listing}`],
    },
  ]);
  // An event that comes late does not bring it back.
  await takeLate(listed, bench.projectorOf(work));
  expect((await bench.documents())['listings']?.[listing]).toBeUndefined();
  expect(await bench.records({ disputed: true })).toEqual([]);
});

it('keeps what is gone away also where the event that made it comes after the accounts were read (TRAPS 2, I6)', async () => {
  const { cut, listing, work } = await withCancellationCutOff(before, listed);
  const chain = {
    slot: () => Promise.resolve(cut.slot),
    accounts: (addresses: readonly string[]) =>
      Promise.resolve({ contextSlot: cut.slot, accounts: addresses.map(() => null) }),
  };
  const endpoints = { chain, members: [{ chain }], later: new AskAgain(clock, () => 0) };
  expect(await refreshAccounts({ db: bench.db, clock, ...endpoints }, coupons, couponsCodec)).toBe(1);
  await bench.drain(bench.projectorOf(work));
  await takeLate(listed, bench.projectorOf(work));
  expect((await bench.documents())['listings']?.[listing]).toBeUndefined();
  expect(await bench.records({ signature: listed.signature })).toMatchObject([{ state: 'applied' }]);
});
