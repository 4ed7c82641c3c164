import { Keypair } from '@solana/web3.js';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runReconcile } from '../../../src/app/run-reconcile.js';
import { syncAccount } from '../../../src/app/sync-account.js';
import { doesCount, THAT_COUNT } from '../../../src/domain-kit/document-mark.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import { cleanupOrphans, ORPHAN_ARCHIVE } from '../../../src/reconcile/orphan-cleanup.js';
import type { ReconcileRun, ReconcileScope } from '../../../src/reconcile/reconcile-run.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import type { RunningWorker } from '../core/running-worker.js';
import { openWorkerBench, type WorkerBench } from '../core/worker-bench.js';

let bench: WorkerBench;
let worker: RunningWorker;
let promotion: string;
let merchant: string;
let addresses: string[];

beforeAll(async () => {
  bench = await openWorkerBench();
  worker = await bench.startWorker();
  const [authority, alice, bob] = (await bench.chain.fundedKeypairs(3)) as [Keypair, Keypair, Keypair];
  const { client } = bench;
  const at = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  promotion = at.toBase58();
  merchant = client.at.merchant(authority.publicKey).toBase58();
  const coupon = (serial: number) => client.at.coupon(at, serial);
  const owners = Array.from({ length: 8 }, (_, serial) => (serial % 2 === 0 ? alice : bob).publicKey);
  addresses = owners.map((_, serial) => coupon(serial).toBase58());
  const sent: string[] = [];
  for (const call of [
    () => client.registerMerchant(authority, 'Reconciled', 'a.b'),
    () => client.createPromotion(authority, { title: 'One' }),
    () => client.mintCouponsBatch(authority, at, owners, 0),
    () => client.listCoupon(alice, coupon(0), at, 5_000_000n),
    () => client.listCoupon(alice, coupon(2), at, 4_000_000n),
    () => client.listCoupon(bob, coupon(1), at, 3_000_000n),
    () =>
      client.buyCoupon(bob, {
        ...{ coupon: coupon(2), promotion: at, seller: alice.publicKey },
        ...{ merchantAuthority: authority.publicKey, maxPrice: 10_000_000n },
      }),
    () => client.addComment(bob, at, 'fine', 0),
    () => client.ratePromotion(bob, at, 4),
  ]) {
    sent.push((await call()).signature);
  }
  await worker.allFinal(sent);
});
afterAll(() => bench.close());

type Stored = { _id: string } & Record<string, unknown>;

function collection(name: string) {
  return worker.foundation.mongo.db.collection<Stored>(name);
}

async function reconcile(scope: ReconcileScope = 'everything', by = worker): Promise<ReconcileRun> {
  const [run] = await runReconcile(by.foundation, by.foundation.modules, { scope });
  if (!run) throw new Error('one program, one run');
  expect(run).toMatchObject({ state: 'done', error: null, notes: [] });
  return run;
}

async function expectCleanAudit(by = worker) {
  const {
    mongo: { db },
    pool,
    modules,
  } = by.foundation;
  const report = await audit({ db, chain: pool.chain, clock }, modules);
  expect(report.differences).toEqual([]);
  expect(report.unsettled).toEqual([]);
  return report;
}

const clean = { missing: 0, drifted: 0, orphaned: 0, unrecorded: 0, unsettled: 0, left: 0 };

it('finds nothing where nothing is wrong, and writes nothing (003-8)', async () => {
  const run = await reconcile();
  expect(run.counts).toMatchObject(clean);
  expect(run.counts.accounts).toBeGreaterThan(10);
  expect(run.cost).toMatchObject({ byMethod: { getProgramAccounts: 6 } });
  expect(run.cost.credits).toBeGreaterThan(run.cost.requests);
  expect(await worker.records({ kind: 'observation' })).toEqual([]);
});

it('brings a damaged database back to what the chain says in one pass; orphans are marked and kept (003-8, 003-9, I6)', async () => {
  const [drifted = '', deleted = ''] = addresses;
  const invented = Keypair.generate().publicKey.toBase58();
  const kept = await collection('coupons').findOne({ _id: drifted });
  await collection('coupons').updateOne({ _id: drifted }, { $set: { serial: 77, note: 'ours' } });
  await collection('coupons').deleteOne({ _id: deleted });
  await collection('coupons').insertOne({ ...(kept as Stored), _id: invented });
  await collection('listings').insertOne({
    ...{ _id: invented, coupon: invented, promotion, seller: invented, price: mongo.Decimal128.fromString('1') },
  });
  await collection('promotions').updateOne({ _id: promotion }, { $set: { floorPrice: 3 } });
  const [sale] = await collection('sales').find().toArray();
  await collection('sales').updateOne({ _id: sale?._id ?? '' }, { $set: { buyer: 'nobody' } });
  await collection('sales').insertOne({ ...(sale as Stored), _id: 'invented/log/0' });
  await collection('comments').drop();

  const run = await reconcile();
  // The floor price is computed anew as soon as the invented listing is marked.
  expect(run.counts).toMatchObject({ drifted: 2, missing: 2, orphaned: 3, marked: 3, left: 0, repaired: 4 });
  const named = run.differences.map(({ kind, collection: where, key }) => [kind, where, key]);
  expect(named).toContainEqual(['drift', 'coupons', drifted]);
  expect(named).toContainEqual(['missing', 'coupons', deleted]);
  expect(named).toContainEqual(['orphaned', 'listings', invented]);
  const drift = run.differences.find(({ key }) => key === drifted);
  expect(drift?.fields).toEqual([{ field: 'serial', before: 77, after: 0 }]);
  await expectCleanAudit();
  // Other people's fields stay, and so do orphans, which nobody is shown any more.
  expect(await collection('coupons').findOne({ _id: drifted })).toMatchObject({ note: 'ours', serial: 0 });
  const orphan = await collection('coupons').findOne({ _id: invented });
  expect(orphan).toMatchObject({ _mooring: { orphaned: { reason: 'no-account', run: run.id } } });
  expect(doesCount(orphan as { _mooring?: unknown })).toBe(false);
  expect((await reconcile()).counts).toMatchObject(clean);
});

it('puts a fact and the document of the same event right in one batch, each whole (I6)', async () => {
  const [sale] = await collection('sales').find().toArray();
  const sold = String(sale?.['coupon']);
  await collection('sales').deleteOne({ _id: sale?._id ?? '' });
  await collection('coupons').updateOne({ _id: sold }, { $set: { owner: 'nobody' } });
  expect((await reconcile()).counts).toMatchObject({ drifted: 1, missing: 1, repaired: 2, left: 0 });
  await expectCleanAudit();
  expect(await collection('coupons').findOne({ _id: sold })).toMatchObject({ owner: sale?.['buyer'] });
});

it('removes orphans when asked, after their grace, into the archive, and nothing else (003-9)', async () => {
  const {
    mongo: { db },
    pool,
    modules,
  } = worker.foundation;
  const [installed] = modules;
  if (!installed) throw new Error('the coupons are installed');
  const dependencies = { db, clock, chain: pool.chain, members: pool.members };
  const cleanup = (graceMs: number, apply: boolean) =>
    cleanupOrphans(dependencies, installed.module, installed.codec, { graceMs, apply, by: 'test' });
  const before = await db.collection('coupons').countDocuments();
  expect((await cleanup(3_600_000, true)).map(({ outcome }) => outcome)).toEqual(['in-grace', 'in-grace', 'in-grace']);
  expect((await cleanup(0, false)).map(({ outcome }) => outcome)).toEqual(['removed', 'removed', 'removed']);
  expect(await db.collection('coupons').countDocuments()).toBe(before);
  expect((await cleanup(0, true)).map(({ outcome }) => outcome)).toEqual(['removed', 'removed', 'removed']);
  expect(await db.collection('coupons').countDocuments()).toBe(before - 1);
  expect(await db.collection(ORPHAN_ARCHIVE).countDocuments({ removedBy: 'test' })).toBe(3);
  for (const { collection: name } of coupons.models) {
    expect(await db.collection(name).countDocuments({ '_mooring.orphaned': { $type: 'object' } })).toBe(0);
  }
  await expectCleanAudit();
});

it('comes back to the truth without any event: the ledger, its frontier and all documents lost (X-2)', async () => {
  for (const { collection: name } of coupons.models) await collection(name).deleteMany({});
  await worker.foundation.mongo.db.collection('ledger_events').deleteMany({});
  const run = await reconcile();
  expect(run.counts.recovered).toBe(9);
  expect(run.counts.left).toBe(0);
  const report = await expectCleanAudit();
  expect(report.documents).toBeGreaterThan(13);
  expect(await collection('sales').countDocuments()).toBe(1);
});

it('looks at what was touched at each pass, and at a share of the rest in turn (X-8)', async () => {
  const [first = ''] = addresses;
  await collection('coupons').updateOne({ _id: first }, { $set: { serial: 5 } });
  const run = await reconcile('changes');
  // All of it fits into the least share.
  expect(run.counts).toMatchObject({ drifted: 1, repaired: 1, left: 0 });
  expect(run.cost.byMethod).not.toHaveProperty('getProgramAccounts');
  await expectCleanAudit();
});

it('brings single accounts to what the chain says (003-8)', async () => {
  const [installed] = worker.foundation.modules;
  if (!installed) throw new Error('the coupons are installed');
  await collection('merchants').updateOne({ _id: merchant }, { $set: { name: 'Somebody else' } });
  expect(await syncAccount(worker.foundation, installed, merchant)).toMatchObject({
    ...{ outcome: 'synced', collection: 'merchants', difference: { kind: 'drift' } },
  });
  expect(await collection('merchants').findOne({ _id: merchant })).toMatchObject({ name: 'Reconciled' });
  expect(await syncAccount(worker.foundation, installed, merchant)).toMatchObject({ outcome: 'equal' });
  const nobody = Keypair.generate().publicKey.toBase58();
  expect(await syncAccount(worker.foundation, installed, nobody)).toMatchObject({ outcome: 'unknown' });
  await expect(syncAccount(worker.foundation, installed, 'no address')).rejects.toThrow('base58');
  // A document without an account is marked, and stays so however often it is looked at.
  const kept = await collection('merchants').findOne({ _id: merchant });
  await collection('merchants').insertOne({ ...(kept as Stored), _id: nobody });
  for (let time = 1; time <= 2; time++) {
    expect(await syncAccount(worker.foundation, installed, nobody)).toMatchObject({ outcome: 'marked' });
  }
  await collection('merchants').deleteOne({ _id: nobody });
});

it('is right after any damage, under traffic too, by seed (003-8, 003-9)', async () => {
  const random = seededRandom(20261127);
  const { db } = worker.foundation.mongo;
  let invented = 0;
  for (const model of coupons.models) {
    const documents = await db
      .collection<Stored>(model.collection)
      .find(THAT_COUNT as object)
      .toArray();
    for (const document of documents) {
      const dice = random();
      const one = { _id: document._id };
      if (dice < 0.2) await db.collection<Stored>(model.collection).deleteOne(one);
      else if (dice < 0.4) {
        const names = Object.keys(model.fields);
        const name = names[Math.floor(random() * names.length)] ?? '';
        await db.collection<Stored>(model.collection).updateOne(one, { $set: { [name]: 'damaged' } });
      } else if (dice < 0.5) {
        const _id = model.kind === 'fact' ? `${String(invented)}/log/0` : Keypair.generate().publicKey.toBase58();
        await db.collection<Stored>(model.collection).insertOne({ ...document, _id });
        invented += 1;
      }
    }
  }
  const [user] = (await bench.chain.fundedKeypairs(1)) as [Keypair];
  const { client } = bench;
  const [{ signature }, run] = await Promise.all([
    client.registerMerchant(user, 'Meanwhile', 'c.d').then(() => client.createPromotion(user, { title: 'Two' })),
    reconcile(),
  ]);
  expect(run.counts.left).toBe(0);
  expect(run.counts.marked).toBe(invented);
  await worker.allFinal([signature]);
  await expectCleanAudit();
});
