import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createIngest } from '../../../src/app/create-ingest.js';
import { TransactionFetcher } from '../../../src/chain/transaction-fetcher.js';
import { readFrontier } from '../../../src/ledger/frontier.js';
import { backfill } from '../../../src/recovery/backfill.js';
import { eventually } from '../../support/eventually.js';
import { expectDocumentsEqualChain, NOT_ARCHIVED, openWorkerBench, type WorkerBench } from './worker-bench.js';

let bench: WorkerBench;
beforeAll(async () => {
  bench = await openWorkerBench();
});
afterAll(() => bench.close());

it('brings what happened before a worker began, while the worker goes on, until the documents equal the accounts (I4, 000-6)', async () => {
  const { client, chain } = bench;
  const [authority, alice] = (await chain.fundedKeypairs(2)) as [Keypair, Keypair];
  const early = [(await client.registerMerchant(authority, 'Early', 'food')).signature];
  early.push((await client.createPromotion(authority, { title: 'Before' })).signature);
  const promotion = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  early.push((await client.mintCouponsBatch(authority, promotion, [alice.publicKey, alice.publicKey], 0)).signature);
  const begin = await chain.connection.getSlot('confirmed');
  await eventually(async () => (await chain.connection.getSlot('confirmed')) > begin, { timeoutMs: 20_000 });

  const worker = await bench.startWorker({ START_SLOT: String(begin + 1) });
  const { foundation } = worker;
  const { mongo, pool, machine, log } = foundation;
  const late = [(await client.mintCoupon(authority, promotion, alice.publicKey, 2)).signature];
  await worker.allFinal(late);
  await eventually(async () => (await readFrontier(mongo.db, 'coupons'))?.since === begin + 1, { timeoutMs: 30_000 });
  expect(await worker.records({ signature: { $in: early } })).toEqual([]);

  const [installed] = foundation.modules;
  if (!installed) throw new Error('the worker has no program');
  const { background } = pool;
  const { clock, random } = machine;
  const fetcher = new TransactionFetcher({ chain: background.chain, history: background.chain, clock, random });
  const outcome = await backfill(
    {
      ...{ db: mongo.db, log, clock, random, ingest: createIngest(foundation, installed, fetcher) },
      ...{ lease: { holder: machine.holder, termMs: 10_000 }, pageSize: 1_000 },
      endpoints: () => background.members,
    },
    installed.module,
    { start: { kind: 'oldest' }, untilSlot: null, restart: false, dryRun: false },
  );
  expect(outcome).toMatchObject({ kind: 'complete', joined: true });
  await worker.allFinal(early);
  expect((await readFrontier(mongo.db, 'coupons'))?.since).toBeLessThanOrEqual(begin);
  const brought = await worker.records({ signature: { $in: early }, ...NOT_ARCHIVED });
  expect(new Set(brought.map(({ source }) => source))).toEqual(new Set(['backfill']));
  expect(await expectDocumentsEqualChain(bench, worker)).toBeGreaterThan(3);
}, 600_000);
