import { mongo } from 'mongoose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { lowerSince, readFrontier, readSweepState } from '../../../src/ledger/frontier.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import type { Ingest } from '../../../src/pipeline/ingest.js';
import { sweep, type GapFillerDependencies } from '../../../src/recovery/gap-filler.js';
import { RecentSweep } from '../../../src/recovery/recent-sweep.js';
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

const only = (port: ChainPort) => () => [{ name: 'one', chain: port }];
const run = (changes: Partial<GapFillerDependencies> = {}) =>
  sweep(
    {
      ...{ db: bench.db, clock, log: silent, ingest, startSlot: BEGIN, pageSize: 1_000 },
      endpoints: only(chain.port),
      ...changes,
    },
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

it('moves the frontier after two finalized walks that agree, and no further than they went (I4)', async () => {
  chain.finalizedSlot = middle.slot;
  const final = transactions.filter(({ slot }) => slot <= middle.slot);
  expect(await run()).toEqual({ kind: 'complete', frontier: middle.slot, found: final.length });
  // Each a page, and one that shows that nothing is below it.
  expect(chain.walks).toEqual(Array(4).fill('finalized'));
  expect(await frontier()).toEqual({ since: BEGIN, slot: middle.slot });
  expect(await stored()).toEqual(idsOf(final));
});

it('leaves the frontier where it is when a finalized walk fails (I4)', async () => {
  chain.failing.set('finalized', unreachable);
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'unreachable' });
  expect(await frontier()).toBeNull();
});

it('costs three requests where nothing is new, and four with a second endpoint', async () => {
  // Below the walk, so that it does not end with the history of the node.
  chain.land({ ...middle, signature: 'before', slot: BEGIN - 1 });
  await run();
  const requests: string[] = [];
  const counting = new Proxy(chain.port, {
    get: (port, name) => {
      requests.push(String(name));
      return Reflect.get(port, name) as unknown;
    },
  });
  expect(await run({ endpoints: only(counting) })).toMatchObject({ kind: 'complete', found: 0 });
  expect(requests).toEqual(['slot', 'signaturesFor', 'signaturesFor']);
  requests.length = 0;
  await run({ endpoints: () => [...only(counting)(), { name: 'two', chain: counting }] });
  expect(requests).toEqual(['slot', 'slot', 'signaturesFor', 'signaturesFor']);
});

it('walks until two agree, and takes in what only one of them lists (I4, TRAPS 11)', async () => {
  const incomplete = chain.port;
  let walks = 0;
  // Of four walks, the second and the third lack a transaction each.
  const missing = [null, transactions[3], middle, null];
  const flickering: ChainPort = {
    ...incomplete,
    signaturesFor: async (address, query) => {
      if (query.before === undefined) walks += 1;
      const lacks = missing[walks - 1]?.signature;
      return (await incomplete.signaturesFor(address, query)).filter(({ signature }) => signature !== lacks);
    },
  };
  expect(await run({ endpoints: only(flickering) })).toMatchObject({ kind: 'complete', found: transactions.length });
  expect(walks).toBe(4);
  expect(await stored()).toEqual(idsOf(transactions));
});

it('does not move while no two walks agree, and keeps what they listed (I4)', async () => {
  let walks = 0;
  const { port } = chain;
  const random: ChainPort = {
    ...port,
    signaturesFor: async (address, query) => {
      if (query.before === undefined) walks += 1;
      const lacks = transactions[walks % transactions.length]?.signature;
      return (await port.signaturesFor(address, query)).filter(({ signature }) => signature !== lacks);
    },
  };
  expect(await run({ endpoints: only(random) })).toMatchObject({ kind: 'stopped', reason: 'walks-disagree' });
  expect(await frontier()).toBeNull();
  expect(await stored()).toEqual(idsOf(transactions));
  expect(await run()).toMatchObject({ kind: 'complete', found: 0 });
});

it('asks a second endpoint for the second opinion, and takes in what only that one lists (I4)', async () => {
  const other = new FakeChain();
  other.land(...transactions);
  chain.drop(middle.signature);
  ingest = bench.ingestOf(other.landed, asked);
  const endpoints = () => [...only(chain.port)(), { name: 'two', chain: other.port }];
  expect(await run({ endpoints })).toMatchObject({ kind: 'complete', found: transactions.length });
  expect(other.walks.length).toBeGreaterThan(0);
  expect(await stored()).toEqual(idsOf(transactions));
});

it('goes no further than both endpoints have finalized, and leaves one out that is far behind (I4)', async () => {
  const other = new FakeChain();
  other.land(...transactions);
  other.finalizedSlot = chain.finalizedSlot - 100;
  const endpoints = () => [...only(chain.port)(), { name: 'two', chain: other.port }];
  expect(await run({ endpoints })).toMatchObject({ kind: 'complete', frontier: chain.finalizedSlot - 100 });
  other.walks.length = 0;
  chain.finalizedSlot += 1_000;
  expect(await run({ endpoints })).toMatchObject({ kind: 'complete', frontier: chain.finalizedSlot });
  expect(other.walks).toEqual([]);
});

it('lets the other endpoint give both opinions when one fails midway (I4)', async () => {
  const other = new FakeChain();
  other.land(...transactions);
  for (const [first, second] of [
    [chain, other],
    [other, chain],
  ] as const) {
    second.failing.set('finalized', unreachable);
    const endpoints = () => [first, second].map(({ port }, at) => ({ name: String(at), chain: port }));
    first.walks.length = 0;
    expect(await run({ endpoints })).toMatchObject({ kind: 'complete' });
    expect(first.walks.length).toBeGreaterThanOrEqual(2);
    second.failing.clear();
  }
  chain.failing.set('finalized', unreachable);
  other.failing.set('finalized', new RpcError('not-here', 'pruned'));
  const endpoints = () => [chain, other].map(({ port }, at) => ({ name: String(at), chain: port }));
  expect(await run({ endpoints })).toMatchObject({ kind: 'stopped' });
});

it('stops where a node no longer lists what the ledger knows to be final, until it does again (I4)', async () => {
  chain.finalizedSlot = middle.slot;
  await run();
  await bench.db.collection('ledger_events').updateMany({}, { $set: { commitment: 'finalized' } });
  chain.drop(middle.signature);
  chain.finalizedSlot += 10;
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'history-lost' });
  expect(await frontier()).toEqual({ since: BEGIN, slot: middle.slot });
  // Listed in another slot is not listed either.
  chain.land({ ...middle, slot: middle.slot - 1 });
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'history-lost' });
  chain.land(middle);
  expect(await run()).toMatchObject({ kind: 'complete', frontier: middle.slot + 10 });
});

it('looks below the frontier again, because history is incomplete for a while (I4, TRAPS 11)', async () => {
  chain.drop(middle.signature);
  chain.finalizedSlot = middle.slot;
  await run();
  chain.finalizedSlot = middle.slot + 10;
  chain.land(middle);
  expect(await run()).toMatchObject({ kind: 'complete', frontier: middle.slot + 10 });
  expect(await stored()).toEqual(idsOf(transactions.filter(({ slot }) => slot <= middle.slot + 10)));
});

it('does not walk on a node that is behind the frontier, and never moves it back (I4)', async () => {
  chain.finalizedSlot = middle.slot;
  await run();
  chain.walks.length = 0;
  chain.finalizedSlot -= 1;
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'node-behind' });
  expect(chain.walks).toEqual([]);
  expect(await frontier()).toEqual({ since: BEGIN, slot: middle.slot });
  // Another endpoint is not.
  const other = new FakeChain();
  other.land(...transactions);
  other.finalizedSlot = middle.slot + 1;
  const endpoints = () => [...only(chain.port)(), { name: 'two', chain: other.port }];
  expect(await run({ endpoints })).toMatchObject({ kind: 'complete', frontier: middle.slot + 1 });
});

describe('a long walk', () => {
  const pageSize = 8;
  const pages = async (changes: Partial<GapFillerDependencies> = {}) => {
    const before = asked.length;
    const queries: (string | undefined)[] = [];
    const { port } = chain;
    const watched: ChainPort = {
      ...port,
      signaturesFor: (address, query) => {
        queries.push(query.before);
        return port.signaturesFor(address, query);
      },
    };
    const outcome = await run({ pageSize, endpoints: only(watched), ...changes });
    return { outcome, queries, fetched: asked.slice(before) };
  };
  /** A sweep that ends, as by a crash, before it keeps one more than so many pages. */
  const interrupted = async (afterPages: number) => {
    let kept = 0;
    const { db } = interruptedDatabase(bench.db, (_, name) => {
      if (name === 'frontiers.updateOne' && ++kept > afterPages) {
        throw new mongo.MongoNetworkError('the process is gone');
      }
    });
    return run({ pageSize, db });
  };
  const walks = async () => (await readSweepState(bench.db, coupons.name)).walks;

  it('goes on where it was stopped, and the next one catches what landed meanwhile (I4)', async () => {
    chain.finalizedSlot = middle.slot;
    const undisturbed = await pages();
    await bench.db.collection('frontiers').deleteMany({});
    await bench.db.collection('ledger_events').deleteMany({});
    expect(await interrupted(2)).toMatchObject({ kind: 'stopped', reason: 'database-failed' });
    const kept = await walks();
    expect(kept).toMatchObject({ fromSlot: BEGIN, toSlot: middle.slot, finished: [], current: { endpoint: 'one' } });
    expect(await frontier()).toBeNull();
    chain.finalizedSlot = 1_000_000;
    const resumed = await pages();
    // The first walk from the cursor, the second from the head.
    expect(resumed.queries[0]).toBe(kept?.current?.cursor.before);
    expect(resumed.queries.filter((before) => before === undefined)).toHaveLength(1);
    expect(resumed.outcome).toMatchObject({ kind: 'complete', frontier: middle.slot });
    expect(resumed.fetched.length).toBeLessThan(undisturbed.fetched.length);
    expect(await walks()).toBeNull();
    expect(await pages()).toMatchObject({ outcome: { kind: 'complete', frontier: 1_000_000 } });
    expect(await stored()).toEqual(idsOf(transactions));
  });

  it('is complete however often it is stopped (I4)', async () => {
    let stops = 0;
    for (; stops < 50; stops++) {
      if ((await interrupted(1)).kind === 'complete') break;
      expect((await frontier())?.slot ?? BEGIN).toBe(BEGIN);
    }
    expect(stops).toBeGreaterThan(5);
    expect(stops).toBeLessThan(50);
    expect(await stored()).toEqual(idsOf(transactions));
    expect(asked.length).toBeLessThan(2 * transactions.length);
  });

  it('begins anew where its cursor is not known any more, or was given by another endpoint (I4)', async () => {
    await interrupted(2);
    const cursor = (await walks())?.current?.cursor.before ?? '';
    const forgotten = chain.landed.get(cursor) as HistoryTransaction;
    chain.drop(cursor);
    expect((await pages()).outcome).toMatchObject({ kind: 'complete' });
    chain.land(forgotten);
    await bench.db.collection('frontiers').deleteMany({});
    await interrupted(2);
    const elsewhere = await pages({ endpoints: () => [{ name: 'another', chain: chain.port }] });
    expect(elsewhere.outcome).toMatchObject({ kind: 'complete' });
  });

  it('lists the next page while the transactions of the last one are fetched', async () => {
    const order: string[] = [];
    const { port } = chain;
    const watched: ChainPort = {
      ...port,
      signaturesFor: (address, query) => {
        order.push('list');
        return port.signaturesFor(address, query);
      },
    };
    ingest = bench.ingestOf(chain.landed, {
      push: () => order.push('fetch'),
    } as unknown as string[]);
    expect(await pages({ endpoints: only(watched), ingest })).toMatchObject({ outcome: { kind: 'complete' } });
    const listedAhead = order.indexOf('fetch');
    expect(listedAhead).toBeGreaterThan(1);
    // But not all of it: memory stays the same however long the history is.
    expect(listedAhead).toBeLessThanOrEqual(3);
  });

  it('is not resumed when it was through another span (I4)', async () => {
    await interrupted(2);
    expect(await walks()).not.toBeNull();
    const other = await pages({ startSlot: BEGIN + 1 });
    expect(other.queries[0]).toBeUndefined();
    expect(await frontier()).toEqual({ since: BEGIN + 1, slot: chain.finalizedSlot });
    expect(await walks()).toBeNull();
  });
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
  expect(await run({ startSlot: 0, endpoints: only(pruning) })).toMatchObject({ kind: 'complete' });
  const begun = (await frontier())?.since ?? 0;
  expect(begun).toBeGreaterThanOrEqual(chain.firstAvailable);
  expect(await stored()).toEqual(idsOf(transactions));
  // One that keeps what it has begins there.
  await bench.db.collection('frontiers').deleteMany({});
  expect(await run({ startSlot: 0 })).toMatchObject({ kind: 'complete' });
  expect(await frontier()).toEqual({ since: chain.firstAvailable, slot: chain.finalizedSlot });
});

it('does not begin above a START_SLOT that the node has no history of (I4)', async () => {
  chain.firstAvailable = BEGIN + 1;
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'history-missing' });
  expect(await frontier()).toBeNull();
});

it('says whether the chain or the database stopped it, and hides no bug of its own (I4)', async () => {
  const limited = { ...chain.port, slot: () => Promise.reject(new RpcError('rate-limited', 'slower')) };
  expect(await run({ endpoints: only(limited) })).toEqual({
    ...{ kind: 'stopped', reason: 'rate-limited', detail: 'slower' },
  });
  const { db } = interruptedDatabase(bench.db, (_, name) => {
    if (name === 'frontiers.updateOne') throw new mongo.MongoNetworkError('the database is away');
  });
  expect(await run({ db })).toEqual({ kind: 'stopped', reason: 'database-failed', detail: 'the database is away' });
  const broken = { ...chain.port, slot: () => Promise.reject(new TypeError('a bug')) };
  await expect(run({ endpoints: only(broken) })).rejects.toThrow('a bug');
  expect(await frontier()).toBeNull();
  expect(await run()).toMatchObject({ kind: 'complete' });
});

describe('the recent sweep', () => {
  const recent = (port: ChainPort, startSlot = 0) => {
    const endpoint = () => ({ name: 'one', chain: port });
    return new RecentSweep({ db: bench.db, log: silent, ingest, endpoint, startSlot, pageSize: 1_000 }, coupons);
  };

  it('finds at confirmed what happened lately, moves nothing, and does not go through all of history (I4)', async () => {
    chain.finalizedSlot = middle.slot;
    const late = { ...middle, signature: 'late', slot: middle.slot + 500 };
    chain.land(late);
    const sweeping = recent(chain.port);
    expect(await sweeping.run()).toEqual({ kind: 'complete', found: transactions.length + 1 });
    expect(chain.walks).toEqual(['confirmed']);
    expect(await frontier()).toBeNull();
    expect((await readSweepState(bench.db, coupons.name)).walks).toBeNull();
    await bench.db.collection('ledger_events').deleteMany({});
    expect(await recent(chain.port, late.slot).run()).toEqual({ kind: 'complete', found: 1 });
    // From far above only what it has not looked at is looked at.
    await bench.db.collection('ledger_events').deleteMany({});
    chain.finalizedSlot = late.slot + 10;
    expect(await recent(chain.port).run()).toEqual({ kind: 'complete', found: 1 });
    // And what an earlier run could not look at is looked at by the next.
    await bench.db.collection('ledger_events').deleteMany({});
    chain.failing.set('confirmed', unreachable);
    expect(await sweeping.run()).toEqual({ kind: 'stopped', reason: 'unreachable' });
    chain.failing.clear();
    expect(await sweeping.run()).toEqual({ kind: 'complete', found: transactions.length + 1 });
  });
});

it('lets history begin earlier once every slot down to there was scanned, and never later (I4)', async () => {
  await run();
  const lower = (since: number, until: number) => lowerSince(bench.db, coupons.name, since, until);
  expect(await lower(500, BEGIN - 2)).toBe(false);
  expect(await lower(BEGIN + 5, BEGIN + 9)).toBe(false);
  expect((await frontier())?.since).toBe(BEGIN);
  expect(await lower(500, BEGIN - 1)).toBe(true);
  expect(await lower(400, BEGIN)).toBe(true);
  expect(await frontier()).toEqual({ since: 400, slot: chain.finalizedSlot });
});
