import type { Keypair } from '@solana/web3.js';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startChild, type WorkerChild } from '../../scripts/drill/worker-child.js';
import { CouponsClient } from '../../src/dev/coupons-client.js';
import { startFaultProxy, type FaultProxy } from '../../src/dev/fault-proxy/fault-proxy.js';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import { createTestChain, type TestChain } from '../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/eventually.js';

vi.setConfig({ testTimeout: 240_000 });
/** A process that loads everything: seconds, on a busy machine many. */
const START = { timeoutMs: 90_000 };
const LEASE_TERM_MS = 2_000;
/** Between two passes, in seconds. */
const INTERVAL_S = 3;

type Run = { _id: string; state: string; by: string; startedAt: Date; endedAt: Date | null } & Record<string, unknown>;

type Named = { _id: string; name: string };

let chain: TestChain;
let proxy: FaultProxy;
let database: TestDatabase;
let client: mongo.MongoClient;
let db: mongo.Db;
let merchant: string;
const children: WorkerChild[] = [];

beforeAll(async () => {
  chain = await createTestChain({ programs: ['coupons'] });
  proxy = await startFaultProxy({ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl });
  database = await createTestDatabase();
  client = await new mongo.MongoClient(database.uri).connect();
  db = client.db(database.name);
  const [authority] = (await chain.fundedKeypairs(1)) as [Keypair];
  const coupons = new CouponsClient(chain.rpcUrl, chain.wsUrl);
  await coupons.registerMerchant(authority, 'Fleet', 'a.b');
  await coupons.createPromotion(authority, { title: 'One' });
  merchant = coupons.at.merchant(authority.publicKey).toBase58();
});
afterAll(async () => {
  for (const child of children) for (const signal of ['SIGCONT', 'SIGKILL'] as const) child.kill(signal);
  await Promise.all(children.map((child) => child.ended));
  await client.close();
  await proxy.stop();
  await database.drop();
  await chain.stop();
});

function start(name: 'event-listener.worker' | 'reconcile.worker'): WorkerChild {
  const child = startChild(process.execPath, nodeArguments(`../../workers/${name}`, import.meta.url), {
    ...{ SOLANA_RPC_URL: proxy.rpcUrl, SOLANA_WS_URL: proxy.wsUrl },
    ...{ MONGODB_URI: database.uri, MONGODB_DATABASE: database.name, SWEEP_INTERVAL_MS: '500' },
    PROGRAMS: 'coupons',
    ...{ LEASE_TERM_MS: String(LEASE_TERM_MS), RECONCILE_SCHEDULE: `*/${INTERVAL_S} * * * * *` },
    // One look at everything, at the beginning.
    RECONCILE_FULL_INTERVAL_MS: '86400000',
  });
  children.push(child);
  return child;
}

const runs = () => db.collection<Run>('reconcile_runs').find().sort({ startedAt: 1 }).toArray();
const pidOf = ({ by }: Pick<Run, 'by'>) => Number(by.split(':')[1]);
const ended = (all: readonly Run[], by: readonly WorkerChild[]) =>
  all.filter((run) => run.state === 'done' && by.some(({ pid }) => pid === pidOf(run)));

it('of a fleet one process makes one pass an interval; one that froze changes nothing of it afterwards, and an event worker steps in (003-10, 003-16, I8)', async () => {
  const workers = [start('event-listener.worker'), start('event-listener.worker')];
  const reconcilers = [start('reconcile.worker'), start('reconcile.worker')];
  const all = [...workers, ...reconcilers];
  const isUp = () => {
    for (const one of all) if (one.output().includes('cannot start')) throw new Error(one.output());
    return true;
  };
  await eventually(async () => isUp() && ended(await runs(), reconcilers).length >= 3, START);

  // One pass in each interval, by one process at a time.
  const before = (await runs()).filter((run) => reconcilers.some(({ pid }) => pid === pidOf(run)));
  const intervals = before.map(({ startedAt }) => Math.floor(startedAt.getTime() / 1_000 / INTERVAL_S));
  expect(new Set(intervals).size).toBe(intervals.length);
  expect(new Set(before.map(pidOf)).size).toBe(1);

  // The one that makes them freezes in the middle of one that has something to put right.
  const frozen = reconcilers.find(({ pid }) => pid === pidOf(before[0] as Run)) as WorkerChild;
  const successor = reconcilers.find((one) => one !== frozen) as WorkerChild;
  await db.collection<Named>('merchants').updateOne({ _id: merchant }, { $set: { name: 'damaged' } });
  let isFrozen = false;
  proxy.onRpc('getMultipleAccounts', (_, forward) => {
    isFrozen = true;
    frozen.kill('SIGSTOP');
    return forward();
  });
  await eventually(() => isFrozen, { timeoutMs: 30_000 });
  const cut = (await db.collection<Run>('reconcile_runs').findOne({ state: 'running' })) as Run;
  proxy.heal();
  await eventually(async () => ended(await runs(), [successor]).length > 0, { timeoutMs: 60_000 });
  const nameOf = async () => (await db.collection<Named>('merchants').findOne({ _id: merchant }))?.name;
  await eventually(async () => (await nameOf()) === 'Fleet', { timeoutMs: 60_000 });
  const left = await db.collection<Run>('reconcile_runs').findOne({ _id: cut._id });
  expect(left).toMatchObject({ state: 'interrupted', error: 'the process that made it is gone' });
  const observations = () => db.collection('ledger_events').countDocuments({ kind: 'observation' });
  const known = await observations();
  frozen.kill('SIGCONT');
  await eventually(() => frozen.output().includes('lease lost') || frozen.output().includes('LeaseLost'), {
    timeoutMs: 60_000,
  });
  const since = ended(await runs(), [successor]).length;
  await eventually(async () => ended(await runs(), [successor]).length > since, { timeoutMs: 60_000 });
  expect(await db.collection<Run>('reconcile_runs').findOne({ _id: cut._id })).toEqual(left);
  expect(await observations()).toBe(known);

  // No reconcile worker lives: an event worker reconciles.
  for (const child of reconcilers) child.kill('SIGKILL');
  await eventually(async () => ended(await runs(), workers).length >= 2, { timeoutMs: 90_000 });
  const stepped = ended(await runs(), workers);
  expect(new Set(stepped.map(pidOf)).size).toBe(1);
});
