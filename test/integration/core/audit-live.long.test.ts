import type { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTraffic } from '../../../src/dev/traffic.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import type { AuditReport } from '../../../src/reconcile/audit-report.js';
import type { RunningWorker } from './running-worker.js';
import { openWorkerBench, type WorkerBench } from './worker-bench.js';

const AUDITS = 2;

let bench: WorkerBench;
let worker: RunningWorker;
let promotion: PublicKey;
let coupons: string[];
let stranger: string;
let isOver = false;
let landings = 0;
let playing: Promise<unknown>;

beforeAll(async () => {
  bench = await openWorkerBench();
  worker = await bench.startWorker();
  const { client, chain } = bench;
  const [authority, alice] = (await chain.fundedKeypairs(2)) as [Keypair, Keypair];
  stranger = alice.publicKey.toBase58();
  await client.registerMerchant(authority, 'Busy');
  await client.createPromotion(authority, { title: 'Everybody rates it' });
  promotion = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  const minted = await client.mintCouponsBatch(
    authority,
    promotion,
    [0, 1, 2].map(() => alice.publicKey),
    0,
  );
  coupons = [0, 1, 2].map((serial) => client.at.coupon(promotion, serial).toBase58());
  await worker.allFinal([minted.signature]);
  const traffic = await openTraffic({
    ...{ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl, stalls: 3, seed: 5 },
    fund: (address, lamports) => chain.fund(address, lamports),
  });
  // One account that changes all the time: it is never the same in two looks.
  const rate = async () => {
    for (let round = 0; !isOver; round++) await client.ratePromotion(alice, promotion, (round % 5) + 1);
  };
  playing = Promise.all([traffic.run({ until: () => isOver, onLanded: () => (landings += 1) }), rate()]);
  playing.catch(() => undefined);
}, 600_000);
afterAll(async () => {
  isOver = true;
  await playing;
  await bench.close();
});

function look(): Promise<AuditReport> {
  const { mongo, pool, modules } = worker.foundation;
  return audit({ db: mongo.db, chain: pool.chain, clock }, modules);
}

function collection(name: string) {
  return worker.foundation.mongo.db.collection<{ _id: string } & Record<string, unknown>>(name);
}

it('finds nothing while traffic goes on at full speed (X-2)', async () => {
  const before = landings;
  for (let round = 0; round < AUDITS; round++) {
    const report = await look();
    expect(report.differences).toEqual([]);
    expect(report.unsettled).toEqual([]);
    expect(report.documents).toBeGreaterThan(4);
  }
  expect(landings).toBeGreaterThan(before);
}, 600_000);

it('finds exactly what was damaged by hand, also in a document that keeps changing (X-2, I6)', async () => {
  const [changed = '', deleted = '', pattern = ''] = coupons;
  const at = promotion.toBase58();
  const model = await collection('coupons').findOne({ _id: pattern });
  if (!model) throw new Error('the coupon is there');
  const title = 'Nobody rates it';
  await collection('promotions').updateOne({ _id: at }, { $set: { title } });
  await collection('coupons').updateOne({ _id: changed }, { $set: { serial: 77 } });
  await collection('coupons').deleteOne({ _id: deleted });
  await collection('coupons').insertOne({ ...model, _id: stranger });
  const report = await look();
  const named = report.differences.map(({ kind, collection: where, key, fields, witnesses }) => [
    ...[kind, where, key, fields.map(({ field }) => field).join()],
    witnesses.join(),
  ]);
  const titleDrift = ['drift', 'promotions', at, 'title', 'chain,ledger'];
  // A record that comes late has the whole document folded anew, and so mended.
  const isMended =
    !named.some(([, , key]) => key === at) && (await collection('promotions').findOne({ _id: at }))?.title !== title;
  expect(named.sort()).toEqual(
    [
      ...(isMended ? [] : [titleDrift]),
      ['drift', 'coupons', changed, 'serial', 'chain,ledger'],
      ['missing', 'coupons', deleted, '', 'chain,ledger'],
      ['orphaned', 'coupons', stranger, '', 'chain,ledger'],
    ].sort(),
  );
  expect(report.unsettled).toEqual([]);
}, 600_000);
