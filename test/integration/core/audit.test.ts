import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BlockchainEventListener } from '../../../src/app/blockchain-event-listener.js';
import { readConfig } from '../../../src/config/env.js';
import { field } from '../../../src/domain-kit/field.js';
import { defineState } from '../../../src/domain-kit/model.js';
import { readFrontier } from '../../../src/ledger/frontier.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import type { AuditReport } from '../../../src/reconcile/audit-report.js';
import { describeAudit } from '../../../src/reconcile/describe-audit.js';
import { eventually } from '../../support/eventually.js';
import { createTestDatabase } from '../../support/test-database.js';
import type { RunningWorker } from './running-worker.js';
import { openWorkerBench, type WorkerBench } from './worker-bench.js';

let bench: WorkerBench;
let worker: RunningWorker;
let users: Keypair[];
let coupons: string[];
let promotion: string;
let sent: string[];

beforeAll(async () => {
  bench = await openWorkerBench();
  worker = await bench.startWorker();
  users = await bench.chain.fundedKeypairs(3);
  const [authority, alice, bob] = users as [Keypair, Keypair, Keypair];
  const { client } = bench;
  const at = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  promotion = at.toBase58();
  coupons = [0, 1, 2].map((serial) => client.at.coupon(at, serial).toBase58());
  const [first, second] = [client.at.coupon(at, 0), client.at.coupon(at, 1)];
  sent = [];
  for (const call of [
    () => client.registerMerchant(authority, 'Audited', 'a.b'),
    () => client.createPromotion(authority, { title: 'One' }),
    () => client.mintCouponsBatch(authority, at, [alice.publicKey, alice.publicKey, bob.publicKey], 0),
    () => client.listCoupon(alice, first, at, 5_000_000n),
    () => client.listCoupon(alice, second, at, 4_000_000n),
    () =>
      client.buyCoupon(bob, {
        ...{ coupon: second, promotion: at, seller: alice.publicKey },
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

function collection(name: string) {
  return worker.foundation.mongo.db.collection<{ _id: string } & Record<string, unknown>>(name);
}

function look(): Promise<AuditReport> {
  const { mongo, pool, modules } = worker.foundation;
  return audit({ db: mongo.db, chain: pool.chain, clock }, modules);
}

const named = ({ differences }: AuditReport) =>
  differences.map(({ kind, collection: where, key, fields }) => [kind, where, key, fields.map(({ field }) => field)]);

it('finds nothing where documents, ledger and accounts agree', async () => {
  const report = await look();
  expect(named(report)).toEqual([]);
  // A merchant, a promotion, three coupons, a listing, a comment, a rating and a sale.
  expect(report).toMatchObject({ documents: 9, drift: 0, missing: 0, orphaned: 0, unrecorded: 0 });
  expect(describeAudit(report).join('\n')).toContain('9 documents');
});

it('names exactly the field that was changed, the document that was deleted and the one that was invented', async () => {
  const [changed = '', deleted = '', pattern = ''] = coupons;
  const before = await collection('coupons').findOne({ _id: deleted });
  const model = await collection('coupons').findOne({ _id: pattern });
  if (!before || !model) throw new Error('the coupons are there');
  const invented = users[0]?.publicKey.toBase58() ?? '';
  await collection('coupons').updateOne({ _id: changed }, { $set: { serial: 77 } });
  await collection('coupons').deleteOne({ _id: deleted });
  await collection('coupons').insertOne({ ...model, _id: invented });
  const report = await look();
  expect(named(report).sort()).toEqual(
    [
      ['drift', 'coupons', changed, ['serial']],
      ['missing', 'coupons', deleted, []],
      ['orphaned', 'coupons', invented, []],
    ].sort(),
  );
  for (const key of [changed, deleted, invented]) expect(describeAudit(report).join('\n')).toContain(key);
  await collection('coupons').updateOne({ _id: changed }, { $set: { serial: 0 } });
  await collection('coupons').insertOne(before);
  await collection('coupons').deleteOne({ _id: invented });
  expect(named(await look())).toEqual([]);
});

it('names an account that its handler cannot read, and calls its document neither right nor wrong (X-2)', async () => {
  const [unread = ''] = coupons;
  const { mongo, pool, modules } = worker.foundation;
  const picky = modules.map(({ module, codec }) => {
    const { Coupon: handler } = module.accounts;
    const Coupon: NonNullable<typeof handler> = (address, account) => {
      if (address === unread || !handler) throw new Error('what is this?');
      return handler(address, account);
    };
    return { module: { ...module, accounts: { ...module.accounts, Coupon } }, codec };
  });
  await collection('coupons').updateOne({ _id: unread }, { $set: { serial: 77 } });
  const report = await audit({ db: mongo.db, chain: pool.chain, clock }, picky);
  expect(report).toMatchObject({ differences: [], unreadable: [{ program: 'coupons', address: unread }] });
  expect(describeAudit(report).join('\n')).toContain(`unreadable ${unread}`);
  await collection('coupons').updateOne({ _id: unread }, { $set: { serial: 0 } });
  expect(named(await look())).toEqual([]);
});

it('leaves a state model without an account handler to the ledger, and says so (X-2)', async () => {
  const notes = defineState('notes', { text: field.text() });
  const { mongo, pool, modules } = worker.foundation;
  const extended = modules.map(({ module, codec }) => ({
    module: { ...module, models: [...module.models, notes] },
    codec,
  }));
  const lookAtThem = () => audit({ db: mongo.db, chain: pool.chain, clock }, extended);
  expect(await look()).toMatchObject({ notMirrored: [], differences: [] });
  await collection('notes').insertOne({ _id: 'note', text: 'by nobody' });
  const report = await lookAtThem();
  expect(report.notMirrored).toEqual(['notes']);
  expect(report.differences).toMatchObject([{ kind: 'orphaned', collection: 'notes', witnesses: ['ledger'] }]);
  expect(describeAudit(report)[0]).toContain('notes has no account handler');
  await collection('notes').deleteOne({ _id: 'note' });
  expect((await lookAtThem()).differences).toEqual([]);
});

it('sees a fact that is gone, a settled value that is wrong and an event that the ledger lost', async () => {
  const sale = await collection('sales').findOne();
  const event = await collection('ledger_events').findOne({ name: 'CommentAdded' });
  if (!sale || !event) throw new Error('there was a sale and a comment');
  // A sweep looks again 64 slots below the frontier, and would bring the event back.
  await eventually(async () => {
    const frontier = await readFrontier(worker.foundation.mongo.db, 'coupons');
    return (frontier?.slot ?? 0) > Number(event['slot']) + 70;
  });
  await collection('sales').deleteOne({ _id: sale._id });
  await collection('promotions').updateOne({ _id: promotion }, { $set: { floorPrice: null } });
  await collection('ledger_events').deleteOne({ _id: event._id });
  const report = await look();
  expect(named(report)).toContainEqual(['missing', 'sales', sale._id, []]);
  expect(named(report)).toContainEqual(['drift', 'promotions', promotion, ['floorPrice']]);
  const comment = report.differences.find((difference) => difference.collection === 'comments');
  expect(comment).toMatchObject({ kind: 'unrecorded', ledger: 'has-it-not' });
  expect(report.differences).toHaveLength(3);
});

it('tells the listeners of the names people know what happened, and stops and starts again (003-1, 003-6)', async () => {
  const database = await createTestDatabase();
  const config = readConfig({
    ...{ MONGODB_URI: database.uri, MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', SWEEP_INTERVAL_MS: '500' },
    ...{ SOLANA_RPC_URL: bench.proxy.rpcUrl, SOLANA_WS_URL: bench.proxy.wsUrl, LEASE_TERM_MS: '2000' },
  });
  const listener = new BlockchainEventListener({ config });
  const comments: string[] = [];
  const unheard: string[] = [];
  const final = new Set<string>();
  const deaf = (event: { readonly signature: string }) => unheard.push(event.signature);
  listener
    .on('CommentAdded', ({ signature }) => comments.push(signature))
    .on('CommentAdded', deaf)
    .off('CommentAdded', deaf)
    .on('transaction-finalized', ({ signature }) => final.add(signature));
  expect(listener.getStatus()).toMatchObject({ isListening: false, subscriptionId: null });
  try {
    const [, alice] = users as [Keypair, Keypair];
    for (const text of ['first', 'second']) {
      await Promise.all([listener.startListening(), listener.startListening()]);
      await eventually(() => listener.getStatus().isListening);
      const at = bench.client.at.promotion(bench.client.at.merchant((users[0] as Keypair).publicKey), 1n);
      const { signature } = await bench.client.addComment(alice, at, text, text === 'first' ? 1 : 2);
      await eventually(() => comments.includes(signature) && final.has(signature), { timeoutMs: 60_000 });
      expect(comments.filter((one) => one === signature)).toHaveLength(1);
      await listener.stopListening();
      expect(listener.getStatus().isListening).toBe(false);
    }
    expect(unheard).toEqual([]);
  } finally {
    await listener.stopListening();
    await database.drop();
  }
});
