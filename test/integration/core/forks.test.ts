import { afterEach, beforeEach, expect, it } from 'vitest';
import type { mongo } from 'mongoose';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { Projector } from '../../../src/pipeline/projector.js';
import { DisputeResolver } from '../../../src/recovery/dispute-resolver.js';
import { FinalityChecker } from '../../../src/recovery/finality-checker.js';
import { simpleFold } from '../../support/coupon-history-oracle.js';
import {
  couponsCodec,
  recordsOf,
  renderTransaction,
  socketNotice,
  sweepNotice,
} from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import { noBackoff, openCoreBench, shuffled, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';
import { interruptedDatabase } from './interrupted-database.js';

const STEPS = 120;
/** A worker that is killed comes no further than so many database operations. */
const MOST_OPERATIONS = 40;

class Killed extends Error {}

let bench: CoreBench;
let chain: FakeChain;
beforeEach(async () => {
  bench = await openCoreBench();
  chain = new FakeChain();
});
afterEach(() => bench.close());

/** A worker over this view of the database, as a process that was just started. */
function startWorker(db: mongo.Db, work: LeaseWork) {
  const ingest = new Ingest(
    {
      ...{ db, clock, finalityDelayMs: 0, onInserted: () => {}, onUndecodable: () => {} },
      fetchTransaction: (signature, commitment) => {
        const transaction = chain.landed.get(signature);
        const isShown = transaction && (commitment === 'confirmed' || transaction.slot <= chain.finalizedSlot);
        return Promise.resolve(
          isShown
            ? { kind: 'found', raw: renderTransaction(transaction) }
            : { kind: 'unavailable', reason: 'unknown-here' },
        );
      },
    },
    coupons,
    couponsCodec,
  );
  const hooks = { onFinalized: () => {}, onCorrected: () => {}, onMassSuspicion: () => {} };
  const shared = { db, clock, ingest, log: silent };
  const second = { name: 'second', chain: chain.port };
  const checker = new FinalityChecker(
    { ...shared, chain: chain.port, members: [...chain.members, second], checkSlots: 1_000, ...hooks },
    work,
    coupons,
  );
  const resolver = new DisputeResolver({ ...shared, onCorrected: () => {} }, work, coupons);
  const projector = new Projector(
    {
      ...{ db, clock, random: () => 0, log: silent, retry: noBackoff, batchSize: 50 },
      ...{ onApplied: () => {}, onFailed: () => {} },
    },
    coupons,
    work,
  );
  return { ingest, checker, resolver, projector };
}

it.each([1, 2, 3, 4, 5, 6])(
  'ends as the chain says after any forks within forks, with kills at any moment, and keeps both histories (I3, I5, I6, TRAPS 15), seed %i',
  async (seed) => {
    const random = seededRandom(seed);
    const upTo = (n: number) => Math.floor(random() * n);
    const { transactions } = generateHistory(20 + seed, 60);
    const [first, last] = [transactions[0]?.slot ?? 0, transactions.at(-1)?.slot ?? 0];
    const waiting = [...transactions];
    const everSeen = new Map<string, Set<number>>();
    /** Processes that were killed, or only stood still: they go on writing under a lease that is no longer theirs. */
    const zombies: Promise<unknown>[] = [];
    let hash = 0;
    chain.finalizedSlot = first - 1;

    const isOpen = ({ slot }: HistoryTransaction) => slot > chain.finalizedSlot;
    const put = (transaction: HistoryTransaction) => {
      chain.land(transaction);
      chain.blockhashes.set(transaction.slot, `hash ${(hash += 1)}`);
    };
    const drop = (transaction: HistoryTransaction) => {
      chain.drop(transaction.signature);
      chain.blockhashes.set(transaction.slot, `hash ${(hash += 1)}`);
    };
    const fork = () => {
      const open = shuffled([...chain.landed.values()].filter(isOpen), random);
      for (const transaction of open.slice(0, upTo(4))) {
        drop(transaction);
        // Lands again at once in another slot, later, or never.
        const fate = random();
        if (fate < 0.4)
          put({ ...transaction, slot: Math.max(chain.finalizedSlot + 1, transaction.slot + 3 - upTo(6)) });
        else if (fate < 0.8) waiting.push(transaction);
      }
    };

    let work = await bench.takeLease('0');
    let left = Infinity;
    const killable = () =>
      interruptedDatabase(bench.db, () => {
        if ((left -= 1) < 0) throw new Killed();
      }).db;
    let worker = startWorker(killable(), work);
    const run = async (step: () => Promise<unknown>) => {
      left = random() < 0.3 ? upTo(MOST_OPERATIONS) : Infinity;
      try {
        await step();
        return;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      // The killed one's own writes have ended; what it began beside may be anywhere.
      zombies.push(worker.checker.ended(), worker.resolver.ended());
      left = Infinity;
      work = await bench.takeLease(String(zombies.length));
      worker = startWorker(killable(), work);
    };

    for (let step = 0; step < STEPS; step++) {
      const choice = random();
      if (choice < 0.25)
        for (const one of waiting.splice(0, 1 + upTo(4)))
          put(isOpen(one) ? one : { ...one, slot: chain.finalizedSlot + 1 + upTo(5) });
      else if (choice < 0.4) fork();
      else if (choice < 0.5) chain.finalizedSlot = Math.min(last + 20, chain.finalizedSlot + upTo(6));
      else if (choice < 0.7) {
        const heard = shuffled([...chain.landed.values()], random).slice(0, 8);
        for (const { signature, slot } of heard) {
          everSeen.set(signature, (everSeen.get(signature) ?? new Set()).add(slot));
        }
        const notices = heard.map((one) => (random() < 0.5 ? socketNotice(one) : sweepNotice(one)));
        await run(() => worker.ingest.take(notices, 'confirmed'));
      } else if (choice < 0.8) await run(() => worker.projector.pass());
      else if (choice < 0.9) {
        await run(async () => {
          await worker.checker.pass();
          // Sometimes the next fork comes while this one is still dealt with.
          if (random() < 0.5) fork();
          await worker.checker.ended();
          worker.checker.throwIfLost();
        });
      } else {
        await run(async () => {
          await worker.resolver.begin();
          await worker.resolver.ended();
        });
      }
    }
    await Promise.all(zombies);

    // Everything comes to rest: no more forks, no more kills, and the sweep has seen the whole list.
    left = Infinity;
    worker = startWorker(bench.db, await bench.takeLease('the last'));
    chain.finalizedSlot = 1_000_000;
    for (let round = 0; round < 6; round++) {
      await worker.ingest.take(
        await worker.ingest.unknown([...chain.landed.values()].map(sweepNotice), 'finalized'),
        'finalized',
      );
      await worker.resolver.begin();
      await worker.resolver.ended();
      await bench.drain(worker.projector);
      // A new one each time: what it doubts it asks about again only after seconds.
      const { checker } = startWorker(bench.db, worker.projector.work);
      await checker.pass();
      await checker.ended();
    }
    const landed = [...chain.landed.values()];
    const expected = landed.flatMap((one) => [...recordsOf(one)]);
    expect(await bench.documents()).toEqual(simpleFold(expected));
    const records = await bench.records();
    const standing = records.filter(({ state }) => state !== 'orphaned');
    expect(standing.map(({ _id, slot }) => `${_id}@${slot}`).sort()).toEqual(
      expected.map(({ _id, slot }) => `${_id}@${slot}`).sort(),
    );
    expect(standing.every(({ state, commitment }) => state === 'applied' && commitment === 'finalized')).toBe(true);
    // What a fork took stays in the ledger, marked: each version that stood there once.
    const orphaned = records.filter(({ state }) => state === 'orphaned');
    expect(orphaned.length).toBeGreaterThan(0);
    for (const { signature } of records) expect(everSeen.has(signature) || chain.landed.has(signature)).toBe(true);
    expect(orphaned.every(({ error, commitment }) => error !== null && commitment === 'finalized')).toBe(true);
    for (const [signature] of everSeen) {
      const events = transactions.find((one) => one.signature === signature)?.events.length ?? 0;
      const kept = new Set(records.filter((one) => one.signature === signature).map(({ _id }) => _id.split('~')[0]));
      // One that never came to be stored before its process was killed, and never landed again, left no trace.
      if (chain.landed.has(signature)) expect(kept.size).toBe(events);
    }
  },
  600_000,
);
