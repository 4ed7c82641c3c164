import { Keypair } from '@solana/web3.js';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { runReconcile } from '../../../src/app/run-reconcile.js';
import { readConfig } from '../../../src/config/env.js';
import { writesOfAccount, type DomainModule } from '../../../src/domain-kit/domain-module.js';
import type { Model } from '../../../src/domain-kit/model.js';
import type { Write } from '../../../src/domain-kit/writes.js';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import { cleanupOrphans, ORPHAN_ARCHIVE } from '../../../src/reconcile/orphan-cleanup.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

/** The coupons as somebody has them who keyed their collections by a field of their own. */
function keyedBy(keyField: string): DomainModule {
  const models = new Map<Model, Model>(
    coupons.models.map((model) => [model, model.kind === 'state' ? { ...model, keyField } : model]),
  );
  const moved = (write: Write): Write => ({ ...write, model: models.get(write.model) }) as Write;
  return {
    ...coupons,
    models: [...models.values()],
    events: Object.fromEntries(
      Object.entries(coupons.events).map(([name, handler]) => [name, (event) => handler(event).map(moved)]),
    ),
    accounts: Object.fromEntries(
      Object.entries(coupons.accounts).map(([name, handler]) => [
        name,
        (address, account) => {
          const [mirror, ...others] = writesOfAccount(handler(address, account));
          return [moved(mirror), ...others.map(moved)];
        },
      ]),
    ),
    settle: coupons.settle.map((step) => ({
      ...step,
      watch: models.get(step.watch) as Model,
      into: models.get(step.into) as typeof step.into,
    })),
  };
}

const theirs = keyedBy('onChainAddress');
let chain: TestChain;
let database: TestDatabase;
let foundation: Foundation;
let promotion: string;
let bought: string[];

beforeAll(async () => {
  chain = await createTestChain({ programs: ['coupons'] });
  const [authority, alice] = (await chain.fundedKeypairs(2)) as [Keypair, Keypair];
  const client = new CouponsClient(chain.rpcUrl, chain.wsUrl);
  const at = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  promotion = at.toBase58();
  bought = [0, 1, 2].map((serial) => client.at.coupon(at, serial).toBase58());
  await client.registerMerchant(authority, 'Before mooring', 'a.b');
  await client.createPromotion(authority, { title: 'Old' });
  await client.mintCouponsBatch(authority, at, [alice.publicKey, alice.publicKey, alice.publicKey], 0);
  await client.listCoupon(alice, client.at.coupon(at, 0), at, 4_000_000n);
  await client.buyCoupon(authority, {
    ...{ coupon: client.at.coupon(at, 0), promotion: at, seller: alice.publicKey },
    ...{ merchantAuthority: authority.publicKey, maxPrice: 10_000_000n },
  });
  database = await createTestDatabase();
  const config = readConfig({
    ...{ MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', LEASE_TERM_MS: '2000', SWEEP_INTERVAL_MS: '500' },
    RECONCILE_SCHEDULE: 'off',
  });
  const endpoints = { rpcUrls: [chain.rpcUrl], wsUrls: [chain.wsUrl], mongodbUri: database.uri };
  foundation = await layFoundation(config, endpoints, [theirs], createLogger(config), createMetrics());
});
afterAll(async () => {
  await foundation.close();
  await database.drop();
  await chain.stop();
});

it('takes over collections that were there before, with their ids and fields, and tells what never was on chain (X-7)', async () => {
  const { db } = foundation.mongo;
  const promotions = db.collection('promotions');
  const old = await promotions.insertMany([
    // On chain, with what the chain says wrong, and much that is nobody's but theirs.
    {
      ...{ onChainAddress: promotion, title: 'Renamed in MongoDB', minted: 1, createdByUser: new mongo.ObjectId() },
      ...{ images: ['a.png'], transactionSignature: 'abc', nested: { price: 5 } },
    },
    // Created in MongoDB first, its transaction failed: the seed's own mistake.
    { onChainAddress: null, title: 'Never landed', createdByUser: 'ann' },
    { title: 'A draft' },
    { onChainAddress: Keypair.generate().publicKey.toBase58(), title: 'Of another cluster' },
  ]);
  const [kept] = Object.values(old.insertedIds);
  const twice = await db.collection('coupons').insertMany([
    { onChainAddress: bought[0], note: 'the first' },
    { onChainAddress: bought[0], note: 'the second' },
  ]);
  const [firstOfTwo] = Object.values(twice.insertedIds);

  const [run] = await runReconcile(foundation, foundation.modules, { scope: 'everything' });
  expect(run).toMatchObject({ state: 'done', notes: [], counts: { left: 0, unsettled: 0, orphaned: 4, marked: 4 } });
  const adopted = await promotions.findOne({ onChainAddress: promotion });
  expect(adopted).toMatchObject({
    ...{ _id: kept, title: 'Old', minted: 3, sales: 1, images: ['a.png'], nested: { price: 5 } },
    transactionSignature: 'abc',
  });
  expect(await db.collection('coupons').findOne({ _id: firstOfTwo ?? new mongo.ObjectId() })).toMatchObject({
    note: 'the first',
    serial: 0,
  });
  // What had no document has one now, and so has what has no account: the sale.
  expect(await db.collection('coupons').countDocuments({ '_mooring.orphaned': null })).toBe(3);
  expect(await db.collection('merchants').countDocuments()).toBe(1);
  expect(await db.collection('sales').countDocuments()).toBe(1);
  const reasons = await promotions.find({ '_mooring.orphaned': { $type: 'object' } }).toArray();
  expect(reasons.map(({ _mooring }) => (_mooring as { orphaned: { reason: string } }).orphaned.reason).sort()).toEqual([
    ...['no-account', 'no-address', 'no-address'],
  ]);
  const report = await audit({ db, chain: foundation.pool.chain, clock }, foundation.modules);
  expect(report.differences).toEqual([]);

  const [installed] = foundation.modules;
  if (!installed) throw new Error('one is installed');
  const dependencies = { db, clock, chain: foundation.pool.chain, members: foundation.pool.members };
  const removed = await cleanupOrphans(dependencies, installed.module, installed.codec, {
    ...{ graceMs: 0, apply: true, by: 'test' },
  });
  expect(removed.map(({ outcome }) => outcome)).toEqual(['removed', 'removed', 'removed', 'removed']);
  expect(await promotions.countDocuments()).toBe(1);
  expect(await db.collection(ORPHAN_ARCHIVE).findOne({ 'document.title': 'Never landed' })).toMatchObject({
    document: { createdByUser: 'ann' },
  });
});
