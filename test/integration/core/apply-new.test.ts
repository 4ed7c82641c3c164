import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DomainModule, EventHandler } from '../../../src/domain-kit/domain-module.js';
import type { StateWrite } from '../../../src/domain-kit/writes.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { appendReceived } from '../../../src/ledger/append-records.js';
import { reviveDead } from '../../../src/ledger/mark-records.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { documentsOfAccounts, simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, socketNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { bySignature, openCoreBench, type CoreBench } from './core-bench.js';

const history = generateHistory(11, 60);
const { transactions } = history;
const records = transactions.flatMap((transaction) => [...recordsOf(transaction)]);
const ids = (some: readonly LedgerRecord[]) => some.map(({ _id }) => _id).sort();

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

async function expectWhole(): Promise<void> {
  const { sales, ...states } = await bench.documents();
  expect(states).toEqual(documentsOfAccounts(history));
  expect(sales).toEqual(simpleFold(records)['sales']);
  const kept = await bench.records();
  expect(ids(kept)).toEqual(ids(records));
  expect(kept.filter(({ state, appliedAt }) => state !== 'applied' || appliedAt === null)).toEqual([]);
}

it('brings what the lease holder hears into ledger and documents at once (I1, I2)', async () => {
  const work = await bench.takeLease();
  const applied: LedgerRecord[] = [];
  const projector = bench.projectorOf(work, { applied, batchSize: 40 });
  const ingest = bench.ingestOf(bySignature(transactions), [], coupons, () => projector);
  const outcomes = await ingest.take(transactions.map(socketNotice), 'confirmed');
  expect(outcomes.map((outcome) => (outcome.kind === 'stored' ? outcome.inserted : outcome))).toEqual(
    transactions.map(({ events }) => events.length),
  );
  // Nothing is left to do: no pass was made.
  await expectWhole();
  expect(ids(applied)).toEqual(ids(records));
});

it('takes each event once, however often it is announced, in one batch and in several (I1, I3)', async () => {
  const projector = bench.projectorOf(await bench.takeLease(), { batchSize: 30 });
  const ingest = bench.ingestOf(bySignature(transactions), [], coupons, () => projector);
  const known = transactions.slice(0, 20);
  await appendReceived(
    bench.db,
    known.flatMap((transaction) => [...recordsOf(transaction)]),
  );
  const twice = [...transactions, ...transactions].map(socketNotice);
  await Promise.all([ingest.take(twice, 'confirmed'), ingest.take(twice, 'confirmed')]);
  await bench.drain(projector);
  await expectWhole();
  expect(await bench.records({ disputed: true })).toEqual([]);
});

it('leaves another version of a known event for the chain to decide (I1)', async () => {
  const projector = bench.projectorOf(await bench.takeLease());
  const [first] = records as [LedgerRecord];
  expect(await projector.applyNew([first])).toHaveLength(1);
  const elsewhere = { ...first, slot: first.slot + 1 };
  expect(await projector.applyNew([elsewhere])).toEqual([]);
  expect((await appendReceived(bench.db, [elsewhere])).disputed).toEqual([first.signature]);
  expect(await bench.records()).toMatchObject([{ _id: first._id, slot: first.slot, state: 'applied' }]);
});

it('sees two versions of an event in one batch for what they are (TRAPS 29)', async () => {
  const projector = bench.projectorOf(await bench.takeLease());
  const ingest = bench.ingestOf(bySignature(transactions), [], coupons, () => projector);
  const [first] = transactions as [HistoryTransaction];
  const notice = socketNotice(first);
  await ingest.take([notice, notice, { ...notice, slot: notice.slot + 1 }], 'confirmed');
  const kept = await bench.records();
  expect(kept).toHaveLength(first.events.length);
  for (const record of kept) expect(record).toMatchObject({ slot: first.slot, state: 'applied', disputed: true });
});

it('lets one event whose handler throws hold nobody up, and loses it not (I1, 003-5)', async () => {
  const culprit = records[7] as LedgerRecord;
  const failing: DomainModule = {
    ...coupons,
    events: Object.fromEntries(
      Object.entries(coupons.events).map(([name, handler]) => [
        name,
        (event: Parameters<typeof handler>[0]) => {
          if (event.id === culprit._id) throw new Error('not today');
          return handler(event);
        },
      ]),
    ),
  };
  const projector = bench.projectorOf(await bench.takeLease(), { module: failing });
  const ingest = bench.ingestOf(bySignature(transactions), [], failing, () => projector);
  await ingest.take(transactions.map(socketNotice), 'confirmed');
  expect(await bench.records({ state: { $ne: 'applied' } })).toMatchObject([{ _id: culprit._id, state: 'received' }]);
  await bench.drain(bench.projectorOf(projector.work));
  await expectWhole();
});

it.each([
  ['no list of writes', () => undefined],
  ['a date that is none', (writes: readonly StateWrite[]) => withField(writes, new Date(Number.NaN))],
  ['a circle', (writes: readonly StateWrite[]) => withField(writes, circle())],
])('sets the event aside whose handler gives %s, and applies all others (I1, 003-5)', async (_, spoil) => {
  const culprit = records.find(({ name }) => name === 'CouponMinted') as LedgerRecord;
  const handler = coupons.events['CouponMinted'] as EventHandler;
  const spoiled: DomainModule = {
    ...coupons,
    events: {
      ...coupons.events,
      CouponMinted: (event) => {
        const writes = handler(event);
        return event.id === culprit._id ? (spoil(writes as StateWrite[]) as typeof writes) : writes;
      },
    },
  };
  const projector = bench.projectorOf(await bench.takeLease(), { module: spoiled });
  const ingest = bench.ingestOf(bySignature(transactions), [], spoiled, () => projector);
  await ingest.take(transactions.map(socketNotice), 'confirmed');
  expect(ids(await bench.records())).toEqual(ids(records));
  await bench.drain(projector);
  expect((await bench.records({ state: 'dead' })).map(({ _id }) => _id)).toEqual([culprit._id]);
  await reviveDead(bench.db, [culprit._id]);
  await bench.drain(bench.projectorOf(projector.work));
  await expectWhole();
});

function withField(writes: readonly StateWrite[], value: unknown): unknown {
  return writes.map((write) => ({ ...write, patch: { ...write.patch, mintedAt: value } }));
}

function circle(): unknown {
  const round: Record<string, unknown> = {};
  round['again'] = round;
  return round;
}

it("changes nothing under a lease that is somebody else's by now; the event waits for the new holder (I8)", async () => {
  const stale = bench.projectorOf(await bench.takeLease('old'));
  const fresh = bench.projectorOf(await bench.takeLease('new'));
  const ingest = bench.ingestOf(bySignature(transactions), [], coupons, () => stale);
  await ingest.take(transactions.map(socketNotice), 'confirmed');
  const waiting = await bench.records();
  expect(ids(waiting)).toEqual(ids(records));
  expect(new Set(waiting.map(({ state }) => state))).toEqual(new Set(['received']));
  expect(await bench.db.collection('promotions').countDocuments()).toBe(0);
  await bench.drain(fresh);
  await expectWhole();
});

it('finds the document that people refuse by a unique index later, and applies all others (bisect)', async () => {
  await bench.db.collection('coupons').createIndex({ serial: 1 }, { unique: true });
  const projector = bench.projectorOf(await bench.takeLease());
  const ingest = bench.ingestOf(bySignature(transactions), [], coupons, () => projector);
  await ingest.take(transactions.map(socketNotice), 'confirmed');
  expect(ids(await bench.records())).toEqual(ids(records));
  await bench.drain(projector);
  const left = await bench.records({ state: { $ne: 'applied' } });
  expect(left.length).toBeGreaterThan(0);
  expect(left.every(({ error }) => error?.includes('E11000') || error?.includes('duplicate'))).toBe(true);
});
