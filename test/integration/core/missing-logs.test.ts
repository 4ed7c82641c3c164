import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { couponsCodec, renderTransaction, socketNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { DisputeResolver } from '../../../src/recovery/dispute-resolver.js';
import { FinalityChecker } from '../../../src/recovery/finality-checker.js';
import { checkFinality } from './check-finality.js';
import { openCoreBench, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

it('takes no event out because an endpoint keeps no logs of its transaction (I5)', async () => {
  const { transactions } = generateHistory(5, 30);
  const chain = new FakeChain();
  chain.land(...transactions);
  let keepsLogs = false;
  const ingest = new Ingest(
    {
      ...{ db: bench.db, clock, finalityDelayMs: 0, onInserted: () => {}, onUndecodable: () => {} },
      fetchTransaction: (signature) => {
        const transaction = chain.landed.get(signature);
        if (!transaction) return Promise.resolve({ kind: 'unavailable', reason: 'unknown-here' });
        const raw = structuredClone(renderTransaction(transaction)) as { meta: { logMessages: string[] | null } };
        if (!keepsLogs) raw.meta.logMessages = null;
        return Promise.resolve({ kind: 'found', raw });
      },
    },
    coupons,
    couponsCodec,
  );
  await ingest.take(transactions.map(socketNotice), 'confirmed');
  const work = await bench.takeLease();
  await bench.drain(bench.projectorOf(work));
  const before = await bench.documents();

  const corrected: unknown[] = [];
  const finality = {
    ...{ db: bench.db, clock, ingest, log: silent, chain: chain.port, members: chain.members, checkSlots: 2_000_000 },
    ...{ onFinalized: () => {}, onMassSuspicion: () => {} },
    onCorrected: (_: unknown, correction: unknown) => corrected.push(correction),
  };
  await checkFinality(finality, work, coupons);
  expect(corrected).toEqual([]);
  expect(await bench.records({ state: 'orphaned' })).toEqual([]);
  expect(await bench.documents()).toEqual(before);
  keepsLogs = true;
  for (let pass = 0; pass < 4; pass++) await checkFinality(finality, work, coupons);
  expect(await bench.records({ commitment: 'confirmed' })).toEqual([]);
});

it('asks ever more rarely for what no endpoint keeps the logs of, and never gives up (I1, I5)', async () => {
  const { transactions } = generateHistory(5, 6);
  const chain = new FakeChain();
  chain.land(...transactions);
  let [asked, nowMs] = [0, 0];
  const ticking = { ...clock, monotonic: () => nowMs };
  const ingest = new Ingest(
    {
      ...{ db: bench.db, clock, finalityDelayMs: 0, onInserted: () => {}, onUndecodable: () => {} },
      fetchTransaction: (signature) => {
        asked += 1;
        const raw = structuredClone(renderTransaction(chain.landed.get(signature) as (typeof transactions)[0])) as {
          meta: { logMessages: string[] | null };
        };
        raw.meta.logMessages = null;
        return Promise.resolve({ kind: 'found', raw });
      },
    },
    coupons,
    couponsCodec,
  );
  await ingest.take(transactions.map(socketNotice), 'confirmed');
  const work = await bench.takeLease();
  await bench.drain(bench.projectorOf(work));
  const shared = { db: bench.db, clock: ticking, ingest, log: silent, onCorrected: () => {}, random: () => 0 };
  const checker = new FinalityChecker(
    {
      ...{ ...shared, chain: chain.port, members: chain.members, checkSlots: 2_000_000 },
      ...{ onFinalized: () => {}, onMassSuspicion: () => {} },
    },
    work,
    coupons,
  );
  const resolver = new DisputeResolver(shared, work, coupons);
  const passes = async (task: { pass?(): Promise<unknown>; begin?(): Promise<void>; ended(): Promise<number> }) => {
    asked = 0;
    for (let pass = 0; pass < 3; pass++) {
      await task.pass?.();
      await task.begin?.();
      await task.ended();
    }
    return asked;
  };
  const withEvents = new Set((await bench.records()).map(({ signature }) => signature)).size;
  const askedAt = async (task: Parameters<typeof passes>[0]) => {
    const counts: number[] = [];
    for (const ms of [0, 4_999, 1, 9_999, 1, 10 * 3_600_000]) {
      nowMs += ms;
      counts.push(await passes(task));
    }
    return counts;
  };
  const rarer = [withEvents, 0, withEvents, 0, withEvents, withEvents];
  expect(await askedAt(checker)).toEqual(rarer);
  await bench.db.collection('ledger_events').updateMany({}, { $set: { disputed: true } });
  expect(await askedAt(resolver)).toEqual(rarer);
});
