import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readListenerStatus } from '../../../src/ledger/listener-status.js';
import { eventually } from '../../support/eventually.js';
import type { RunningWorker } from './running-worker.js';
import { expectDocumentsEqualChain, openWorkerBench, type WorkerBench } from './worker-bench.js';

const CONFIRMATIONS = 20;
let bench: WorkerBench;
let worker: RunningWorker;
let users: Keypair[];

beforeAll(async () => {
  bench = await openWorkerBench();
  worker = await bench.startWorker({
    ...{ SOURCE: 'polling', POLLING_INTERVAL_MS: '300', COUPONS_CONFIRMATIONS: String(CONFIRMATIONS) },
    // Only the first sweep, and one after each hole: what comes in between comes by polling.
    SWEEP_INTERVAL_MS: '3600000',
    // The outage lasts longer than blocks are compared by default.
    REORG_CHECK_SLOTS: '100000',
  });
  users = await bench.chain.fundedKeypairs(2);
});
afterAll(() => bench.close());

it('brings everything to its documents and to finality without any WebSocket, through an outage as well (001-2)', async () => {
  const [authority, alice] = users as [Keypair, Keypair];
  const { client } = bench;
  const sent: string[] = [];
  const send = async (landing: Promise<{ readonly signature: string }>) => void sent.push((await landing).signature);
  await send(client.registerMerchant(authority, 'Polled'));
  await send(client.createPromotion(authority));
  const promotion = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  await send(client.mintCoupon(authority, promotion, alice.publicKey, 0));
  await worker.allFinal(sent);

  bench.proxy.halfOpen();
  await eventually(() => !worker.worker.status().live, { timeoutMs: 60_000 });
  await send(client.ratePromotion(alice, promotion, 4));
  bench.proxy.heal();
  await send(client.addComment(alice, promotion, 'nobody told you', 0));
  const records = await worker.allFinal(sent, 120_000);
  await expectDocumentsEqualChain(bench, worker);

  // The sweep that the end of a hole asks for may be the quicker one; no socket was.
  const sources = new Set<string>(records.map(({ source }) => source));
  expect(sources).toContain('polling');
  sources.delete('polling');
  expect([[], ['sweep']]).toContainEqual([...sources]);
  expect(bench.proxy.counters.connectionsOpened).toBe(0);
  // What was swallowed is given up after the time-out of a request.
  await eventually(() => worker.worker.status().live, { timeoutMs: 60_000 });
  expect(worker.worker.status().subscriptionIds).toEqual({});
  // Each with its block (000-2, 000-5).
  for (const { blockhash, blockTime } of records) {
    expect(blockhash).toMatch(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/);
    // Surfnet tells none that is true (chain-answers.ts).
    expect(blockTime === null || Math.abs(Date.now() - blockTime.getTime()) < 3_600_000).toBe(true);
  }
}, 600_000);

it('lets an event wait for its confirmations, and says so (001-3)', async () => {
  const [authority, alice] = users as [Keypair, Keypair];
  const { client } = bench;
  const promotion = client.at.promotion(client.at.merchant(authority.publicKey), 1n);
  const { signature } = await client.ratePromotion(alice, promotion, 1);
  await eventually(async () => (await worker.records({ signature, state: 'received' })).length === 1, {
    everyMs: 20,
    timeoutMs: 30_000,
  });
  await eventually(async () => (await worker.records({ signature, state: 'applied' })).length === 1, {
    timeoutMs: 60_000,
  });
  const [record] = await worker.records({ signature });
  const head = await bench.chain.connection.getSlot('confirmed');
  expect(head).toBeGreaterThanOrEqual((record?.slot ?? Infinity) + CONFIRMATIONS);
  const status = await readListenerStatus(worker.foundation.mongo.db, 'coupons');
  expect(status).toMatchObject({ confirmations: CONFIRMATIONS, subscriptionId: null, massSuspicion: null });
}, 600_000);
