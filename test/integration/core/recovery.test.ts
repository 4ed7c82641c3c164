import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { StaleFenceError } from '../../../src/leases/lease.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import type { Ingest } from '../../../src/pipeline/ingest.js';
import { DisputeResolver } from '../../../src/recovery/dispute-resolver.js';
import type { MassSuspicion } from '../../../src/recovery/finality-checker.js';
import { rollbackTransaction, type Correction } from '../../../src/recovery/settle-transaction.js';
import { documentsOfAccounts, simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, socketNotice, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type CouponHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { eventually } from '../../support/eventually.js';
import { checkFinality } from './check-finality.js';
import { openCoreBench, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';
import { holdLanded } from './held-ingest.js';

let bench: CoreBench;
let chain: FakeChain;
let asked: string[];
let ingest: Ingest;
let work: LeaseWork;
let finalized: string[];
let corrections: Correction[];
let suspicions: (MassSuspicion | null)[];

beforeEach(async () => {
  bench = await openCoreBench();
  chain = new FakeChain();
  [asked, finalized, corrections, suspicions] = [[], [], [], []];
  ingest = bench.ingestOf(chain.landed, asked);
  work = await bench.takeLease();
});
afterEach(() => bench.close());

const recovery = () => ({
  ...{ db: bench.db, clock, ingest, log: silent },
  ...{ chain: chain.port, members: chain.members, checkSlots: 0 },
});
const check = () =>
  checkFinality(
    {
      ...recovery(),
      onFinalized: (_, records) => finalized.push(...records.map(({ _id }) => _id)),
      onCorrected: (_, correction) => corrections.push(correction),
      onMassSuspicion: (_, suspicion) => suspicions.push(suspicion),
    },
    work,
    coupons,
  );
const resolverOf = (its = ingest) =>
  new DisputeResolver(
    { ...recovery(), ingest: its, onCorrected: (correction) => corrections.push(correction) },
    work,
    coupons,
  );
async function settle(): Promise<number> {
  const resolver = resolverOf();
  await resolver.begin();
  return resolver.ended();
}

/** Lands a history and brings it into the documents. */
async function play(history: CouponHistory): Promise<void> {
  chain.land(...history.transactions);
  await ingest.take(history.transactions.map(sweepNotice), 'confirmed');
  await bench.drain(bench.projectorOf(work));
  expect(await bench.documents()).toEqual(fold(history.transactions));
}

function fold(transactions: readonly HistoryTransaction[]) {
  return simpleFold(transactions.flatMap((transaction) => [...recordsOf(transaction)]));
}

function firstWith(history: CouponHistory, name: string): HistoryTransaction {
  const found = history.transactions.find(({ events }) => events.some((event) => event.name === name));
  if (!found) throw new Error(`the history has no ${name}`);
  return found;
}

/** The last transaction of its kind, so that nothing later hides what its rollback must bring back. */
function lastSale(): { before: CouponHistory; sale: HistoryTransaction } {
  for (let length = 40; ; length++) {
    const before = generateHistory(11, length);
    const sale = before.transactions.at(-1);
    if (sale?.events.length === 1 && sale.events[0]?.name === 'CouponSold') return { before, sale };
  }
}

it('moves everything to finalized, once, from the state in the database alone (I7, 003-6)', async () => {
  const history = generateHistory(2, 40);
  await play(history);
  chain.finalizedSlot = 1_010;
  await check();
  const early = finalized.length;
  const total = history.transactions.flatMap(({ events }) => events).length;
  expect(early).toBeLessThan(total);

  // Another process after a restart: new objects, the same database.
  work = await bench.takeLease('after the restart');
  chain.finalizedSlot = 1_000_000;
  await check();
  await check();
  expect(finalized).toHaveLength(total);
  expect(new Set(finalized).size).toBe(total);
  expect(await bench.db.collection('ledger_events').countDocuments({ commitment: 'finalized' })).toBe(total);
  const calls = chain.statusCalls;
  await check();
  expect(chain.statusCalls).toBe(calls);
});

it.each(['block-lacks-it', 'slot-skipped'] as const)(
  'rolls a sale back that a fork dropped (%s): fact gone, listing open, owner and floor price as before (I6, TRAPS 14)',
  async (how) => {
    const { before, sale } = lastSale();
    await play(before);
    chain.drop(sale.signature);
    // Others of that slot would contradict a skipped one.
    const others = before.transactions.filter(
      ({ slot, signature }) => slot === sale.slot && signature !== sale.signature,
    );
    if (how === 'slot-skipped') {
      chain.skippedSlots.add(sale.slot);
      for (const { signature } of others) chain.drop(signature);
    }
    await check();

    const gone = new Set(how === 'slot-skipped' ? [sale, ...others] : [sale]);
    const remaining = before.transactions.filter((transaction) => !gone.has(transaction));
    const documents = await bench.documents();
    expect(documents).toEqual(fold(remaining));
    const [event] = sale.events;
    if (event?.name !== 'CouponSold') throw new Error('unreachable');
    const { coupon, listing, promotion, seller, price } = event.data;
    expect(documents['sales']?.[`${sale.signature}/cpi/0`]).toBeUndefined();
    expect(documents['listings']?.[listing]).toMatchObject({ price, seller });
    expect(documents['coupons']?.[coupon]).toMatchObject({ owner: seller, status: 'listed' });
    expect(documents['promotions']?.[promotion]?.['floorPrice']).toBeLessThanOrEqual(price);
    expect(await bench.records({ signature: sale.signature })).toMatchObject([{ state: 'orphaned' }]);
    expect(corrections.flatMap(({ orphaned }) => orphaned.map(({ signature }) => signature))).toContain(sale.signature);
  },
);

it('takes an orphaned transaction in again when it lands after all (TRAPS 15)', async () => {
  const { before, sale } = lastSale();
  await play(before);
  chain.drop(sale.signature);
  await check();
  const elsewhere = { ...sale, slot: sale.slot + 3 };
  chain.land(elsewhere);
  expect(await ingest.unknown([sweepNotice(elsewhere)], 'finalized')).toHaveLength(1);
  await ingest.take([sweepNotice(elsewhere)], 'confirmed');
  await settle();
  await bench.drain(bench.projectorOf(work));
  expect(await bench.documents()).toEqual(fold([...before.transactions.slice(0, -1), elsewhere]));
  await check();
  expect(await bench.records({ signature: sale.signature, state: 'applied' })).toMatchObject([
    { commitment: 'finalized', slot: elsewhere.slot, generation: 1 },
  ]);
});

it('lets the version win that landed in another slot with other data, and keeps the other for the record (TRAPS 15)', async () => {
  const history = generateHistory(11, 50);
  const rated = firstWith(history, 'PromotionRated');
  const otherwise = withOtherStars(rated, rated.slot + 2);
  await play({ ...history, transactions: history.transactions.map((one) => (one === rated ? otherwise : one)) });
  chain.land(rated);
  await check();
  expect(await bench.documents()).toEqual(fold(history.transactions));
  const versions = await bench.records({ signature: rated.signature });
  expect(versions.filter(({ state }) => state === 'orphaned')).toHaveLength(rated.events.length);
  await check();
  expect(await bench.db.collection('ledger_events').countDocuments({ commitment: 'confirmed' })).toBe(0);
});

it('takes out what an execution that failed on chain had announced (I10)', async () => {
  const history = generateHistory(11, 30);
  const phantom: HistoryTransaction = { ...firstWith(history, 'PromotionRated'), signature: `${'5'.repeat(87)}` };
  await play(history);
  await ingest.take([socketNotice({ ...phantom, slot: 1_001 })], 'confirmed');
  await bench.drain(bench.projectorOf(work));
  chain.land({ ...phantom, slot: 1_002, events: [] });
  await check();
  expect(await bench.documents()).toEqual(fold(history.transactions));
});

it('asks the chain a few times at most for 250 announced executions that never landed, and believes it (TRAPS 29)', async () => {
  const history = generateHistory(11, 50);
  const rated = firstWith(history, 'PromotionRated');
  await play({ ...history, transactions: history.transactions.filter((one) => one !== rated) });
  chain.land(rated);
  asked.length = 0;
  const phantoms = Array.from({ length: 250 }, (_, n) => socketNotice(withOtherStars(rated, rated.slot - 1, n)));
  for (let start = 0; start < phantoms.length; start += 50) {
    await ingest.take(phantoms.slice(start, start + 50), 'confirmed');
    await bench.drain(bench.projectorOf(work));
  }
  await ingest.take([socketNotice(rated)], 'confirmed');
  await settle();
  await bench.drain(bench.projectorOf(work));
  expect(asked.length).toBeLessThanOrEqual(6);
  expect(await bench.documents()).toEqual(fold(history.transactions));
  expect(await bench.records({ disputed: true })).toEqual([]);
  await check();
  expect(await bench.records({ signature: rated.signature, state: 'applied' })).toMatchObject(
    rated.events.map(() => ({ slot: rated.slot, commitment: 'finalized' })),
  );
});

it('does not call a version final while another was announced for the same slot (I5)', async () => {
  const history = generateHistory(11, 50);
  const rated = firstWith(history, 'PromotionRated');
  const otherwise = withOtherStars(rated, rated.slot);
  await play({ ...history, transactions: history.transactions.map((one) => (one === rated ? otherwise : one)) });
  chain.land(rated);
  await ingest.take([socketNotice(rated)], 'confirmed');
  await check();
  expect(finalized.some((id) => id.startsWith(rated.signature))).toBe(false);
  expect(await bench.documents()).toEqual(fold(history.transactions));
  await check();
  expect(finalized.filter((id) => id.startsWith(rated.signature))).toHaveLength(rated.events.length);
});

it('settles one dispute although another cannot be asked about or written', async () => {
  const history = generateHistory(11, 60);
  const [one, other] = history.transactions.filter(({ events }) =>
    events.some(({ name }) => name === 'PromotionRated'),
  );
  if (!one || !other) throw new Error('the history has too few ratings');
  const wrong = [withOtherStars(one, one.slot - 1), withOtherStars(other, other.slot - 1)];
  await play({
    ...history,
    transactions: history.transactions.map(
      (real) => wrong.find(({ signature }) => signature === real.signature) ?? real,
    ),
  });
  chain.drop(one.signature);
  chain.land(other);
  await ingest.take([socketNotice(one), socketNotice(other)], 'confirmed');
  expect(await settle()).toBe(1);
  expect(await bench.records({ signature: other.signature, state: 'applied' })).toMatchObject([{ slot: other.slot }]);
  expect(await bench.records({ disputed: true })).toMatchObject([{ signature: one.signature }]);
});

it('settles what comes up while another dispute is still asked about (TRAPS 29)', async () => {
  const history = generateHistory(11, 60);
  const [slow, quick] = history.transactions.filter(({ events }) =>
    events.some(({ name }) => name === 'PromotionRated'),
  );
  if (!slow || !quick) throw new Error('the history has too few ratings');
  const wrong = [slow, quick].map((one) => withOtherStars(one, one.slot - 1));
  await play({
    ...history,
    transactions: history.transactions.map(
      (real) => wrong.find(({ signature }) => signature === real.signature) ?? real,
    ),
  });
  chain.land(slow, quick);
  const { held: patient, letGo } = holdLanded(ingest, slow.signature);
  const resolver = resolverOf(patient);
  await ingest.take([socketNotice(slow)], 'confirmed');
  await resolver.begin();
  await ingest.take([socketNotice(quick)], 'confirmed');
  await resolver.begin();
  await eventually(async () => (await bench.records({ disputed: true, signature: quick.signature })).length === 0);
  expect(await bench.records({ signature: quick.signature, state: 'applied' })).toMatchObject([{ slot: quick.slot }]);
  expect(await bench.records({ disputed: true })).toMatchObject([{ signature: slow.signature }]);
  asked.length = 0;
  await resolver.begin();
  letGo();
  await resolver.ended();
  expect(asked).toEqual([slow.signature]);
  expect(await bench.documents()).toEqual(fold(history.transactions));
});

it('ends, with what is under way, when the lease turns out to be lost (I8)', async () => {
  const { before, sale } = lastSale();
  await play({ ...before, transactions: [...before.transactions.slice(0, -1), { ...sale, slot: sale.slot - 1 }] });
  chain.land(sale);
  await ingest.take([sweepNotice(sale)], 'confirmed');
  const resolver = resolverOf();
  await bench.takeLease('successor');
  await resolver.begin();
  expect(await resolver.ended()).toBe(0);
  await expect(resolver.begin()).rejects.toBeInstanceOf(StaleFenceError);
});

it('judges and announces a transaction as a whole, also where a pass takes no more (I7)', async () => {
  const history = generateHistory(11, 80);
  const { events } = firstWith(history, 'PromotionUpdated');
  const updated = events.filter(({ name }) => name === 'PromotionUpdated').slice(0, 1);
  // Three events each: a page of 1,024 records ends within one, and so does that of the newest 256.
  const many = Array.from({ length: 460 }, (_, position): HistoryTransaction => ({
    signature: `${position}`.padStart(3, '0').padEnd(87, 'z'),
    slot: 2_000 + Math.floor(position / 4),
    events: [...updated, ...updated, ...updated],
  }));
  chain.land(...many);
  await ingest.take(many.map(sweepNotice), 'confirmed');
  await bench.db.collection('ledger_events').updateMany({}, { $set: { state: 'applied' } });
  const announced: string[] = [];
  const pass = () =>
    checkFinality(
      {
        ...recovery(),
        onFinalized: (_, records) => announced.push(...new Set(records.map(({ signature }) => signature))),
        onCorrected: () => {},
        onMassSuspicion: () => {},
      },
      work,
      coupons,
    );
  const first = await pass();
  expect(first).toBeGreaterThan(300);
  expect(first).toBeLessThan(many.length);
  expect(await pass()).toBe(many.length - first);
  expect([...announced].sort()).toEqual(many.map(({ signature }) => signature).sort());
});

it('leaves the dispute about another version open when one is rolled back (I5, TRAPS 15)', async () => {
  const { before, sale } = lastSale();
  await play(before);
  // The same transaction, announced in another slot with one event more: which of them landed is for the chain to say.
  const longer = { ...sale, slot: sale.slot + 20, events: [...sale.events, ...sale.events] };
  await ingest.take([socketNotice({ ...longer, events: [] }), sweepNotice(sale)], 'confirmed');
  chain.land(longer);
  await ingest.take([sweepNotice(longer)], 'confirmed');
  expect(await bench.records({ signature: sale.signature, disputed: true })).toHaveLength(2);
  await rollbackTransaction({ ...recovery() }, work, coupons, sale, 'a fork');
  expect(await bench.records({ signature: sale.signature, disputed: true })).toMatchObject([{ slot: longer.slot }]);
});

it('knows a transaction as whole that landed with fewer events than were announced (TRAPS 15)', async () => {
  const { before, sale } = lastSale();
  await play({
    ...before,
    transactions: [...before.transactions.slice(0, -1), { ...sale, events: [...sale.events, ...sale.events] }],
  });
  chain.land(sale);
  await bench.db.collection('ledger_events').updateMany({ signature: sale.signature }, { $set: { disputed: true } });
  await settle();
  expect(await bench.records({ signature: sale.signature, state: 'applied' })).toMatchObject([{ of: 1 }]);
  expect(await ingest.unknown([sweepNotice(sale)], 'finalized')).toEqual([]);
});

it('lets a version that a document refuses wait as received, and takes the wrong one out all the same', async () => {
  const history = generateHistory(11, 40);
  const minted = firstWith(history, 'CouponMinted');
  await play({
    ...history,
    transactions: history.transactions.map((real) => (real === minted ? { ...real, slot: real.slot - 1 } : real)),
  });
  const [event] = minted.events.filter(({ name }) => name === 'CouponMinted');
  if (event?.name !== 'CouponMinted') throw new Error('unreachable');
  await bench.db.collection('coupons').updateOne({ _id: event.data.coupon as never }, { $set: { theirs: 1 } });
  await bench.db.collection('coupons').deleteOne({ _id: event.data.coupon as never });
  await bench.db.collection('coupons').createIndex({ mint: 1 }, { unique: true, sparse: true, name: 'theirs' });
  await bench.db
    .collection<{ _id: string }>('coupons')
    .insertOne({ _id: 'theirs', mint: event.data.mint } as { _id: string });
  chain.land(minted);
  await check();
  const id = `${minted.signature}/log/${minted.events.indexOf(event)}`;
  expect(await bench.records({ _id: id })).toMatchObject([{ state: 'received', slot: minted.slot, generation: 1 }]);
  await bench.drain(bench.projectorOf(work));
  expect(await bench.records({ _id: id })).toMatchObject([{ state: 'dead' }]);
});

it('rolls nothing back on nulls that nothing proves, nor when most of it is unknown (I5)', async () => {
  const history = generateHistory(11, 60);
  await play(history);
  const documents = await bench.documents();
  chain.forgetsStatuses = true;
  await check();
  expect(suspicions).toEqual([{ suspects: 60, asked: 60 }]);
  // A few only, but their blocks hold them: the node merely lost its index.
  const kept = new Set(history.transactions.slice(0, 3).map(({ signature }) => signature));
  await bench.db
    .collection('ledger_events')
    .updateMany({ signature: { $nin: [...kept] } }, { $set: { commitment: 'finalized' } });
  await check();
  expect(corrections).toEqual([]);
  expect(await bench.documents()).toEqual(documents);
});

it('is right after forks in any order: rolled back, landed again, moved', async () => {
  const history = generateHistory(23, 80);
  await play(history);
  for (const transaction of history.transactions.filter((_, position) => position % 9 === 4)) {
    chain.drop(transaction.signature);
    await check();
    chain.land(transaction);
    await ingest.take([sweepNotice(transaction)], 'confirmed');
    await settle();
  }
  const { sales: _, ...states } = await bench.documents();
  expect(states).toEqual(documentsOfAccounts(history));
});

/** The same signature as executed at another moment: another slot, other data. */
function withOtherStars(transaction: HistoryTransaction, slot: number, salt = 0): HistoryTransaction {
  const events = transaction.events.map((event) =>
    event.name === 'PromotionRated'
      ? { ...event, data: { ...event.data, stars: (event.data.stars % 5) + 1, previousStars: salt } }
      : event,
  );
  return { ...transaction, slot, events };
}
