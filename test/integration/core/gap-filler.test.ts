import { mongo } from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { readFrontier } from '../../../src/ledger/frontier.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import type { Ingest } from '../../../src/pipeline/ingest.js';
import { sweep, type GapFillerDependencies } from '../../../src/recovery/gap-filler.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { openCoreBench, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';
import { interruptedDatabase } from './interrupted-database.js';

/** Slots from 1,000 up, several transactions in many of them. */
const { transactions } = generateHistory(11, 40);
const BEGIN = 1_000;
const middle = transactions[20] as HistoryTransaction;

let bench: CoreBench;
let chain: FakeChain;
let asked: string[];
let ingest: Ingest;
beforeEach(async () => {
  bench = await openCoreBench();
  chain = new FakeChain();
  chain.land(...transactions);
  asked = [];
  ingest = bench.ingestOf(chain.landed, asked);
});
afterEach(() => bench.close());

const run = (changes: Partial<GapFillerDependencies> = {}) =>
  sweep(
    { ...{ db: bench.db, clock, log: silent, ingest, startSlot: BEGIN }, pinnedChain: () => chain.port, ...changes },
    coupons,
  );
const frontier = () => readFrontier(bench.db, coupons.name);
const stored = async () => (await bench.records()).map(({ _id }) => _id).sort();
const idsOf = (landed: readonly HistoryTransaction[]) =>
  landed
    .flatMap((transaction) => recordsOf(transaction))
    .map(({ _id }) => _id)
    .sort();
const unreachable = new RpcError('unreachable', 'cut off');

it('walks twice: at confirmed for what happened lately, at finalized for the frontier, which goes no further (I4)', async () => {
  chain.finalizedSlot = middle.slot;
  expect(await run()).toEqual({ kind: 'complete', frontier: middle.slot, found: transactions.length });
  expect(chain.walks).toEqual(['confirmed', 'finalized']);
  expect(await frontier()).toEqual({ since: BEGIN, slot: middle.slot });
  expect(await stored()).toEqual(idsOf(transactions));
});

it('leaves the frontier where it is when the finalized walk fails, whatever the confirmed one found (I4)', async () => {
  chain.failing.set('finalized', unreachable);
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'unreachable' });
  expect(await frontier()).toBeNull();
  expect(await stored()).toEqual(idsOf(transactions));
});

it('moves the frontier when only the confirmed walk fails (I4)', async () => {
  chain.finalizedSlot = middle.slot;
  chain.failing.set('confirmed', unreachable);
  expect(await run()).toMatchObject({ kind: 'complete', frontier: middle.slot });
  expect(await stored()).toEqual(idsOf(transactions.filter(({ slot }) => slot <= middle.slot)));
});

it('looks below the frontier again, because history is incomplete for a while (I4, TRAPS 11)', async () => {
  chain.drop(middle.signature);
  await run();
  chain.finalizedSlot = middle.slot;
  await bench.db.collection('frontiers').updateOne({}, { $set: { slot: middle.slot + 10 } });
  chain.land(middle);
  expect(await run()).toMatchObject({ kind: 'complete', found: 1 });
  // Never back, though the node that was asked is behind.
  expect(await frontier()).toEqual({ since: BEGIN, slot: middle.slot + 10 });
  expect(await stored()).toEqual(idsOf(transactions));
});

it('parks what every node says it does not have, passes it, and does not fetch it again (I1, I4)', async () => {
  const fetchable = new Map(chain.landed);
  fetchable.delete(middle.signature);
  ingest = bench.ingestOf(fetchable, asked);
  expect(await run()).toMatchObject({ kind: 'complete', found: transactions.length - 1 });
  const letters = await bench.db.collection('dead_letters').find().toArray();
  expect(letters).toMatchObject([{ signature: middle.signature, slot: middle.slot, reason: 'unavailable' }]);
  expect(await frontier()).not.toBeNull();
  asked.length = 0;
  expect(await run()).toMatchObject({ kind: 'complete', found: 0 });
  expect(asked).toEqual([]);
});

it('stops at a transaction that cannot be fetched just now, and is complete once it can (I4, I5)', async () => {
  const take: Ingest['take'] = async (notices, commitment) => {
    const outcomes = await ingest.take(
      notices.filter(({ signature }) => signature !== middle.signature),
      commitment,
    );
    const at = notices.findIndex(({ signature }) => signature === middle.signature);
    if (at < 0) return outcomes;
    return outcomes.toSpliced(at, 0, { kind: 'unavailable', reason: 'timeout', permanent: false });
  };
  const limping = new Proxy(ingest, {
    get: (target, name) => {
      if (name === 'take') return take;
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
  expect(await run({ ingest: limping })).toEqual({ kind: 'stopped', reason: 'fetch-failed', detail: 'timeout' });
  expect(await frontier()).toBeNull();
  expect(await bench.db.collection('dead_letters').countDocuments()).toBe(0);
  expect(await run()).toMatchObject({ kind: 'complete', found: 1 });
  expect(await stored()).toEqual(idsOf(transactions));
});

it('begins, with START_SLOT=0, where history begins after the walk: a node prunes while it is walked (I4)', async () => {
  chain.firstAvailable = 500;
  const { port } = chain;
  const pruning: ChainPort = { ...port, firstAvailableBlock: () => Promise.resolve((chain.firstAvailable += 1)) };
  expect(await run({ startSlot: 0, pinnedChain: () => pruning })).toMatchObject({ kind: 'complete' });
  // Once for each walk, then for the beginning.
  expect(await frontier()).toEqual({ since: 503, slot: chain.finalizedSlot });
});

it('does not begin above a START_SLOT that the node has no history of (I4)', async () => {
  chain.firstAvailable = BEGIN + 1;
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'history-missing' });
  expect(await frontier()).toBeNull();
});

it('says whether the chain or the database stopped it, and hides no bug of its own (I4)', async () => {
  const limited = { ...chain.port, slot: () => Promise.reject(new RpcError('rate-limited', 'slower')) };
  expect(await run({ pinnedChain: () => limited })).toEqual({
    ...{ kind: 'stopped', reason: 'rate-limited', detail: 'slower' },
  });
  const { db } = interruptedDatabase(bench.db, (_, name) => {
    if (name === 'frontiers.updateOne') throw new mongo.MongoNetworkError('the database is away');
  });
  expect(await run({ db })).toEqual({ kind: 'stopped', reason: 'database-failed', detail: 'the database is away' });
  const broken = { ...chain.port, slot: () => Promise.reject(new TypeError('a bug')) };
  await expect(run({ pinnedChain: () => broken })).rejects.toThrow('a bug');
  expect(await frontier()).toBeNull();
  expect(await run()).toMatchObject({ kind: 'complete' });
});
