import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import type { Ingest } from '../../../src/pipeline/ingest.js';
import type { ChainMember } from '../../../src/recovery/ask-endpoints.js';
import { FinalityChecker, type MassSuspicion } from '../../../src/recovery/finality-checker.js';
import { relandTransaction, type Correction } from '../../../src/recovery/settle-transaction.js';
import { simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type CouponHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { eventually } from '../../support/eventually.js';
import { recordingLog } from '../../unit/chain/recording-log.js';
import { openCoreBench, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';
import { holdLanded } from './held-ingest.js';

let bench: CoreBench;
let chain: FakeChain;
let members: ChainMember[];
let ingest: Ingest;
let work: LeaseWork;
let finalized: string[];
let corrections: Correction[];
let suspicions: (MassSuspicion | null)[];
let log: ReturnType<typeof recordingLog>;
let checkSlots: number;

beforeEach(async () => {
  bench = await openCoreBench();
  chain = new FakeChain();
  chain.finalizedSlot = 0;
  members = chain.members;
  [finalized, corrections, suspicions, log, checkSlots] = [[], [], [], recordingLog(), 150];
  ingest = bench.ingestOf(chain.landed);
  work = await bench.takeLease();
});
afterEach(() => bench.close());

function checkerOf(its = ingest): FinalityChecker {
  return new FinalityChecker(
    {
      ...{ db: bench.db, clock, ingest: its, log, chain: chain.port, members, checkSlots },
      onFinalized: (_, records) => finalized.push(...records.map(({ signature }) => signature)),
      onCorrected: (_, correction) => corrections.push(correction),
      onMassSuspicion: (_, suspicion) => suspicions.push(suspicion),
    },
    work,
    coupons,
  );
}

async function check(checker = checkerOf()): Promise<void> {
  await checker.pass();
  await checker.ended();
}

async function play(history: CouponHistory): Promise<void> {
  chain.land(...history.transactions);
  await ingest.take(history.transactions.map(sweepNotice), 'confirmed');
  await bench.drain(bench.projectorOf(work));
}

/** A checker that has heard everything as it came, and knows the blocks. */
async function playHeard(history: CouponHistory): Promise<FinalityChecker> {
  await play(history);
  const checker = checkerOf();
  checker.hear(history.transactions.flatMap((transaction) => [...recordsOf(transaction)]));
  await checker.keepBlocks();
  return checker;
}

function fold(transactions: readonly HistoryTransaction[]) {
  return simpleFold(transactions.flatMap((transaction) => [...recordsOf(transaction)]));
}

/** A history whose last transaction is alone in its slot, so that a fork of that slot drops it and nothing else. */
function historyWithLoneEnd(): { history: CouponHistory; last: HistoryTransaction; rest: HistoryTransaction[] } {
  for (let length = 30; ; length++) {
    const history = generateHistory(11, length);
    const last = history.transactions.at(-1);
    const rest = history.transactions.slice(0, -1);
    if (last && rest.every(({ slot }) => slot !== last.slot)) return { history, last, rest };
  }
}

/** A second endpoint that answers what `change` makes of the fake chain's answers. */
function secondEndpoint(change: (port: ChainPort) => Partial<ChainPort>): ChainMember {
  const { port } = chain;
  return { name: 'second', chain: { ...port, ...change(port) } };
}

const orphaned = () => corrections.flatMap((correction) => correction.orphaned.map(({ signature }) => signature));

describe('with two endpoints', () => {
  it('rolls back what both prove to be dropped, and tells of it (I5, I7)', async () => {
    const { history, last, rest } = historyWithLoneEnd();
    await play(history);
    members = [...members, secondEndpoint(() => ({}))];
    chain.drop(last.signature);
    chain.finalizedSlot = last.slot + 20;
    await check();
    expect(orphaned()).toContain(last.signature);
    expect(await bench.documents()).toEqual(fold(rest));
    expect(await bench.records({ signature: last.signature })).toMatchObject(
      last.events.map(() => ({ state: 'orphaned', error: 'dropped by a fork (block-lacks-it)' })),
    );
  });

  it.each<readonly [string, (port: ChainPort) => Partial<ChainPort>]>([
    ['fails', () => ({ signatureStatuses: () => Promise.reject(new RpcError('unreachable', 'down')) })],
    ['has no such history', () => ({ firstAvailableBlock: () => Promise.resolve(1_000_000) })],
    ['lags behind', () => ({ slot: () => Promise.resolve(0) })],
    ['misses the block', () => ({ block: () => Promise.resolve({ kind: 'not-here', code: -32_007 } as const) })],
  ])('waits while the second one %s, and rolls back when it can tell (I5, TRAPS 14)', async (_, change) => {
    const { history, last, rest } = historyWithLoneEnd();
    await play(history);
    chain.drop(last.signature);
    chain.finalizedSlot = last.slot + 20;
    members = [...chain.members, secondEndpoint(change)];
    await check();
    await check();
    expect(orphaned()).toEqual([]);
    expect(await bench.documents()).toEqual(fold(history.transactions));
    members = [...chain.members, secondEndpoint(() => ({}))];
    await check();
    expect(await bench.documents()).toEqual(fold(rest));
  });

  it('believes the one that has it, and says that they contradict each other, once (I5)', async () => {
    const { history, last } = historyWithLoneEnd();
    await play(history);
    const kept = new FakeChain();
    kept.land(...history.transactions);
    kept.finalizedSlot = chain.finalizedSlot = last.slot + 20;
    chain.drop(last.signature);
    members = [...chain.members, { name: 'second', chain: kept.port }];
    const checker = checkerOf();
    for (let pass = 0; pass < 3; pass++) {
      await checker.pass();
      await checker.ended();
    }
    expect(orphaned()).toEqual([]);
    expect(await bench.documents()).toEqual(fold(history.transactions));
    expect(log.lines.filter((line) => line.includes('contradict each other'))).toEqual([
      expect.stringContaining('"contradictedBy":["fake"]'),
    ]);
  });
});

describe('blocks by hash', () => {
  it('seals the finalized block in; no handler sees it (000-5)', async () => {
    const { history, last, rest } = historyWithLoneEnd();
    const checker = await playHeard(history);
    await check(checker);
    chain.finalizedSlot = last.slot - 1;
    await check(checker);
    const final = await bench.records({ commitment: 'finalized' });
    expect(final).toHaveLength(rest.flatMap(({ events }) => events).length);
    for (const { slot, blockhash, blockTime } of final) {
      expect({ blockhash, blockTime }).toEqual({ blockhash: `block ${slot}`, blockTime: new Date(slot * 1_000) });
    }
    expect(await bench.documents()).toEqual(fold(history.transactions));
  });

  it('asks for nothing when it is off, nor for what was final long before (X-8)', async () => {
    const { history, last } = historyWithLoneEnd();
    let asked = 0;
    const { port } = chain;
    const counting = {
      ...port,
      slot: () => Promise.resolve(chain.finalizedSlot),
      blockHeader: (...args: Parameters<ChainPort['blockHeader']>) => {
        asked += 1;
        return port.blockHeader(...args);
      },
    };
    Object.defineProperty(chain, 'port', { get: () => counting });
    checkSlots = 0;
    chain.finalizedSlot = history.transactions[0]?.slot ?? 0;
    await check(await playHeard(history));
    expect(asked).toBe(0);
    [checkSlots, chain.finalizedSlot] = [150, last.slot + 1_000];
    await check();
    await check();
    expect(asked).toBe(0);
    expect(await bench.records({ commitment: 'confirmed' })).toEqual([]);
    expect(new Set((await bench.records()).map(({ blockhash }) => blockhash))).toEqual(new Set([null]));
  });

  it.each(['other', 'gone'] as const)(
    'takes a transaction out of a slot as soon as its block turns out to be %s, without any further waiting (000-5)',
    async (how) => {
      const { history, last, rest } = historyWithLoneEnd();
      const checker = await playHeard(history);
      chain.drop(last.signature);
      if (how === 'other') chain.blockhashes.set(last.slot, 'another block');
      else chain.skippedSlots.add(last.slot);
      // One slot later: far from what a null status alone would be doubted for.
      chain.finalizedSlot = last.slot + 1;
      await check(checker);
      expect(orphaned()).toContain(last.signature);
      expect(await bench.documents()).toEqual(fold(rest));
    },
  );

  it('waits, as ever, where the blocks tell nothing (I5)', async () => {
    const { history, last } = historyWithLoneEnd();
    const checker = await playHeard(history);
    chain.drop(last.signature);
    chain.finalizedSlot = last.slot + 1;
    await check(checker);
    expect(orphaned()).toEqual([]);
  });

  it('asks for the transaction itself when another block holds it, and calls it final after that', async () => {
    const { history, last } = historyWithLoneEnd();
    const checker = await playHeard(history);
    chain.blockhashes.set(last.slot, 'another block');
    chain.finalizedSlot = last.slot + 1;
    await check(checker);
    expect(finalized).not.toContain(last.signature);
    await check(checker);
    expect(finalized).toContain(last.signature);
    const sealed = await bench.records({ signature: last.signature });
    expect(sealed).toMatchObject(last.events.map(() => ({ commitment: 'finalized', blockhash: 'another block' })));
    expect(corrections.flatMap(({ orphaned: gone, entered }) => [...gone, ...entered])).toEqual([]);
  });

  it('notices that the same transaction did something else in another block of the same slot (TRAPS 15)', async () => {
    const { history, last, rest } = historyWithLoneEnd();
    const checker = await playHeard(history);
    // Nobody announces it, and slot and status are what they were.
    const otherwise = { ...last, events: generateHistory(12, 5).transactions.at(-1)?.events ?? [] };
    chain.land(otherwise);
    chain.blockhashes.set(last.slot, 'another block');
    chain.finalizedSlot = last.slot + 1;
    await check(checker);
    await bench.drain(bench.projectorOf(work));
    await check(checker);
    expect(await bench.documents()).toEqual(fold([...rest, otherwise]));
  });

  it('asks for the transaction itself where nobody heard it when it was new: after a restart (I3)', async () => {
    const { history, last, rest } = historyWithLoneEnd();
    await play(history);
    const otherwise = { ...last, events: generateHistory(12, 5).transactions.at(-1)?.events ?? [] };
    chain.land(otherwise);
    chain.finalizedSlot = last.slot + 1;
    await check();
    await bench.drain(bench.projectorOf(work));
    await check();
    expect(await bench.documents()).toEqual(fold([...rest, otherwise]));
  });

  it('finds the end also when no header can be had, by the transactions themselves (I5)', async () => {
    const { history, last } = historyWithLoneEnd();
    const port = { ...chain.port, blockHeader: () => Promise.reject(new RpcError('refused', 'not for you')) };
    Object.defineProperty(chain, 'port', { get: () => port });
    const checker = await playHeard(history);
    chain.finalizedSlot = last.slot + 1;
    await check(checker);
    await check(checker);
    expect(await bench.records({ commitment: 'confirmed' })).toEqual([]);
    expect(await bench.records({ signature: last.signature, blockhash: { $ne: null } })).toEqual([]);
  });
});

it('goes on with others while one re-landing is asked for with patience', async () => {
  const history = generateHistory(11, 60);
  const [slow, quick] = history.transactions.filter(({ events }) =>
    events.some(({ name }) => name === 'PromotionRated'),
  );
  if (!slow || !quick) throw new Error('the history has too few ratings');
  await play({ ...history, transactions: history.transactions });
  const moved = [slow, quick].map((one) => ({ ...one, slot: one.slot + 500 }));
  chain.land(...moved);
  chain.finalizedSlot = 1_000_000;
  const { held: patient, letGo } = holdLanded(ingest, slow.signature);
  const checker = checkerOf(patient);
  await checker.pass();
  await eventually(
    async () => (await bench.records({ signature: quick.signature, slot: quick.slot + 500 })).length > 0,
  );
  await checker.pass();
  expect(finalized).toContain(quick.signature);
  expect(finalized).not.toContain(slow.signature);
  letGo();
  await checker.ended();
  await checker.pass();
  expect(finalized.filter((signature) => signature === slow.signature)).toHaveLength(slow.events.length);
  expect(await bench.documents()).toEqual(fold([...chain.landed.values()]));
});

it('rolls nothing back for an empty node right after its start, tells once, and goes on by itself when it knows again (I5)', async () => {
  const history = generateHistory(11, 60);
  const ends = history.transactions.filter(({ slot }, position, all) => all[position + 1]?.slot !== slot).slice(0, 8);
  const transactions = history.transactions.slice(0, history.transactions.indexOf(ends.at(-1) as HistoryTransaction));
  await play({ ...history, transactions });
  const documents = await bench.documents();
  chain.finalizedSlot = 1_000_000;
  chain.landed.clear();
  const checker = checkerOf();
  for (let pass = 0; pass < 3; pass++) {
    await checker.pass();
    await checker.ended();
  }
  const suspects = transactions.length;
  expect(suspicions).toEqual([{ suspects, asked: suspects }]);
  expect(log.lines.filter((line) => line.includes('nothing is rolled back'))).toHaveLength(1);
  expect(await bench.documents()).toEqual(documents);

  chain.land(...transactions);
  await checker.pass();
  await checker.ended();
  await checker.pass();
  expect(suspicions).toEqual([{ suspects, asked: suspects }, null]);
  expect(await bench.records({ commitment: 'confirmed' })).toEqual([]);
  expect(corrections).toEqual([]);
});

it('does not let what was fetched before a fork undo what was found final after it (TRAPS 15)', async () => {
  const { history, last } = historyWithLoneEnd();
  await play(history);
  const moved = { ...last, slot: last.slot + 3 };
  chain.land(moved);
  chain.finalizedSlot = moved.slot;
  await check();
  await check();
  expect(await bench.records({ signature: last.signature, state: 'applied' })).toMatchObject(
    last.events.map(() => ({ slot: moved.slot, commitment: 'finalized' })),
  );
  // What somebody asked for at confirmed before the fork arrives only now.
  const late = bench.ingestOf(new Map([[last.signature, last]]));
  const dependencies = { db: bench.db, clock, ingest: late };
  expect(await relandTransaction(dependencies, work, coupons, last.signature, 'confirmed')).toEqual({
    kind: 'outdated',
  });
  expect(await bench.documents()).toEqual(fold([...chain.landed.values()]));
});
