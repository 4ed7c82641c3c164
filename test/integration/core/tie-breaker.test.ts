import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { field } from '../../../src/domain-kit/field.js';
import { defineState } from '../../../src/domain-kit/model.js';
import { state } from '../../../src/domain-kit/writes.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { reviveDead } from '../../../src/ledger/mark-records.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory, type CouponEvent, type HistoryTransaction } from '../../support/coupon-history.js';
import { checkFinality } from './check-finality.js';
import { openCoreBench, shuffled, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';

let bench: CoreBench;
let chain: FakeChain;
beforeEach(async () => {
  bench = await openCoreBench();
  chain = new FakeChain();
});
afterEach(() => bench.close());

const Title = defineState('titles', { title: field.text() });
/** A program without revisions: the last to write a title wins, and nothing in its events says who that is. */
const counterless: DomainModule = {
  ...coupons,
  models: [Title],
  settle: [],
  events: Object.fromEntries(
    Object.keys(coupons.events).map((name) => [
      name,
      ({ data }) =>
        name === 'PromotionUpdated' ? [state(Title, 'P', { title: (data as { title: string }).title })] : [],
    ]),
  ),
};

const [updated] = generateHistory(11, 80).transactions.flatMap(({ events }) =>
  events.filter((event) => event.name === 'PromotionUpdated'),
) as [CouponEvent];
const SLOT = 2_000;
/** In the order of their block; signatures sort otherwise. */
const block = ['z', 'm', 'a', 'q'].map((letter): HistoryTransaction => ({
  signature: letter.repeat(87),
  slot: SLOT,
  events: [{ ...updated, data: { ...updated.data, title: `by ${letter}` } } as CouponEvent],
}));

it.each([1, 2, 3])(
  "lets the block's own order decide where a program counts nothing, whatever came first (%i)",
  async (seed) => {
    chain.land(...block);
    const blocksAsked: number[] = [];
    const { port } = chain;
    const watched = {
      ...port,
      block: (slot: number) => {
        blocksAsked.push(slot);
        return port.block(slot);
      },
    };
    const ingest = bench.ingestOf(chain.landed, [], counterless);
    const work = await bench.takeLease();
    const projector = bench.projectorOf(work, { module: counterless });
    const finalized: string[] = [];
    const check = (isShown = true) =>
      checkFinality(
        {
          ...{ db: bench.db, clock, ingest, log: silent, members: chain.members, checkSlots: 0 },
          chain: isShown ? watched : { ...port, block: () => Promise.resolve({ kind: 'not-here', code: -32_004 }) },
          onFinalized: (_, records) => finalized.push(...records.map(({ _id }) => _id)),
          onCorrected: () => {},
          onMassSuspicion: () => {},
        },
        work,
        counterless,
      );
    const title = async () => (await bench.documents(counterless))['titles']?.['P']?.['title'];
    const [last, ...others] = shuffled(block, seededRandom(seed));
    if (!last) throw new Error('unreachable');

    for (const transaction of others) {
      await ingest.take([sweepNotice(transaction)], 'confirmed');
      await bench.drain(projector);
    }
    await check(false);
    expect(finalized).toEqual([]);
    await check();
    expect(await title()).toBe(`by ${lastOf(others)}`);
    // One comes late, after the others are final.
    await ingest.take([sweepNotice(last)], 'confirmed');
    await bench.drain(projector);
    await check();
    expect(await title()).toBe(`by ${lastOf(block)}`);
    expect(finalized).toHaveLength(block.length);
    await check();
    expect(blocksAsked).toEqual([SLOT, SLOT]);
  },
);

it('puts an event in its place that was dead when its slot became final, and announces it once (I6, I7)', async () => {
  chain.land(...block);
  const last = block.at(-1);
  if (!last) throw new Error('unreachable');
  let broken = true;
  const handler = counterless.events['PromotionUpdated'];
  const module: DomainModule = {
    ...counterless,
    events: {
      ...counterless.events,
      PromotionUpdated: (event) => {
        if (broken && event.signature === last.signature) throw new Error('broken');
        return handler?.(event) ?? [];
      },
    },
  };
  const ingest = bench.ingestOf(chain.landed, [], module);
  const work = await bench.takeLease();
  const projector = bench.projectorOf(work, { module });
  const finalized: string[] = [];
  const check = () =>
    checkFinality(
      {
        ...{ db: bench.db, clock, ingest, log: silent, chain: chain.port, members: chain.members, checkSlots: 0 },
        onFinalized: (_, records) => finalized.push(...records.map(({ signature }) => signature)),
        onCorrected: () => {},
        onMassSuspicion: () => {},
      },
      work,
      module,
    );
  await ingest.take(block.map(sweepNotice), 'confirmed');
  await projector.pass();
  // Its handler has failed once and will be tried again: nothing is known of its place yet.
  await check();
  expect(finalized).not.toContain(last.signature);
  await bench.drain(projector);
  await check();
  expect([...finalized].sort()).toEqual(block.map(({ signature }) => signature).sort());
  expect(await bench.records({ state: 'dead' })).toMatchObject([
    { signature: last.signature, commitment: 'finalized' },
  ]);

  broken = false;
  await reviveDead(bench.db, [`${last.signature}/${updated.channel}/0`]);
  await check();
  await bench.drain(projector);
  await check();
  expect((await bench.documents(module))['titles']?.['P']?.['title']).toBe(`by ${lastOf(block)}`);
  expect(finalized).toHaveLength(block.length);
  expect(await bench.records({ commitment: 'confirmed' })).toEqual([]);
});

it('asks for no block where revisions decide', async () => {
  const history = generateHistory(11, 40);
  chain.land(...history.transactions);
  const ingest = bench.ingestOf(chain.landed);
  await ingest.take(history.transactions.map(sweepNotice), 'confirmed');
  const work = await bench.takeLease();
  await bench.drain(bench.projectorOf(work));
  const port = { ...chain.port, block: () => Promise.reject(new Error('nobody should ask')) };
  const hooks = { onFinalized: () => {}, onCorrected: () => {}, onMassSuspicion: () => {} };
  const sources = { chain: port, members: chain.members, checkSlots: 0 };
  const dependencies = { db: bench.db, clock, ingest, log: silent, ...sources, ...hooks };
  expect(await checkFinality(dependencies, work, coupons)).toBe(history.transactions.length);
});

/** The letter of the transaction that comes last in the block. */
function lastOf(transactions: readonly HistoryTransaction[]): string {
  const last = block.filter((transaction) => transactions.includes(transaction)).at(-1);
  return last?.signature[0] ?? '';
}
