import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { newestApplicableSlot } from '../../../src/pipeline/confirmations.js';
import { DisputeResolver } from '../../../src/recovery/dispute-resolver.js';
import { documentsOfAccounts, simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, socketNotice, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import { openCoreBench, shuffled, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

it.each([1, 2, 3])(
  'applies nothing before its confirmations have passed, by whatever way it comes, and everything in the end (001-3), seed %i',
  async (seed) => {
    const random = seededRandom(seed);
    const history = generateHistory(11, 60);
    const { transactions } = history;
    const [first, last] = [transactions[0]?.slot ?? 0, transactions.at(-1)?.slot ?? 0];
    const confirmations = 1 + Math.floor(random() * 12);
    let head: number | null = null;
    const appliesUpTo = () => newestApplicableSlot(head, confirmations);
    const chain = new FakeChain();
    chain.land(...transactions);
    const work = await bench.takeLease();
    const projector = bench.projectorOf(work, { appliesUpTo, batchSize: 1 + Math.floor(random() * 40) });
    // Half by the short way of the lease holder, half by the long one of everybody else.
    const ways = [bench.ingestOf(chain.landed, [], coupons, () => projector), bench.ingestOf(chain.landed)];
    const resolver = new DisputeResolver(
      { db: bench.db, clock, log: silent, ingest: bench.ingestOf(chain.landed), appliesUpTo, onCorrected: () => {} },
      work,
      coupons,
    );
    const expectNothingEarly = async () => {
      const early = await bench.records({ state: 'applied', slot: { $gt: appliesUpTo() } });
      expect(early.map(({ _id, slot }) => [_id, slot])).toEqual([]);
    };

    const left = shuffled(transactions, random);
    for (let slot = first; slot <= last + confirmations; slot += 1 + Math.floor(random() * 4)) {
      for (const transaction of left.splice(0, Math.floor(random() * 6))) {
        // Some are announced in a slot they did not land in: what the chain then shows has to wait as well.
        const phantom = { ...transaction, slot: transaction.slot - 1 };
        const way = ways[Math.floor(random() * 2)] ?? ways[0];
        if (random() < 0.3) await way?.take([socketNotice(phantom)], 'confirmed');
        await way?.take([random() < 0.5 ? socketNotice(transaction) : sweepNotice(transaction)], 'confirmed');
      }
      await expectNothingEarly();
      head = slot;
      await resolver.begin();
      await resolver.ended();
      await bench.drain(projector);
      await expectNothingEarly();
    }
    for (const transaction of left) await ways[0]?.take([sweepNotice(transaction)], 'confirmed');
    head = last + confirmations;
    await resolver.begin();
    await resolver.ended();
    await bench.drain(projector);
    expect(await bench.records({ state: 'received' })).toEqual([]);
    const { sales, ...states } = await bench.documents();
    expect(states).toEqual(documentsOfAccounts(history));
    expect(sales).toEqual(simpleFold(transactions.flatMap((one) => [...recordsOf(one)]))['sales']);
  },
);
