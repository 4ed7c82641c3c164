import { mongo } from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { field } from '../../../src/domain-kit/field.js';
import { defineState } from '../../../src/domain-kit/model.js';
import { close, state } from '../../../src/domain-kit/writes.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { advanceFrontier, beginFrontier } from '../../../src/ledger/frontier.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { fromStored } from '../../../src/lib/stored-value.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { rollbackTransaction } from '../../../src/recovery/settle-transaction.js';
import { purgeTombstones } from '../../../src/recovery/tombstone-purge.js';
import { bindToChain } from '../../../src/store/chain-identity.js';
import { assertTransactions } from '../../../src/store/transactions.js';
import { simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { bySignature, openCoreBench, type CoreBench } from './core-bench.js';

let bench: CoreBench;
let work: LeaseWork;
beforeEach(async () => {
  bench = await openCoreBench();
  work = await bench.takeLease();
});
afterEach(() => bench.close());

type Plain = { _id: string };
const history = generateHistory(11, 80);

async function play(transactions: readonly HistoryTransaction[], module: DomainModule = coupons): Promise<void> {
  await bench.ingestOf(bySignature(transactions), [], module).take(transactions.map(sweepNotice), 'finalized');
  await bench.drain(bench.projectorOf(work, { module }));
}

it("keeps people's own fields through patch, refold, close, reopening and rollback (I6)", async () => {
  const { transactions } = generateHistory(11, 45);
  // The even ones first, so that the odd ones all come late and refold.
  const halves = [0, 1].map((half) => transactions.filter((_, position) => position % 2 === half));
  const mine = { note: 'ours, not yours', tags: ['$a', 'b.c'], nested: { $x: 1 } };
  await play(halves[0] ?? []);
  const marked = async () => {
    for (const { collection, kind } of coupons.models) {
      if (kind === 'state') await bench.db.collection(collection).updateMany({}, { $set: { mine } });
    }
  };
  const unmarked = async () => {
    let missing = 0;
    for (const key of before) {
      const [collection = '', id = ''] = key.split(':');
      const document = await bench.db.collection<Plain>(collection).findOne({ _id: id });
      if (JSON.stringify((document as { mine?: unknown } | null)?.mine) !== JSON.stringify(mine)) missing += 1;
    }
    return missing;
  };
  await marked();
  const before: string[] = [];
  for (const { collection, kind } of coupons.models) {
    const documents = kind === 'state' ? await bench.db.collection(collection).find().toArray() : [];
    before.push(...documents.map(({ _id }) => `${collection}:${String(_id)}`));
  }
  expect(before.length).toBeGreaterThan(10);
  await play(halves[1] ?? []);
  expect(await bench.documents()).toEqual(fold(transactions));
  expect(await unmarked()).toBe(0);

  const ingest = bench.ingestOf(new Map());
  for (const transaction of transactions) {
    await rollbackTransaction({ db: bench.db, clock, ingest }, work, coupons, transaction, 'a fork');
  }
  expect(await unmarked()).toBe(0);
  for (const key of before) {
    const [collection = '', id = ''] = key.split(':');
    const document = await bench.db.collection<Plain>(collection).findOne({ _id: id });
    expect(Object.keys(document ?? {}).sort()).toEqual(['_id', 'mine']);
  }
  expect(
    Object.values(await bench.documents()).flatMap((documents) =>
      Object.values(documents).filter((one) => Object.keys(one).length > 0),
    ),
  ).toEqual([]);
});

it('settles a document that people brought along as it settles its own, whatever came first (I3)', async () => {
  const all = history.transactions.flatMap((transaction) => [...recordsOf(transaction)]);
  const listed = all.find(({ name }) => name === 'CouponListed') as LedgerRecord;
  const promotion = String((listed.data as { promotion: string }).promotion);
  const created = all.find(
    ({ name, touches }) => name === 'PromotionCreated' && touches.includes(`promotions:${promotion}`),
  );
  const { price } = listed.data as { price: bigint };
  const theirs = { _id: promotion, theirs: 1 };
  await bench.db.collection<{ _id: string; theirs?: number; floorPrice?: unknown }>('promotions').insertOne(theirs);
  const projector = bench.projectorOf(work);
  for (const record of [listed, created as LedgerRecord]) await projector.applyNew([record]);
  const document = await bench.db
    .collection<Plain & { floorPrice?: unknown }>('promotions')
    .findOne({ _id: promotion });
  expect(document).toMatchObject({ theirs: 1 });
  expect(fromStored(document?.floorPrice)).toBe(price);
});

/** Coupons in a collection that was there before, under an id of its own. */
function withOwnKey(): DomainModule {
  const Owned = defineState(
    'client_coupons',
    { owner: field.address(), status: field.choice(['active', 'listed', 'redeemed']), revision: field.u64() },
    { keyField: 'onChainAddress' },
  );
  const events: DomainModule['events'] = Object.fromEntries(
    Object.keys(coupons.events).map((name) => [
      name,
      (event) => {
        const data = event.data as { coupon: string; revision: bigint; owner?: string; to?: string; buyer?: string };
        if (!name.startsWith('Coupon') && name !== 'ListingCancelled') return [];
        if (name === 'CouponClosed') return [close(Owned, data.coupon, data)];
        const owner = data.to ?? data.buyer ?? data.owner;
        return [state(Owned, data.coupon, { ...(owner ? { owner } : {}), revision: data.revision }, data)];
      },
    ]),
  );
  return { ...coupons, models: [Owned], events, settle: [] };
}

it('projects into a collection keyed by a field of its own, existing documents and new ones alike (X-7)', async () => {
  const module = withOwnKey();
  const expected = Object.entries(fold(history.transactions)['coupons'] ?? {});
  const [known] = expected[0] ?? [];
  await bench.db.collection('client_coupons').createIndex({ onChainAddress: 1 }, { unique: true });
  await bench.db.collection('client_coupons').insertOne({ onChainAddress: known, label: 'theirs', owner: 'wrong' });
  await play(history.transactions, module);
  const documents = (await bench.documents(module))['client_coupons'];
  expect(documents).toEqual(
    Object.fromEntries(expected.map(([key, { owner, revision }]) => [key, { owner, revision }])),
  );
  expect(await bench.db.collection('client_coupons').findOne({ onChainAddress: known })).toMatchObject({
    label: 'theirs',
  });
});

it('goes on with the document it has written to where another one learns the same address (X-7)', async () => {
  const module = withOwnKey();
  const [known, account] = Object.entries(fold(history.transactions)['coupons'] ?? {})[0] ?? [];
  const half = history.transactions.findIndex(({ events }) => events.some(({ name }) => name === 'CouponListed'));
  const owned = bench.db.collection('client_coupons');
  await owned.insertOne({ onChainAddress: known, label: 'theirs' });
  await play(history.transactions.slice(0, half), module);
  // It stands first, by its id.
  const draft = { _id: new mongo.ObjectId('0'.repeat(24)), onChainAddress: known, label: 'draft' };
  await owned.insertOne(draft);
  await play(history.transactions.slice(half), module);
  expect(await owned.findOne({ label: 'draft' })).toEqual(draft);
  expect(fromStored(await owned.findOne({ label: 'theirs' }))).toMatchObject({ owner: account?.['owner'] });
});

it('removes tombstones that are only ours once no fork can reach them, and what comes later still brings nothing back (I6)', async () => {
  const late = history.transactions
    .filter(({ events }) => events.some(({ name }) => name === 'CouponListed'))
    .slice(0, 4);
  await play(history.transactions.filter((transaction) => !late.includes(transaction)));
  const tombstones = () => bench.db.collection('listings').countDocuments({ '_mooring.closed': true });
  const count = await tombstones();
  expect(count).toBeGreaterThan(1);
  const [first] = await bench.db.collection<Plain>('listings').find({ '_mooring.closed': true }).limit(1).toArray();
  await bench.db.collection<Plain>('listings').updateOne({ _id: first?._id ?? '' }, { $set: { note: 'theirs' } });
  const head = Math.max(...history.transactions.map(({ slot }) => slot));
  expect(await purgeTombstones(bench.db, work, coupons)).toBe(0);
  await beginFrontier(bench.db, 'coupons', 0, new Date());
  await advanceFrontier(bench.db, 'coupons', 1_000 + 2_999, new Date());
  expect(await purgeTombstones(bench.db, work, coupons)).toBe(0);
  await advanceFrontier(bench.db, 'coupons', head + 3_001, new Date());
  expect(await purgeTombstones(bench.db, work, coupons)).toBeGreaterThanOrEqual(count - 1);
  expect(await tombstones()).toBe(1);
  await play(late);
  expect(await bench.documents()).toEqual(fold(history.transactions));
});

it('refuses the chain of another genesis, and stays bound to its own', async () => {
  await bindToChain(bench.db, 'genesis of ours');
  await bindToChain(bench.db, 'genesis of ours');
  await expect(bindToChain(bench.db, 'another genesis')).rejects.toMatchObject({
    code: 'wrong-chain',
    message: expect.stringMatching(/genesis of ours.*another genesis.*MONGODB_DATABASE/s) as string,
  });
});

it('refuses a database that cannot run transactions, and says what to do', async () => {
  await assertTransactions(bench.client, bench.db);
  // A standalone mongod answers so; none can be had here, so its answer is played.
  const standalone = new Proxy(bench.client, {
    get: (target, property) =>
      property === 'withSession'
        ? () => Promise.reject(new Error('Transaction numbers are only allowed on a replica set member or mongos'))
        : (Reflect.get(target, property) as unknown),
  });
  await expect(assertTransactions(standalone, bench.db)).rejects.toMatchObject({
    code: 'transactions-unsupported',
    message: expect.stringMatching(/--replSet/) as string,
  });
});

function fold(transactions: readonly HistoryTransaction[]) {
  return simpleFold(transactions.flatMap((transaction) => [...recordsOf(transaction)]));
}
