import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DomainModule, EventHandler } from '../../../src/domain-kit/domain-module.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { keepLease } from '../../../src/leases/lease-keeper.js';
import { appendReceived } from '../../../src/ledger/append-records.js';
import { reviveDead } from '../../../src/ledger/mark-records.js';
import { readKnown } from '../../../src/ledger/read-records.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { documentsOfAccounts, simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, socketNotice, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import type { Projector } from '../../../src/pipeline/projector.js';
import { eventually } from '../../support/eventually.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import { bySignature, openCoreBench, shuffled, silent, type CoreBench } from './core-bench.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

it('ends the same from ten shuffled copies through four workers that fight for the lease (I1, I2, I3, I6, I8)', async () => {
  const history = generateHistory(11, 100);
  const { transactions } = history;
  const landed = bySignature(transactions);
  const random = seededRandom(4);
  const stop = new AbortController();
  const holders: string[] = [];
  const workers = [0, 1, 2, 3].map(async (worker) => {
    let projector: Projector | null = null;
    const ingest = bench.ingestOf(landed, [], coupons, () => projector);
    const term = { termMs: 1_000, holder: `worker ${worker}` };
    const leading = keepLease(
      { ...term, db: bench.db, clock, log: silent },
      'program:coupons',
      stop.signal,
      async (work, lost) => {
        // A short reign: a few batches, then somebody else's turn.
        if (holders.at(-1) === term.holder) return;
        holders.push(term.holder);
        projector = bench.projectorOf(work, { batchSize: 20 });
        for (let passes = 0; passes < 4 && !lost.aborted; passes++) await projector.pass();
        // Not set to null: what it applies from now on it applies under a lease that may be somebody else's.
      },
    );
    const copies = Array.from({ length: 10 }, () => transactions).flat();
    const notices = shuffled(copies, random).map((transaction) =>
      random() < 0.5 ? socketNotice(transaction) : sweepNotice(transaction),
    );
    for (let start = 0; start < notices.length; start += 25) {
      await ingest.take(notices.slice(start, start + 25), 'confirmed');
    }
    await leading;
  });
  const total = transactions.flatMap(({ events }) => events).length;
  await eventually(
    async () => (await bench.db.collection('ledger_events').countDocuments({ state: 'applied' })) === total,
    { timeoutMs: 50_000 },
  );
  stop.abort();
  await Promise.all(workers);

  expect(new Set(holders).size).toBeGreaterThan(1);
  expect(await bench.db.collection('ledger_events').countDocuments()).toBe(total);
  const all = transactions.flatMap((transaction) => [...recordsOf(transaction)]);
  const { sales, ...states } = await bench.documents();
  expect(states).toEqual(documentsOfAccounts(history));
  expect(sales).toEqual(simpleFold(all)['sales']);
});

it('reports as new what is new, also when one batch holds an event twice (I1)', async () => {
  const records = generateHistory(1, 5).transactions.flatMap((transaction) => [...recordsOf(transaction)]);
  const outcome = await appendReceived(bench.db, [...records, ...records]);
  expect(outcome.inserted.map(({ _id }) => _id)).toEqual(records.map(({ _id }) => _id));
  expect(outcome.seen).toHaveLength(records.length);
  expect(outcome.disputed).toEqual([]);
});

it('completes a torn insert by any later notice (I1, I3)', async () => {
  const transaction = generateHistory(3, 60).transactions.find(({ events }) => events.length >= 2);
  if (!transaction) throw new Error('the history has no such transaction');
  const { signature } = transaction;
  const records = recordsOf(transaction);
  await appendReceived(bench.db, records.slice(0, -1));
  const known = async () => (await readKnown(bench.db, 'coupons', [signature])).get(signature);
  expect(await known()).toEqual({ slot: transaction.slot, whole: false });

  const ingest = bench.ingestOf(bySignature([transaction]));
  const notices = await ingest.unknown([sweepNotice(transaction)], 'finalized');
  expect(notices).toHaveLength(1);
  expect(await ingest.take(notices, 'finalized')).toEqual([{ kind: 'stored', inserted: 1 }]);
  expect(await known()).toEqual({ slot: transaction.slot, whole: true });
  expect(await ingest.unknown([sweepNotice(transaction)], 'finalized')).toEqual([]);
  await bench.drain(bench.projectorOf(await bench.takeLease()));
  expect(await bench.documents()).toEqual(simpleFold(records));
});

/** The module with one handler that throws as long as `isBroken` says so. */
function withBroken(name: string, isBroken: (signature: string) => boolean): DomainModule {
  const handler = coupons.events[name];
  const broken: EventHandler = (event) => {
    if (isBroken(event.signature)) throw new Error(`${name} is broken`);
    return handler?.(event) ?? [];
  };
  return { ...coupons, events: { ...coupons.events, [name]: broken } };
}

it('keeps a failing event as dead after three attempts, goes on with the others, and ends right when it is revived last (I6)', async () => {
  const history = generateHistory(11, 80);
  const records = history.transactions.flatMap((transaction) => [...recordsOf(transaction)]);
  // The event that opens a document which many later ones change.
  const first = records.find(({ name }) => name === 'CouponMinted');
  if (!first) throw new Error('the history has no such event');
  let broken = true;
  const module = withBroken('CouponMinted', (signature) => broken && signature === first.signature);
  const ingest = bench.ingestOf(bySignature(history.transactions), [], module);
  await ingest.take(history.transactions.map(sweepNotice), 'finalized');

  const failed: { dead: boolean }[] = [];
  const work = await bench.takeLease();
  const projector = bench.projectorOf(work, { module, failed: failed as never[], batchSize: 7 });
  await bench.drain(projector);
  expect(failed.map(({ dead }) => dead)).toEqual([false, false, true]);
  expect(await bench.records({ state: 'dead' })).toMatchObject([
    { _id: first._id, attempts: 3, error: 'CouponMinted is broken', touches: [] },
  ]);
  const others = records.filter(({ _id }) => _id !== first._id);
  expect(await bench.db.collection('ledger_events').countDocuments({ state: 'applied' })).toBe(others.length);
  expect(await bench.documents()).toEqual(simpleFold(others));

  broken = false;
  expect(await reviveDead(bench.db, [first._id])).toBe(1);
  await bench.drain(projector);
  const { sales: _, ...states } = await bench.documents();
  expect(states).toEqual(documentsOfAccounts(history));
  expect((await bench.records({ _id: first._id }))[0]).toMatchObject({
    state: 'applied',
    touches: first.touches,
    error: null,
  });
});

it('finds an event in the history of its documents although its handler failed when it was stored (I6)', async () => {
  const history = generateHistory(11, 40);
  const records = history.transactions.flatMap((transaction) => [...recordsOf(transaction)]);
  const minted = records.find(({ name }) => name === 'CouponMinted');
  if (!minted) throw new Error('the history has no such event');
  // It fails only in the process that stores it, so that no attempt to apply it ever fails.
  let broken = true;
  const module = withBroken('CouponMinted', () => broken);
  await bench
    .ingestOf(bySignature(history.transactions), [], module)
    .take(history.transactions.map(sweepNotice), 'finalized');
  broken = false;
  const projector = bench.projectorOf(await bench.takeLease());
  // Newest first, so that everything has to be folded in late.
  const received = await bench.records({ state: 'received' });
  for (const { _id } of received.reverse()) {
    await bench.db
      .collection<{ _id: string }>('ledger_events')
      .updateMany({ _id: { $ne: _id }, state: 'received' }, { $set: { nextAttemptAt: new Date(Date.now() + 1e9) } });
    await bench.db.collection<{ _id: string }>('ledger_events').updateOne({ _id }, { $set: { nextAttemptAt: null } });
    await projector.pass();
  }
  expect(await bench.documents()).toEqual(simpleFold(records));
});

it('waits between the attempts (003-5)', async () => {
  const history = generateHistory(1, 3);
  const module = withBroken('MerchantRegistered', () => true);
  const ingest = bench.ingestOf(bySignature(history.transactions), [], module);
  await ingest.take(history.transactions.map(sweepNotice), 'finalized');
  const projector = bench.projectorOf(await bench.takeLease(), { module });
  const patient = { ...projector.dependencies.retry, backoff: { firstMs: 60_000, maxMs: 60_000, jitter: 0 } };
  const before = Date.now();
  Object.assign(projector.dependencies, { retry: patient });
  await bench.drain(projector);
  const [waiting] = await bench.records({ state: 'received' });
  expect(waiting).toMatchObject({ name: 'MerchantRegistered', attempts: 1 });
  expect(waiting?.nextAttemptAt?.getTime()).toBeGreaterThanOrEqual(before + 60_000);
});

it('finds the one write that a unique index of people refuses, and applies all others (bisect)', async () => {
  const history = generateHistory(11, 60);
  const records = history.transactions.flatMap((transaction) => [...recordsOf(transaction)]);
  const mints = records.filter(({ name }) => name === 'CouponMinted');
  const victim = mints[Math.floor(mints.length / 2)];
  if (!victim) throw new Error('the history has no such event');
  const { mint, coupon } = victim.data as { mint: string; coupon: string };
  // Somebody else's document in the collection, under somebody else's unique index.
  await bench.db.collection('coupons').createIndex({ mint: 1 }, { unique: true, sparse: true, name: 'theirs' });
  await bench.db.collection<{ _id: string }>('coupons').insertOne({ _id: 'theirs', mint } as { _id: string });
  const ingest = bench.ingestOf(bySignature(history.transactions));
  await ingest.take(history.transactions.map(sweepNotice), 'finalized');
  const failed: { dead: boolean }[] = [];
  await bench.drain(bench.projectorOf(await bench.takeLease(), { failed: failed as never[] }));

  const dead = await bench.records({ state: 'dead' });
  expect(dead.map(({ _id }) => _id)).toEqual([victim._id]);
  expect(dead[0]?.error).toMatch(/duplicate key/i);
  expect(failed).toHaveLength(3);
  expect(await bench.db.collection('ledger_events').countDocuments({ state: 'received' })).toBe(0);
  await bench.db.collection<{ _id: string }>('coupons').deleteOne({ _id: 'theirs' });
  const { [coupon]: _, ...others } = simpleFold(records)['coupons'] ?? {};
  const { [coupon]: __, ...actual } = (await bench.documents())['coupons'] ?? {};
  expect(actual).toEqual(others);
});
