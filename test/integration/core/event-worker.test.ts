import type { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { eventually } from '../../support/eventually.js';
import { COUPONS, ROUTER, pda, type Call } from '../programs/coupons-chain.js';
import type { RunningWorker } from './running-worker.js';
import { expectDocumentsEqualChain, NOT_ARCHIVED, openWorkerBench, type WorkerBench } from './worker-bench.js';

const SOL = 1_000_000_000n;
let bench: WorkerBench;
let authority: Keypair;
let alice: Keypair;
let bob: Keypair;
let promotion: PublicKey;
let sent: string[];
let minted: number;
let worker: RunningWorker;

beforeAll(async () => {
  bench = await openWorkerBench();
  worker = await bench.startWorker();
  [authority, alice, bob] = (await bench.chain.fundedKeypairs(3)) as [Keypair, Keypair, Keypair];
  [sent, minted] = [[], 0];
  const { client } = bench;
  await send(client.registerMerchant(authority, '$5 off', 'a.b'));
  await send(client.createPromotion(authority, { title: '$$ROOT' }));
  promotion = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
});
afterAll(() => bench.close());

async function send(landing: Promise<{ readonly signature: string }>): Promise<void> {
  sent.push((await landing).signature);
}

/** The records of what this file sent: a validator is shared with others. */
function ofMine(): object {
  return { signature: { $in: sent }, kind: 'event', ...NOT_ARCHIVED };
}

async function mint(owner: Keypair): Promise<PublicKey> {
  const coupon = bench.client.at.coupon(promotion, minted);
  await send(bench.client.mintCoupon(authority, promotion, owner.publicKey, minted));
  minted += 1;
  return coupon;
}

async function rate(stars: number): Promise<void> {
  await send(bench.client.ratePromotion(alice, promotion, stars));
}

it('brings every event of real traffic to its documents and to finality, and the documents equal the accounts (003-1, 003-4, 003-6)', async () => {
  const { client } = bench;
  const coupon = await mint(alice);
  const used = await mint(alice);
  await send(client.mintCouponsBatch(authority, promotion, [alice.publicKey, bob.publicKey, bob.publicKey], minted));
  minted += 3;
  await send(client.updatePromotion(authority, promotion, { title: '$5 off', discountBps: 1_000 }));
  await send(client.transferCoupon(alice, coupon, bob.publicKey));
  await send(client.listCoupon(bob, coupon, promotion, SOL / 100n));
  await send(client.listCoupon(bob, coupon, promotion, SOL / 200n));
  const sale = { coupon, promotion, seller: bob.publicKey, merchantAuthority: authority.publicKey, maxPrice: SOL };
  await send(client.buyCoupon(alice, sale));
  await send(client.listCoupon(alice, coupon, promotion, SOL / 50n));
  await send(client.cancelListing(alice, coupon));
  await send(client.redeemCoupon(alice, authority, used, promotion));
  await rate(5);
  await rate(2);
  await send(client.addComment(bob, promotion, 'a.b $$ROOT', 0));
  await send(client.closeCoupon(alice, used, promotion));
  await send(client.createPromotion(authority, { promotionId: 2n }));
  await send(client.closePromotion(authority, client.at.promotion(client.at.merchant(authority.publicKey), 2n)));

  const records = await worker.allFinal(sent);
  expect(new Set(records.map(({ name }) => name))).toEqual(new Set(Object.keys(coupons.events)));
  expect(await expectDocumentsEqualChain(bench, worker)).toBeGreaterThan(8);
  const { db } = worker.foundation.mongo;
  expect(await db.collection('sales').countDocuments({ coupon: coupon.toBase58() })).toBe(1);
  await eventually(() => sent.every((signature) => worker.finalized.includes(signature)));
  expect(worker.finalized.filter((signature) => sent.includes(signature)).sort()).toEqual([...sent].sort());
});

it('loses nothing while the socket is cut again and again under traffic (003-2)', async () => {
  const before = sent.length;
  for (let round = 0; round < 6; round++) {
    bench.proxy.cut();
    await rate((round % 5) + 1);
    await send(
      bench.client.transferCoupon(
        round % 2 === 0 ? alice : bob,
        bench.client.at.coupon(promotion, 0),
        (round % 2 === 0 ? bob : alice).publicKey,
      ),
    );
  }
  await bench.proxy.refuse(1_500);
  await rate(3);
  await worker.allFinal(sent.slice(before));
  await expectDocumentsEqualChain(bench, worker);
  expect(await worker.records({ ...ofMine(), state: { $ne: 'applied' } })).toEqual([]);
});

it('notices a socket that is open and silent, and catches up (TRAPS 6)', async () => {
  const { counters } = bench.proxy;
  const before = sent.length;
  const opened = counters.connectionsOpened;
  const speakAgain = bench.proxy.onNotification(() => {});
  for (let round = 0; round < 4; round++) await rate((round % 5) + 1);
  // As far as TCP knows the connection is fine: only a watchdog gives it up.
  await eventually(() => counters.connectionsOpened > opened, { timeoutMs: 30_000 });
  await worker.allFinal(sent.slice(before));
  speakAgain();
  await eventually(() => worker.worker.status().live, { timeoutMs: 30_000 });
  await rate(1);
  await worker.allFinal(sent.slice(before));
  await expectDocumentsEqualChain(bench, worker);
});

it('goes on after a time in which nothing passed at all, neither socket nor HTTP (I5)', async () => {
  const { counters } = bench.proxy;
  const before = sent.length;
  const { swallowed } = counters;
  bench.proxy.halfOpen();
  for (let round = 0; round < 4; round++) await rate((round % 5) + 1);
  await eventually(() => counters.swallowed > swallowed);
  bench.proxy.heal();
  await worker.allFinal(sent.slice(before));
  expect(await worker.records({ ...ofMine(), state: 'orphaned' })).toEqual([]);
  await expectDocumentsEqualChain(bench, worker);
});

it('needs no socket message at all, only hurries by them (I4)', async () => {
  bench.proxy.dropMessages(0.7, 3);
  const before = sent.length;
  for (let round = 0; round < 8; round++) await rate((round % 5) + 1);
  await worker.allFinal(sent.slice(before));
  bench.proxy.heal();
  await expectDocumentsEqualChain(bench, worker);
});

/** A call of our program by way of the router. */
async function byRouter(name: string, call: Call, chatter?: number): Promise<{ readonly signature: string }> {
  const { data, keys } = await bench.anchor.instruction(name, call);
  return bench.anchor.router(chatter === undefined ? 'forward' : 'forwardChatty', {
    ...{ args: chatter === undefined ? [data] : [chatter, data], accounts: { targetProgram: COUPONS } },
    ...{ remaining: keys, signers: call.signers, computeUnitLimit: 600_000 },
  });
}

it('takes in what our program emits when it is called by another (I11, TRAPS 1, 3)', async () => {
  const before = sent.length;
  await send(byRouter('ratePromotion', { args: [4], accounts: { promotion }, signers: [bob] }));
  await send(byRouter('addComment', { args: ['by way of the router'], accounts: { promotion }, signers: [bob] }));
  const records = await worker.allFinal(sent.slice(before));
  expect(records.map(({ _id, name }) => [_id.split('/')[1], name]).sort()).toEqual([
    ['cpi', 'CommentAdded'],
    ['log', 'PromotionRated'],
  ]);
  await expectDocumentsEqualChain(bench, worker);
});

it('takes nothing for an event that another program printed or sent itself (I11)', async () => {
  const [real] = await worker.records({ name: 'PromotionRated' });
  const raw = Buffer.from(real?.raw ?? []);
  const line = `Program data: ${raw.toString('base64')}`;
  const forgeries = [
    await bench.anchor.router('logData', { args: [raw], signers: [bob] }),
    await bench.anchor.router('logText', { args: [line], signers: [bob] }),
    await bench.anchor.router('logText', {
      args: [`\nProgram ${COUPONS.toBase58()} invoke [1]\n${line}`],
      signers: [bob],
    }),
    await bench.anchor.router('forward', {
      args: [Buffer.concat([Buffer.from('e445a52e51cb9a1d', 'hex'), raw])],
      accounts: { targetProgram: ROUTER },
      remaining: [
        { pubkey: pda.eventAuthority(), isSigner: false, isWritable: false },
        // So that a walk over the history of our program meets it.
        { pubkey: COUPONS, isSigner: false, isWritable: false },
      ],
      signers: [bob],
    }),
  ].map(({ signature }) => signature);
  const before = sent.length;
  await rate(5);
  await worker.allFinal(sent.slice(before));
  expect(await worker.records({ signature: { $in: forgeries } })).toEqual([]);
  const { db } = worker.foundation.mongo;
  expect(await db.collection('dead_letters').countDocuments({ signature: { $in: forgeries } })).toBe(0);
  await expectDocumentsEqualChain(bench, worker);
});

it('ends right although a log was cut off before the event (TRAPS 2)', async () => {
  const { signature } = await byRouter('ratePromotion', { args: [1], accounts: { promotion }, signers: [bob] }, 10_000);
  expect(await worker.records({ signature })).toEqual([]);
  await expectDocumentsEqualChain(bench, worker);
  await eventually(async () => (await worker.records({ kind: 'observation', state: 'applied' })).length > 0);
  expect(await worker.foundation.mongo.db.collection('dead_letters').find({ signature }).toArray()).toMatchObject([
    { reason: 'log-truncated', refresh: [] },
  ]);
  const before = sent.length;
  await rate(2);
  await worker.allFinal(sent.slice(before));
  await expectDocumentsEqualChain(bench, worker);
});

it('makes the same ledger and documents from history alone as from the live stream (I3)', async () => {
  const late = await bench.startWorker();
  await late.allFinal(sent, 150_000);
  await expectDocumentsEqualChain(bench, late);
  const [first, second] = [await worker.records(ofMine()), await late.records(ofMine())];
  const byId = (records: typeof first) =>
    Object.fromEntries(records.map(({ _id, slot, data }) => [_id, { slot, data }]));
  expect(byId(second)).toEqual(byId(first));
}, 600_000);
