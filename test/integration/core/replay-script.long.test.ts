import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEventWorker } from '../../../src/app/event-worker.js';
import { layFoundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { release } from '../../../src/leases/lease.js';
import { readListenerStatus } from '../../../src/ledger/listener-status.js';
import { readReplay } from '../../../src/ledger/replay-request.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { runScript } from '../../e2e/run-script.js';
import { generateHistory } from '../../support/coupon-history.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { openCoreBench, type CoreBench } from './core-bench.js';
import { build } from './replay-bench.js';

let bench: CoreBench;
let chain: TestChain;
beforeAll(async () => {
  [bench, chain] = await Promise.all([openCoreBench(), createTestChain({ programs: ['coupons'] })]);
});
afterAll(async () => {
  await bench.close();
  await chain.stop();
});

const { transactions } = generateHistory(11, 40);

it('npm run replay: does it itself where no worker lives, else the worker does, and a worker says it is needed (003-11, X-6)', async () => {
  const work = await build(bench, coupons, transactions);
  await release(bench.db, work.lease);
  const before = await bench.documents();
  const merchants = bench.db.collection<{ _id: string }>('merchants');
  const spoil = async () => {
    const [merchant] = await merchants.find().toArray();
    await merchants.updateOne({ _id: merchant?._id ?? '' }, { $set: { name: 'spoilt' } });
  };
  const environment = {
    ...{ MONGODB_URI: bench.uri, MONGODB_DATABASE: bench.name, SOLANA_RPC_URL: chain.rpcUrl, LEASE_TERM_MS: '2000' },
  };
  const run = async (...args: string[]) => {
    const end = await runScript('replay', ['--program', 'coupons', '--json', ...args], environment);
    return { ...end, json: JSON.parse(end.lastLine) as unknown };
  };
  expect((await run('--dry-run')).code).toBe(0);
  await spoil();
  const rehearsed = await run('--dry-run');
  expect(rehearsed, rehearsed.stderr).toMatchObject({ code: 1, json: { differing: 1, failing: 0 } });
  expect(rehearsed.stdout).toContain('spoilt →');
  expect(await bench.documents()).not.toEqual(before);
  const alone = await run();
  expect(alone, alone.stderr).toMatchObject({ code: 0, json: { state: 'done', problems: [] } });
  expect(alone.stdout).toContain('this process does the replay');
  expect(await bench.documents()).toEqual(before);

  await bench.db.collection<{ _id: string }>('projections').updateOne({ _id: 'coupons' }, { $set: { versions: [7] } });
  const config = readConfig({ MONGODB_DATABASE: bench.name, LOG_LEVEL: 'silent', LEASE_TERM_MS: '2000' });
  const endpoints = { rpcUrls: [chain.rpcUrl], wsUrls: [chain.wsUrl], mongodbUri: bench.uri };
  const foundation = await layFoundation(config, endpoints, [coupons], createLogger(config), createMetrics());
  const worker = startEventWorker(foundation, endpoints);
  try {
    const needed = async () => (await readListenerStatus(bench.db, 'coupons'))?.replayNeeded;
    await eventually(async () => (await needed())?.documents === 7, { timeoutMs: 20_000 });
    expect(await needed()).toEqual({ documents: 7, module: 1 });
    await spoil();
    const watched = await run();
    expect(watched, watched.stderr).toMatchObject({ code: 0, json: { state: 'done' } });
    expect(watched.stdout).not.toContain('this process does the replay');
    expect(await bench.documents()).toEqual(before);
    await eventually(async () => (await needed()) === null, { timeoutMs: 20_000 });
  } finally {
    await worker.stop();
    await foundation.close();
  }
  expect((await readReplay(bench.db, 'coupons'))?.state).toBe('done');
  const swapping = { state: 'running', phase: 'swap', cursor: ['swapping'] };
  await bench.db.collection<{ _id: string }>('replays').updateOne({ _id: 'coupons' }, { $set: swapping });
  const late = await run('--cancel');
  expect(late).toMatchObject({ code: 1, json: { cancelled: false, swapping: true } });
  expect(late.stdout).toContain('exchanging the collections');
  expect(await runScript('replay', ['--program', 'nobody'], environment)).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('Installed are: coupons') as string },
  });
}, 600_000);
