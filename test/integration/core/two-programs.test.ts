import { afterEach, beforeEach, expect, it } from 'vitest';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { readParkedTransactions } from '../../../src/ledger/dead-letter.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { couponsCodec, renderLogs } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { openCoreBench, type CoreBench } from './core-bench.js';

const OTHER = 'ComputeBudget111111111111111111111111111111';

let bench: CoreBench;
let first: Ingest;
let second: Ingest;
beforeEach(async () => {
  bench = await openCoreBench();
  const { dependencies } = bench.ingestOf(new Map());
  first = new Ingest(dependencies, coupons, couponsCodec);
  second = new Ingest({ ...dependencies, clock }, { ...coupons, name: 'other' }, compileProgramCodec(idl, OTHER));
});
afterEach(() => bench.close());

it('keeps what two programs did in one transaction, each its own (I1)', async () => {
  const [one, two] = generateHistory(5, 30).transactions as [HistoryTransaction, HistoryTransaction];
  const logs = [...renderLogs(one), ...renderLogs(two).map((line) => line.replaceAll(couponsCodec.programId, OTHER))];
  const notice = { signature: 'both', slot: 9, failed: false, source: 'socket' as const, logs };
  expect(await first.take([notice], 'confirmed')).toEqual([{ kind: 'stored', inserted: one.events.length }]);
  expect(await second.take([notice], 'confirmed')).toEqual([{ kind: 'stored', inserted: two.events.length }]);
  expect(await bench.records({ disputed: true })).toEqual([]);
  expect(await second.unknown([notice], 'finalized')).toEqual([]);
});

it('does not take a transaction that nobody could give to one program for done with the other (I1)', async () => {
  const notice = { signature: 'both', slot: 9, failed: false, source: 'sweep' as const };
  await first.park(notice, 'unknown-here');
  expect(await readParkedTransactions(bench.db, 'coupons', ['both'])).toEqual(new Set(['both']));
  expect(await readParkedTransactions(bench.db, 'other', ['both'])).toEqual(new Set());
  await second.park(notice, 'unknown-here');
  expect(await bench.db.collection('dead_letters').countDocuments()).toBe(2);
});
