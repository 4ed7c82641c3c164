import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { systemClock } from '../../../src/lib/clock.js';
import { FinalityChecker, type MassSuspicion } from '../../../src/recovery/finality-checker.js';
import { sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { openCoreBench, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';

const RECORDS_PER_PASS = 16;
const { transactions } = generateHistory(11, 90);
/** Whole slots of the oldest, so many that they fill more than a page. */
const cut = transactions[30]?.slot ?? 0;
const oldest = transactions.filter(({ slot }) => slot <= cut);
const newer = transactions.filter(({ slot }) => slot > cut);

let bench: CoreBench;
let chain: FakeChain;
let work: LeaseWork;
let suspicions: (MassSuspicion | null)[];
let orphaned: string[];
let nowMs: number;
beforeEach(async () => {
  bench = await openCoreBench();
  chain = new FakeChain();
  work = await bench.takeLease();
  [suspicions, orphaned, nowMs] = [[], [], 0];
});
afterEach(() => bench.close());

function checkerOf(recordsPerPass = RECORDS_PER_PASS): FinalityChecker {
  const clock = { ...systemClock, monotonic: () => nowMs };
  return new FinalityChecker(
    {
      ...{ db: bench.db, clock, log: silent, chain: chain.port, members: chain.members, checkSlots: 0 },
      ...{ ingest: bench.ingestOf(chain.landed), recordsPerPass, onFinalized: () => {} },
      onCorrected: (_, correction) => orphaned.push(...correction.orphaned.map(({ signature }) => signature)),
      onMassSuspicion: (_, suspicion) => suspicions.push(suspicion),
    },
    work,
    coupons,
  );
}

async function play(landed: readonly HistoryTransaction[]): Promise<void> {
  chain.land(...landed);
  await bench.ingestOf(chain.landed).take(landed.map(sweepNotice), 'confirmed');
}

async function check(checker: FinalityChecker): Promise<void> {
  await checker.pass();
  await checker.ended();
}

const signaturesOf = async (filter: object) => new Set((await bench.records(filter)).map(({ signature }) => signature));
const signatures = (landed: readonly HistoryTransaction[]) => new Set(landed.map(({ signature }) => signature));

it('calls final what is behind more than a page of suspects of which nothing can be proven', async () => {
  await play(transactions);
  await bench.drain(bench.projectorOf(work));
  for (const { signature } of oldest) chain.drop(signature);
  // Nobody has the history of their slots.
  chain.firstAvailable = 1_000_000;
  const checker = checkerOf();
  for (let pass = 0; pass < 10; pass++) await check(checker);
  expect(await signaturesOf({ commitment: 'finalized' })).toEqual(signatures(newer));
  expect(await signaturesOf({ commitment: 'confirmed' })).toEqual(signatures(oldest));
  expect(orphaned).toEqual([]);
});

it('judges the newest in every pass, whatever backlog there is', async () => {
  await play(transactions);
  await bench.drain(bench.projectorOf(work));
  await check(checkerOf());
  const final = await signaturesOf({ commitment: 'finalized' });
  expect(final).toContain(transactions[0]?.signature);
  expect(final).toContain(transactions.at(-1)?.signature);
  expect(final.size).toBeLessThan(transactions.length);
  // A slot is judged as a whole (I7).
  const slots = new Set(transactions.filter(({ signature }) => final.has(signature)).map(({ slot }) => slot));
  expect(final).toEqual(signatures(transactions.filter(({ slot }) => slots.has(slot))));
});

it('calls final what is behind more than a page of records that are never applied', async () => {
  await play(transactions);
  await bench.drain(bench.projectorOf(work));
  await bench.db
    .collection('ledger_events')
    .updateMany({ slot: { $lte: cut } }, { $set: { state: 'received', nextAttemptAt: null } });
  const checker = checkerOf();
  for (let pass = 0; pass < 10; pass++) await check(checker);
  expect(await signaturesOf({ commitment: 'finalized' })).toEqual(signatures(newer));
  // And they themselves as soon as they are applied.
  await bench.db.collection('ledger_events').updateMany({ state: 'received' }, { $set: { state: 'applied' } });
  for (let pass = 0; pass < 20; pass++) await check(checker);
  expect(await signaturesOf({ commitment: 'confirmed' })).toEqual(new Set());
});

it('rolls nothing back by a page that looks well while others are suspect as a whole, and tells once (I5)', async () => {
  await play(transactions);
  await bench.drain(bench.projectorOf(work));
  const dropped = new Set([...oldest, newer.at(-1) as HistoryTransaction]);
  for (const { signature } of dropped) chain.drop(signature);
  // A page that holds enough suspects to be more than a fork.
  const checker = checkerOf(2 * RECORDS_PER_PASS);
  await check(checker);
  expect(suspicions).toHaveLength(1);
  for (let pass = 0; pass < transactions.length; pass++) await check(checker);
  expect(orphaned).toEqual([]);
  expect(suspicions).toHaveLength(1);
  expect(await signaturesOf({ commitment: 'finalized' })).toEqual(
    signatures(transactions.filter((one) => !dropped.has(one))),
  );
  chain.land(...dropped);
  for (let pass = 0; pass < 20; pass++) await check(checker);
  expect(suspicions).toEqual([expect.anything(), null]);
  expect(await signaturesOf({ commitment: 'confirmed' })).toEqual(new Set());
});

it('lets each suspect have its turn, however many there are of which nothing can be proven', async () => {
  await play(transactions);
  await bench.drain(bench.projectorOf(work));
  // Less than half of all that is asked about, and more than are asked about at once.
  const suspects = transactions.slice(0, 42);
  for (const { signature } of suspects) chain.drop(signature);
  const last = suspects.at(-1) as HistoryTransaction;
  const asked = new Set<number>();
  const { port } = chain;
  const members = [
    {
      name: 'blind',
      chain: {
        ...port,
        block: (slot: number) => {
          asked.add(slot);
          return Promise.resolve({ kind: 'not-here', code: -32_007 } as const);
        },
      },
    },
  ];
  Object.defineProperty(chain, 'members', { get: () => members });
  const checker = new FinalityChecker(
    {
      ...{ db: bench.db, clock: { ...systemClock, monotonic: () => nowMs }, log: silent, chain: port, members },
      ...{ checkSlots: 0, ingest: bench.ingestOf(chain.landed), onFinalized: () => {}, onCorrected: () => {} },
      onMassSuspicion: (_, suspicion) => suspicions.push(suspicion),
    },
    work,
    coupons,
  );
  // Each time, all that was asked about is due again.
  for (let pass = 0; pass < 3; pass++) {
    await check(checker);
    nowMs += 10_000;
    await play(transactions.slice(42).map((one) => ({ ...one, signature: `${one.signature}${pass}` })));
  }
  expect(suspicions).toEqual([]);
  expect(asked).toContain(last.slot);
});
