import { Keypair } from '@solana/web3.js';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runReconcile } from '../../../src/app/run-reconcile.js';
import { THAT_ARE_ORPHANED, THAT_COUNT } from '../../../src/domain-kit/document-mark.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import { cleanupOrphans } from '../../../src/reconcile/orphan-cleanup.js';
import type { RunningWorker } from '../core/running-worker.js';
import { openWorkerBench, type WorkerBench } from '../core/worker-bench.js';

let bench: WorkerBench;
let worker: RunningWorker;

beforeAll(async () => {
  bench = await openWorkerBench();
  worker = await bench.startWorker();
  const [authority, alice] = (await bench.chain.fundedKeypairs(2)) as [Keypair, Keypair];
  const { client } = bench;
  const at = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  const owners = Array.from({ length: 8 }, () => alice.publicKey);
  await client.registerMerchant(authority, 'Nasty', 'a.b');
  await client.createPromotion(authority, { title: 'One' });
  const { signature } = await client.mintCouponsBatch(authority, at, owners, 0);
  const listed = await client.listCoupon(alice, client.at.coupon(at, 0), at, 4_000_000n);
  const sold = await client.buyCoupon(authority, {
    ...{ coupon: client.at.coupon(at, 0), promotion: at, seller: alice.publicKey },
    ...{ merchantAuthority: authority.publicKey, maxPrice: 10_000_000n },
  });
  await client.listCoupon(alice, client.at.coupon(at, 1), at, 3_000_000n);
  await worker.allFinal([signature, listed.signature, sold.signature]);
});
afterAll(() => bench.close());

const of = (name: string) => worker.foundation.mongo.db.collection<mongo.Document>(name);

async function reconcile() {
  const [run] = await runReconcile(worker.foundation, worker.foundation.modules, { scope: 'everything' });
  if (!run) throw new Error('one program, one run');
  return run;
}

async function expectTruth() {
  const {
    mongo: { db },
    pool,
    modules,
  } = worker.foundation;
  const report = await audit({ db, chain: pool.chain, clock }, modules);
  expect(report.differences).toEqual([]);
  return report;
}

async function cleanup() {
  const {
    mongo: { db },
    pool,
    modules,
  } = worker.foundation;
  const [installed] = modules;
  if (!installed) throw new Error('the coupons are installed');
  const dependencies = { db, clock, chain: pool.chain, members: pool.members };
  return cleanupOrphans(dependencies, installed.module, installed.codec, { graceMs: 0, apply: true, by: 'test' });
}

it('heals right documents whatever stands in the place of their marks, and holds up no other (I3, I6)', async () => {
  const marks = ['x', null, 5, [], { at: 5 }, { closed: true }, { orphaned: 'x' }, { at: '999999999999.0' }];
  const documents = await of('coupons')
    .find(THAT_COUNT as object)
    .toArray();
  for (const [position, _mooring] of marks.entries()) {
    await of('coupons').updateOne({ _id: documents[position]?._id as never }, { $set: { _mooring, owner: 'wrong' } });
  }
  expect((await reconcile()).counts).toMatchObject({ left: 0, orphaned: 0 });
  expect(await of('coupons').countDocuments({ owner: 'wrong' })).toBe(0);
  await expectTruth();
});

it('marks what is invented, whatever its key and its mark, and cleanup leaves nothing of it (003-9)', async () => {
  const [coupon] = await of('coupons')
    .find(THAT_COUNT as object)
    .toArray();
  const [listing] = await of('listings')
    .find(THAT_COUNT as object)
    .toArray();
  const key = () => Keypair.generate().publicKey.toBase58();
  const before = await of('coupons').countDocuments();
  const marks = ['x', null, 5, { at: 5 }, { at: '999999999999.0' }, { orphaned: true }, { orphaned: {} }];
  for (const _mooring of marks) await of('coupons').insertOne({ ...coupon, _id: key() as never, _mooring });
  for (const _id of [new mongo.ObjectId(), 5, 'no address'])
    await of('coupons').insertOne({ ...coupon, _id: _id as never });
  // Cheaper than any: as long as it counts it decides over the floor price.
  await of('listings').insertOne({ ...listing, _id: new mongo.ObjectId(), price: mongo.Decimal128.fromString('1') });
  await of('sales').insertOne({ _id: new mongo.ObjectId(), price: mongo.Decimal128.fromString('1') });
  // Tombstones of accounts that never were, shown to nobody: an orphan's mark comes in their place.
  const closed = { _mooring: { at: '1', closed: true } };
  await of('coupons').insertOne({ ...coupon, _id: key() as never, ...closed });
  await of('sales').insertOne({ _id: 'x/log/0' as never, price: mongo.Decimal128.fromString('1'), ...closed });
  const run = await reconcile();
  expect(run).toMatchObject({ state: 'done', counts: { marked: marks.length + 7, left: 0 } });
  await expectTruth();
  expect(await of('promotions').countDocuments({ floorPrice: mongo.Decimal128.fromString('3000000') })).toBe(1);
  expect((await reconcile()).counts).toMatchObject({ orphaned: 0, drifted: 0, missing: 0 });
  expect((await cleanup()).every(({ outcome }) => outcome === 'removed')).toBe(true);
  expect(await of('coupons').countDocuments()).toBe(before);
  for (const { collection } of coupons.models) expect(await of(collection).countDocuments(THAT_ARE_ORPHANED)).toBe(0);
});

it('marks and removes what stands at the address of another type, and holds up no other (003-9)', async () => {
  const [coupon] = await of('coupons')
    .find(THAT_COUNT as object)
    .toArray();
  const [promotion] = await of('promotions').find().toArray();
  await of('coupons').insertOne({ ...coupon, _id: promotion?._id as never });
  // Neither a mark with the wrong reason nor one in an array stops the pass, or the cleanup of the others.
  const orphaned = { since: new Date(0), slot: 1, reason: 'no-account', run: 'made up' };
  await of('coupons').insertOne({ ...coupon, _id: 'no address at all' as never, _mooring: { orphaned } });
  await of('coupons').insertOne({ ...coupon, _id: 'nor this' as never, _mooring: [{ a: 1 }] });
  expect(await reconcile()).toMatchObject({ state: 'done', counts: { left: 0 } });
  await expectTruth();
  const cleaned = await cleanup();
  expect(cleaned.map(({ outcome }) => outcome)).toEqual(['removed', 'removed', 'removed']);
  expect(await of('promotions').countDocuments(THAT_COUNT)).toBe(1);
  await expectTruth();
});

it('frees a document that somebody marked as a duplicate, and loses no event of it (I1, 003-9)', async () => {
  const [coupon] = await of('coupons')
    .find(THAT_COUNT as object)
    .toArray();
  const orphaned = { since: new Date(0), slot: 1, reason: 'duplicate', run: 'made up' };
  const one = { _id: coupon?._id as never };
  await of('coupons').updateOne(one, { $set: { '_mooring.orphaned': orphaned, note: 'theirs' } });
  expect((await reconcile()).counts).toMatchObject({ orphaned: 0, left: 0 });
  expect(await cleanup()).toEqual([]);
  expect(await of('coupons').findOne(one)).toMatchObject({ note: 'theirs' });
  await expectTruth();
});

it.each([
  ['dead', { state: 'dead' }],
  ['dropped by a fork', { state: 'orphaned' }],
  ['of no kind', { kind: 'foo' }],
])('marks no sale whose record somebody made %s: the chain knows its transaction (I5)', async (_, change) => {
  const [sale] = await of('sales').find().toArray();
  const record = { _id: sale?._id as never };
  const before = await of('ledger_events').findOne(record);
  await of('ledger_events').updateOne(record, { $set: change });
  expect((await reconcile()).counts).toMatchObject({ marked: 0 });
  expect(await of('sales').countDocuments(THAT_COUNT)).toBe(1);
  await of('ledger_events').replaceOne(record, before ?? {});
  expect((await reconcile()).counts).toMatchObject({ marked: 0, left: 0 });
  await expectTruth();
});

it('keeps runs storable whatever somebody wrote into a field', async () => {
  const [one, two] = await of('coupons')
    .find(THAT_COUNT as object)
    .toArray();
  await of('coupons').updateOne({ _id: one?._id as never }, { $set: { owner: 'x'.repeat(9_000_000) } });
  await of('coupons').updateOne(
    { _id: two?._id as never },
    { $set: { owner: new mongo.Binary(Buffer.from('zz'), 0x80) } },
  );
  expect(await reconcile()).toMatchObject({ state: 'done', counts: { drifted: 2, repaired: 2, left: 0 } });
  await expectTruth();
});

it('marks no sale that happened, though the ledger lost it, before the whole history was looked at (I5)', async () => {
  const [sale] = await of('sales').find().toArray();
  await of('ledger_events').deleteMany({ signature: sale?.['signature'] });
  const [changes] = await runReconcile(worker.foundation, worker.foundation.modules, { scope: 'changes' });
  expect(changes?.counts).toMatchObject({ marked: 0 });
  expect((await reconcile()).counts).toMatchObject({ marked: 0, left: 0, recovered: 1 });
  await expectTruth();
});
