import { Connection, Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { compareEvents, isEqual } from '../../../scripts/drill/compare-events.js';
import { allEvents } from '../../../scripts/drill/chain-events.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { makePass } from '../../../src/app/reconcile-pass.js';
import { runReconcile } from '../../../src/app/run-reconcile.js';
import { readConfig } from '../../../src/config/env.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { openTraffic } from '../../../src/dev/traffic.js';
import { THAT_COUNT } from '../../../src/domain-kit/document-mark.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { holdOnce } from '../../../src/leases/hold-once.js';
import { parkDeadLetters } from '../../../src/ledger/dead-letter.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import { newRun, type ReconcileRun, type ReconcileScope } from '../../../src/reconcile/reconcile-run.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

/** Transactions that nobody listens to. */
const TRANSACTIONS = 60;

let chain: TestChain;
let one: FaultProxy;
let other: FaultProxy;
let database: TestDatabase;
let foundation: Foundation;

beforeAll(async () => {
  chain = await createTestChain({ programs: ['coupons', 'router'] });
  const { rpcUrl, wsUrl } = chain;
  [one, other] = [await startFaultProxy({ rpcUrl, wsUrl }), await startFaultProxy({ rpcUrl, wsUrl })];
  const traffic = await openTraffic({
    rpcUrl,
    wsUrl,
    fund: (address, lamports) => chain.fund(address, lamports),
    stalls: 3,
    seed: 7,
  });
  let landed = 0;
  await traffic.run({ until: () => landed >= TRANSACTIONS, onLanded: () => (landed += 1) });
  database = await createTestDatabase();
  const config = readConfig({
    ...{ MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', LEASE_TERM_MS: '2000', SWEEP_INTERVAL_MS: '500' },
    RECONCILE_SCHEDULE: 'off',
  });
  const endpoints = { rpcUrls: [one.rpcUrl, other.rpcUrl], wsUrls: [wsUrl], mongodbUri: database.uri };
  foundation = await layFoundation(config, endpoints, [coupons], createLogger(config), createMetrics());
});
beforeEach(() => {
  one.heal();
  other.heal();
});
afterAll(async () => {
  await foundation.close();
  await Promise.all([one.stop(), other.stop()]);
  await database.drop();
  await chain.stop();
});

async function reconcileAll(): Promise<ReconcileRun> {
  const [run] = await runReconcile(foundation, foundation.modules, { scope: 'everything' });
  if (!run) throw new Error('one program, one run');
  return run;
}

/** As the schedule makes it: nobody looks. */
async function scheduled(scope: ReconcileScope = 'everything'): Promise<ReconcileRun> {
  const { config, log, mongo, machine, modules } = foundation;
  const [installed] = modules;
  if (!installed) throw new Error('the coupons are installed');
  const options = { db: mongo.db, clock, log, holder: machine.holder, termMs: config.leaseTermMs };
  const asked = newRun({ program: 'coupons', scope, trigger: 'schedule' }, new Date());
  const held = await holdOnce(options, 'reconcile', (lease, signal) =>
    makePass(foundation, installed, asked, { lease, signal }),
  );
  if (held.kind !== 'done') throw new Error('nobody else reconciles');
  return held.value;
}

async function expectTruth() {
  const {
    mongo: { db },
    pool,
    modules,
  } = foundation;
  const report = await audit({ db, chain: pool.chain, clock }, modules);
  expect(report.differences).toEqual([]);
  expect(report.unsettled).toEqual([]);
  return report;
}

/** Lets an endpoint lack these accounts, in lists and by address. */
function hide(proxy: FaultProxy, lacks: (address: string) => boolean) {
  type Listed = { value: { pubkey: string }[] };
  proxy.onRpc('getProgramAccounts', async (request, forward) => {
    const { result } = (await forward(request)) as { result: Listed };
    return { result: { ...result, value: result.value.filter(({ pubkey }) => !lacks(pubkey)) } };
  });
  proxy.onRpc('getMultipleAccounts', async (request, forward) => {
    const { result } = (await forward(request)) as { result: { value: unknown[] } };
    const [asked] = request.params as [string[]];
    return { result: { ...result, value: result.value.map((value, at) => (lacks(asked[at] ?? '') ? null : value)) } };
  });
}

const marked = () =>
  foundation.mongo.db.collection('coupons').countDocuments({ '_mooring.orphaned': { $type: 'object' } });

it('alone brings every document and every fact of a whole run that nobody listened to, in one pass (003-8, X-2)', async () => {
  const run = await reconcileAll();
  expect(run).toMatchObject({ state: 'done', counts: { left: 0, unsettled: 0, orphaned: 0 }, notes: [] });
  const comparison = await compareEvents(
    foundation.mongo.db,
    await allEvents(new Connection(chain.rpcUrl, { commitment: 'confirmed' })),
  );
  expect(isEqual(comparison), JSON.stringify(comparison)).toBe(true);
  expect(comparison.sales).toBeGreaterThan(0);
  expect((await expectTruth()).documents).toBeGreaterThan(20);
});

it('writes nothing on a second pass', async () => {
  const standing = async () => {
    const { db } = foundation.mongo;
    const names = [...coupons.models.map(({ collection }) => collection), 'repairs'];
    const documents = await Promise.all(names.map((name) => db.collection(name).find().sort({ _id: 1 }).toArray()));
    // Whoever stands in for a worker follows events to finality as well: that is not reconcile's.
    const records = db.collection('ledger_events').find({}, { projection: { state: 1, data: 1 } });
    return [documents, await records.sort({ _id: 1 }).toArray()];
  };
  const before = await standing();
  expect((await reconcileAll()).counts).toMatchObject({ missing: 0, drifted: 0, orphaned: 0, unrecorded: 0 });
  expect(await standing()).toEqual(before);
});

it('looks at the accounts it knows of where the endpoints list none, and says so', async () => {
  for (const proxy of [one, other]) {
    proxy.onRpc('getProgramAccounts', () => ({ error: { code: -32010, message: 'excluded from account indexes' } }));
  }
  await foundation.mongo.db.collection('coupons').updateOne(THAT_COUNT, { $set: { serial: 999 } });
  const run = await reconcileAll();
  expect(run).toMatchObject({ state: 'done', counts: { drifted: 1, repaired: 1, left: 0, orphaned: 0 } });
  expect(run.notes.join()).toContain('cannot be listed');
  one.heal();
  other.heal();
  await expectTruth();
});

it('takes no single endpoint at its word that an account is gone (I5)', async () => {
  const [coupon] = await foundation.mongo.db
    .collection<{ _id: string }>('coupons')
    .find(THAT_COUNT as object)
    .toArray();
  const address = coupon?._id ?? '';
  hide(one, (one) => one === address);
  const run = await reconcileAll();
  expect(run.counts).toMatchObject({ orphaned: 1, marked: 0 });
  expect(run.suspects).toContain(`coupons:${address}`);
  expect(await marked()).toBe(0);
});

it('marks nothing on a schedule where endpoints lack most of a collection, and brings back what was marked (I5)', async () => {
  for (const proxy of [one, other]) hide(proxy, () => true);
  for (const scope of ['everything', 'changes'] as const) {
    const run = await scheduled(scope);
    expect(run.state).toBe('done');
    expect(run.notes.join()).toContain('likelier to be wrong');
    expect(await marked()).toBe(0);
  }
  // Somebody looks and insists: they are marked, nothing is lost, and the next look at the truth brings them back.
  const insisted = await reconcileAll();
  expect(insisted.counts.marked).toBeGreaterThan(20);
  one.heal();
  other.heal();
  const after = await reconcileAll();
  expect(after.counts).toMatchObject({ left: 0, orphaned: 0 });
  expect(await marked()).toBe(0);
  await expectTruth();
});

it('fails as a run that says why where the chain cannot be asked, and changes nothing (I5)', async () => {
  for (const proxy of [one, other]) {
    proxy.onRpc('getProgramAccounts', () => ({ error: { code: -32602, message: 'broken' } }));
    proxy.onRpc('getMultipleAccounts', () => ({ error: { code: -32602, message: 'broken' } }));
  }
  const run = await reconcileAll();
  expect(run).toMatchObject({ state: 'failed', counts: { orphaned: 0, marked: 0 } });
  expect(run.error).toContain('broken');
  one.heal();
  other.heal();
  await expectTruth();
});

it('has no document for what a stranger made up in the meantime', async () => {
  const invented = Keypair.generate().publicKey.toBase58();
  await foundation.mongo.db.collection<{ _id: string }>('ratings').insertOne({ _id: invented });
  expect((await reconcileAll()).counts).toMatchObject({ orphaned: 1, marked: 1 });
  await expectTruth();
});

it('asks once more for what nobody could give when it was asked for (I1)', async () => {
  const { db } = foundation.mongo;
  const [sale] = await db.collection<{ _id: string; signature: string; slot: number }>('sales').find().toArray();
  if (!sale) throw new Error('something was sold');
  const { signature, slot } = sale;
  // As a ledger without it has it: parked as a whole, so that no walk asks for it again.
  await db.collection('ledger_events').deleteMany({ signature });
  await db.collection('sales').deleteOne({ _id: sale._id as never });
  await parkDeadLetters(db, [
    {
      ...{ _id: `${signature}/transaction/coupons`, program: 'coupons', signature, slot, reason: 'unavailable' },
      ...{ detail: 'unknown-here', raw: null, place: null, refresh: [], seenAt: new Date() },
    },
  ]);
  expect((await reconcileAll()).counts).toMatchObject({ recovered: 1, left: 0 });
  expect(await db.collection<{ _id: string }>('sales').findOne({ _id: sale._id })).toMatchObject({ signature });
  expect(await db.collection('dead_letters').countDocuments({ signature })).toBe(0);
  await expectTruth();
});
