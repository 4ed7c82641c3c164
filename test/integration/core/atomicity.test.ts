import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { StaleFenceError } from '../../../src/leases/lease.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { readReceived } from '../../../src/ledger/read-records.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { applyReceived } from '../../../src/pipeline/apply-received.js';
import { rollbackTransaction, relandTransaction } from '../../../src/recovery/settle-transaction.js';
import { purgeTombstones } from '../../../src/recovery/tombstone-purge.js';
import { documentsOfAccounts, simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { eventually } from '../../support/eventually.js';
import { bySignature, noBackoff, openCoreBench, type CoreBench } from './core-bench.js';
import { interruptedDatabase } from './interrupted-database.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

class Crash extends Error {}

const history = generateHistory(11, 40);
const all = history.transactions.flatMap((transaction) => [...recordsOf(transaction)]);
/** An older one in the middle, so that applying it last refolds. */
const late = history.transactions[20] as HistoryTransaction;

/** Everything in the database but the lease, whose beat may move. */
async function everything(): Promise<unknown> {
  const names = [...coupons.models.map(({ collection }) => collection), 'ledger_events', 'dead_letters'];
  const contents = await Promise.all(names.map((name) => bench.db.collection(name).find().sort({ _id: 1 }).toArray()));
  return Object.fromEntries(names.map((name, position) => [name, contents[position]]));
}

type Step = (db: CoreBench['db'], work: LeaseWork) => Promise<unknown>;

const steps: Record<string, Step> = {
  'the batch of a late transaction': async (db, work) => {
    const dependencies = { db, clock, random: () => 0, retry: noBackoff };
    return applyReceived(dependencies, work.lease, coupons, await readReceived(db, 'coupons', 500, new Date()));
  },
  'a rollback': (db, work) => {
    const transaction = history.transactions[25] as HistoryTransaction;
    const ingest = bench.ingestOf(new Map());
    return rollbackTransaction({ db, clock, ingest }, work, coupons, transaction, 'a fork');
  },
  'a re-landing': (db, work) => {
    const transaction = history.transactions[25] as HistoryTransaction;
    const moved = { ...transaction, slot: transaction.slot + 5 };
    const ingest = bench.ingestOf(bySignature([moved]));
    return relandTransaction({ db, clock, ingest }, work, coupons, moved.signature, 'finalized');
  },
  'a failing handler': async (db, work) => {
    const broken = { ...coupons, events: {} };
    const dependencies = { db, clock, random: () => 0, retry: noBackoff };
    return applyReceived(dependencies, work.lease, broken, await readReceived(db, 'coupons', 500, new Date()));
  },
  'a purge': (db, work) => purgeTombstones(db, work, coupons),
};

async function prepare(): Promise<LeaseWork> {
  const ingest = bench.ingestOf(bySignature(history.transactions));
  const others = history.transactions.filter((transaction) => transaction !== late);
  await ingest.take(others.map(sweepNotice), 'finalized');
  const work = await bench.takeLease();
  await bench.drain(bench.projectorOf(work));
  await ingest.take([sweepNotice(late)], 'finalized');
  await bench.db
    .collection<{ _id: string }>('frontiers')
    .insertOne({ _id: 'coupons', since: 0, slot: 1e6 } as { _id: string });
  return work;
}

it.each(Object.keys(steps))(
  'leaves nothing half done when %s stops between any two operations (I2, I3)',
  async (name) => {
    const step = steps[name] as Step;
    const work = await prepare();
    const before = await everything();
    for (let stopAt = 1; ; stopAt++) {
      const { db } = interruptedDatabase(bench.db, (operation) => {
        if (operation === stopAt) throw new Crash(`before operation ${operation}`);
      });
      const outcome = await step(db, work).then(
        () => 'done' as const,
        (error: unknown) => error,
      );
      if (outcome === 'done') {
        expect(stopAt).toBeGreaterThan(3);
        expect(await everything()).not.toEqual(before);
        return;
      }
      expect(outcome).toBeInstanceOf(Crash);
      expect(await everything()).toEqual(before);
    }
  },
);

it.each(Object.keys(steps))(
  'writes nothing of %s once another process has the lease, wherever it stood still (I8)',
  async (name) => {
    const step = steps[name] as Step;
    let work = await prepare();
    const before = await everything();
    for (let freezeAt = 1; ; freezeAt++) {
      const { db, operations } = interruptedDatabase(bench.db, async (operation, at) => {
        // As if stopped here for longer than the term. Once the lease is touched nobody else can take it until the end.
        if (operation === freezeAt && at !== 'leases.commit') await bench.takeLease(`successor ${freezeAt}`);
      });
      const outcome = await step(db, work).then(
        () => 'done' as const,
        (error: unknown) => error,
      );
      if (operations() < freezeAt) {
        expect(outcome).toBe('done');
        return;
      }
      expect(outcome).toBeInstanceOf(StaleFenceError);
      expect(await everything()).toEqual(before);
      work = await bench.takeLease();
    }
  },
);

it('survives kill -9 at any time: nothing lost, nothing twice, documents right (I1, I2, I3)', async () => {
  const long = generateHistory(31, 120);
  const script = nodeArguments('./applying-process', import.meta.url);
  const total = long.transactions.flatMap(({ events }) => events).length;
  const applied = () => bench.db.collection('ledger_events').countDocuments({ state: 'applied' });
  const start = () => spawn(process.execPath, [...script, bench.uri, bench.name, '31', '120'], { stdio: 'inherit' });
  for (const share of [0.1, 0.3, 0.6]) {
    const child = start();
    const ended = once(child, 'exit');
    await eventually(async () => (await applied()) >= total * share, { timeoutMs: 40_000, everyMs: 5 });
    child.kill('SIGKILL');
    await ended;
  }
  const last = start();
  const [code] = (await once(last, 'exit')) as [number];
  expect(code).toBe(0);
  expect(await bench.db.collection('ledger_events').countDocuments()).toBe(total);
  expect(await applied()).toBe(total);
  const { sales, ...states } = await bench.documents();
  expect(states).toEqual(documentsOfAccounts(long));
  expect(sales).toEqual(simpleFold(long.transactions.flatMap((transaction) => [...recordsOf(transaction)]))['sales']);
}, 600_000);

it('has the records it compares with', () => {
  expect(recordsOf(late).length).toBeGreaterThan(0);
  expect(all.length).toBeGreaterThan(40);
});
