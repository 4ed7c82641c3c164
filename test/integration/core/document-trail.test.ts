import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { Coupon, Listing, Sale } from '../../../src/domains/coupons/models.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { beginFrontier } from '../../../src/ledger/frontier.js';
import { ledgerEvents } from '../../../src/ledger/ledger-collections.js';
import { readDocumentTrail } from '../../../src/reconcile/document-trail.js';
import { relandTransaction } from '../../../src/recovery/settle-transaction.js';
import { simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { bySignature, openCoreBench, shuffled, type CoreBench } from './core-bench.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

const { transactions } = generateHistory(11, 120);
const now = { atSlot: null, limit: 1_000, after: null };

async function applyAll(): Promise<void> {
  const ingest = bench.ingestOf(bySignature(transactions));
  // In any order: what is told of a slot does not depend on when it was heard.
  await ingest.take(shuffled(transactions, seededRandom(3)).map(sweepNotice), 'finalized');
  await bench.drain(bench.projectorOf(await bench.takeLease()));
}

it('every document at every slot is the fold of what had happened by then (003-14, I6)', async () => {
  await applyAll();
  const slots = [...new Set(transactions.map(({ slot }) => slot))];
  const touched = new Set((await bench.records()).flatMap(({ touches }) => touches));
  for (const atSlot of [0, ...slots.filter((_, position) => position % 25 === 0), 1e9]) {
    const records = transactions.filter(({ slot }) => slot <= atSlot).flatMap((one) => [...recordsOf(one)]);
    const expected = simpleFold(records);
    for (const touch of touched) {
      const [collection = '', key = ''] = touch.split(':');
      const model = coupons.models.find((one) => one.collection === collection);
      if (!model) throw new Error(collection);
      const trail = await readDocumentTrail(bench.db, coupons, model, key, { ...now, atSlot });
      // What a settle step computes across documents is no part of a fold.
      const { floorPrice: _, ...fields } = expected[collection]?.[key] ?? {};
      expect(trail?.fields ?? null, `${touch} at ${atSlot}`).toEqual(expected[collection]?.[key] ? fields : null);
      expect(trail?.entries).toHaveLength(
        records.flatMap(({ touches }) => touches).filter((one) => one === touch).length,
      );
    }
  }
});

it('tells a closed and reopened account apart from one that was always there, and what each record changed', async () => {
  await applyAll();
  const opened = new Map<string, number>();
  const all = await bench.records({ name: 'CouponListed' });
  for (const touch of all.flatMap(({ touches }) => touches.filter((one) => one.startsWith('listings:')))) {
    opened.set(touch, (opened.get(touch) ?? 0) + 1);
  }
  const [touch = ''] = [...opened].filter(([, times]) => times > 2).map(([one]) => one);
  const key = touch.slice('listings:'.length);
  const trail = await readDocumentTrail(bench.db, coupons, Listing, key, now);
  const effects = trail?.entries.map(({ effect }) => effect) ?? [];
  expect(effects.filter((effect) => effect === 'opened').length).toBeGreaterThan(2);
  effects.forEach((effect, position) => expect(effect).toBe(position % 2 === 0 ? 'opened' : 'closed'));
  const [first, second] = trail?.entries ?? [];
  expect(first?.changes.get('price')).toMatchObject({ before: undefined });
  expect(second?.changes.get('price')).toEqual({ before: first?.changes.get('price')?.after, after: undefined });
  const before = await readDocumentTrail(bench.db, coupons, Listing, key, { ...now, atSlot: 1 });
  expect(before).toMatchObject({ fields: null, entries: [], total: 0 });
});

it('pages through a long history without losing or repeating a record', async () => {
  await applyAll();
  const [{ _id: key = '' } = {}] = await bench.db
    .collection<{ _id: string }>('coupons')
    .find()
    .sort({ revision: -1 })
    .limit(1)
    .toArray();
  const whole = await readDocumentTrail(bench.db, coupons, Coupon, key, now);
  expect(whole?.total).toBeGreaterThan(6);
  const seen: string[] = [];
  let after: readonly [string, string] | null = null;
  for (;;) {
    const page: Awaited<ReturnType<typeof readDocumentTrail>> = await readDocumentTrail(
      bench.db,
      coupons,
      Coupon,
      key,
      {
        ...{ atSlot: null, limit: 2, after },
      },
    );
    expect(page?.fields).toEqual(whole?.fields);
    seen.push(...(page?.entries.map(({ record }) => record._id) ?? []));
    const last = page?.entries.at(-1);
    if (!page?.hasMore || !last) break;
    after = [last.at, last.record._id];
  }
  expect(seen).toEqual(whole?.entries.map(({ record }) => record._id));
});

it('shows versions that did not land, and what is not applied yet, apart; and how far silence means nothing', async () => {
  await applyAll();
  const moved = transactions.find(({ events }) => events.some(({ name }) => name === 'CouponTransferred'));
  if (!moved) throw new Error('no transfer');
  const ingest = bench.ingestOf(bySignature([{ ...moved, slot: moved.slot + 1 }]));
  const work = await bench.takeLease();
  await relandTransaction({ db: bench.db, clock, ingest }, work, coupons, moved.signature, 'finalized');
  const record = (await bench.records({ signature: moved.signature, name: 'CouponTransferred', state: 'applied' }))[0];
  const touch = record?.touches.find((one) => one.startsWith('coupons:')) ?? '';
  await beginFrontier(bench.db, 'coupons', 5, new Date());
  const key = touch.slice('coupons:'.length);
  const trail = await readDocumentTrail(bench.db, coupons, Coupon, key, now);
  expect(trail?.orphaned).toMatchObject([
    { slot: moved.slot, error: `landed in slot ${moved.slot + 1} instead`, state: 'orphaned' },
  ]);
  expect(trail?.entries.map((entry) => entry.record._id)).toContain(record?._id);
  expect(trail?.frontier).toEqual({ since: 5, slot: 5 });
  await ledgerEvents(bench.db).updateOne({ _id: record?._id ?? '' }, { $set: { state: 'dead', error: 'no' } });
  const after = await readDocumentTrail(bench.db, coupons, Coupon, key, now);
  expect(after?.waiting).toMatchObject([{ _id: record?._id, error: 'no' }]);
  expect(after?.total).toBe((trail?.total ?? 0) - 1);
});

it('knows facts by the id of their event, brought-along documents, and nobody', async () => {
  await applyAll();
  const sale = await bench.db.collection<{ _id: string; price: unknown }>('sales').findOne({});
  const id = sale?._id ?? '';
  const trail = await readDocumentTrail(bench.db, coupons, Sale, id, now);
  expect(trail).toMatchObject({ total: 1, stored: true, entries: [{ effect: 'opened', record: { _id: id } }] });
  expect(trail?.fields).toEqual((await bench.documents())['sales']?.[id]);
  const slot = trail?.entries[0]?.record.slot ?? 0;
  expect(await readDocumentTrail(bench.db, coupons, Sale, id, { ...now, atSlot: slot - 1 })).toMatchObject({
    ...{ fields: null, total: 0 },
  });
  const listed = (await bench.records({ name: 'CouponListed' }))[0]?._id ?? '';
  expect(await readDocumentTrail(bench.db, coupons, Sale, listed, now)).toBeNull();
  await bench.db.collection<{ _id: string }>('coupons').insertOne({ _id: 'brought' });
  expect(await readDocumentTrail(bench.db, coupons, Coupon, 'brought', now)).toMatchObject({
    ...{ fields: null, entries: [], stored: true },
  });
  expect(await readDocumentTrail(bench.db, coupons, Coupon, 'nobody', now)).toBeNull();
});
