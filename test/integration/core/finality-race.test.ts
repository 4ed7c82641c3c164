import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { markDisputed } from '../../../src/ledger/append-records.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { socketNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { checkFinality } from './check-finality.js';
import { bySignature, openCoreBench, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

it('announces as final only what was marked: another version announced meanwhile makes it wait (I7)', async () => {
  const { transactions } = generateHistory(5, 20);
  const ingest = bench.ingestOf(bySignature(transactions));
  await ingest.take(transactions.map(socketNotice), 'confirmed');
  const work = await bench.takeLease();
  await bench.drain(bench.projectorOf(work));
  const [{ signature: doubtful } = { signature: '' }] = await bench.records({ kind: 'event' });

  const chain = new FakeChain();
  chain.land(...transactions);
  const { port } = chain;
  // Between the reading of what is due and its marking.
  const statuses: typeof port.signatureStatuses = async (signatures) => {
    await markDisputed(bench.db, [doubtful]);
    return port.signatureStatuses(signatures);
  };
  const told: LedgerRecord[] = [];
  const finality = {
    ...{ db: bench.db, clock, ingest, log: silent, members: chain.members, checkSlots: 0 },
    chain: { ...port, signatureStatuses: statuses },
    ...{ onMassSuspicion: () => {}, onCorrected: () => {} },
    onFinalized: (_: unknown, records: readonly LedgerRecord[]) => void told.push(...records),
  };
  await checkFinality(finality, work, coupons);
  const final = await bench.records({ commitment: 'finalized' });
  expect(final.some(({ signature }) => signature === doubtful)).toBe(false);
  expect(told.map(({ _id }) => _id).sort()).toEqual(final.map(({ _id }) => _id).sort());
  expect(told.length).toBeGreaterThan(0);
});
