import { afterEach, beforeEach, expect, it } from 'vitest';
import { RpcError } from '../../../src/chain/rpc-error.js';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { readBackfill } from '../../../src/ledger/backfill-state.js';
import { advanceFrontier, beginFrontier, readFrontier } from '../../../src/ledger/frontier.js';
import { tryAcquire } from '../../../src/leases/lease.js';
import { systemClock, type Clock } from '../../../src/lib/clock.js';
import type { Ingest } from '../../../src/pipeline/ingest.js';
import { backfill, type BackfillDependencies, type BackfillRequest } from '../../../src/recovery/backfill.js';
import { sweep } from '../../../src/recovery/gap-filler.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { openCoreBench, silent, type CoreBench } from './core-bench.js';
import { FakeChain } from './fake-chain.js';

/** Slots from 1,000 up, several transactions in many of them. */
const { transactions } = generateHistory(12, 60);
const middle = transactions[30] as HistoryTransaction;
/** Waits a thousandth of what it is told. */
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 1_000, signal) };

let bench: CoreBench;
let chain: FakeChain;
let asked: string[];
let ingest: Ingest;
beforeEach(async () => {
  bench = await openCoreBench();
  chain = new FakeChain();
  chain.land(...transactions);
  asked = [];
  ingest = bench.ingestOf(chain.landed, asked);
});
afterEach(() => bench.close());

const dependencies = (port = chain.port): BackfillDependencies => ({
  ...{ db: bench.db, clock, random: () => 0, log: silent, ingest, pageSize: 7 },
  endpoints: () => [{ name: 'one', chain: port }],
  lease: { holder: 'this one', termMs: 100_000 },
});
const run = (request: Partial<BackfillRequest> = {}, changes: Partial<BackfillDependencies> = {}) =>
  backfill({ ...dependencies(), ...changes }, coupons, {
    ...{ start: { kind: 'oldest' }, untilSlot: null, restart: false, dryRun: false },
    ...request,
  });
/** A worker that has looked at everything from `since` on. */
async function workerBegan(since: number) {
  await sweep({ ...dependencies(), startSlot: since }, coupons);
  expect(await frontier()).toEqual({ since, slot: chain.finalizedSlot });
  asked.length = 0;
}
const frontier = () => readFrontier(bench.db, coupons.name);
const stored = async () => (await bench.records()).map(({ _id }) => _id).sort();
const idsOf = (landed: readonly HistoryTransaction[]) =>
  landed
    .flatMap((transaction) => recordsOf(transaction))
    .map(({ _id }) => _id)
    .sort();

it('brings what lies before the worker began, in two agreeing walks, and joins it to complete history (I4)', async () => {
  await workerBegan(middle.slot);
  const outcome = await run({ start: { kind: 'genesis' } });
  expect(outcome).toMatchObject({
    kind: 'complete',
    span: { fromSlot: 0, toSlot: middle.slot },
    since: 0,
    joined: true,
  });
  expect(await frontier()).toEqual({ since: 0, slot: chain.finalizedSlot });
  expect(await stored()).toEqual(idsOf(transactions));
  // What the worker brought is not fetched again.
  expect(asked.length).toBe(transactions.filter(({ slot }) => slot < middle.slot).length);
  expect(await readBackfill(bench.db, coupons.name)).toBeNull();
  expect(await run()).toEqual({ kind: 'nothing-to-do', since: 0 });
});

it('inserts records that wait for the lease holder, and wakes it', async () => {
  await run();
  const records = await bench.records();
  expect(new Set(records.map(({ state, source }) => `${state} ${source}`))).toEqual(new Set(['received backfill']));
  expect(await bench.db.collection('leases').findOne({ _id: 'wake:coupons' as never })).not.toBeNull();
  // Where no worker has said where history begins, a backfill does not.
  expect(await frontier()).toBeNull();
});

it('claims nothing where a hole is left between the span and complete history (I4)', async () => {
  await workerBegan(middle.slot);
  const until = middle.slot - 2;
  expect(await run({ untilSlot: until })).toMatchObject({ kind: 'complete', joined: false, since: middle.slot });
  expect((await frontier())?.since).toBe(middle.slot);
  expect(await run({ untilSlot: middle.slot - 1 })).toMatchObject({ kind: 'complete', joined: true });
});

it('begins below what the ledger has, where the endpoint knows it, and at the head where not', async () => {
  await workerBegan(middle.slot);
  await bench.db.collection('ledger_events').updateMany({}, { $set: { commitment: 'finalized' } });
  const above = transactions.find(({ slot }) => slot > middle.slot);
  const queries: (string | undefined)[] = [];
  const { port } = chain;
  const watched: ChainPort = {
    ...port,
    signaturesFor: (address, query) => {
      queries.push(query.before);
      const isUnknown = query.before !== undefined && !chain.landed.has(query.before);
      return isUnknown ? Promise.reject(new RpcError('not-here', 'unknown')) : port.signaturesFor(address, query);
    },
  };
  const endpoints = () => [{ name: 'one', chain: watched }];
  expect(await run({}, { endpoints })).toMatchObject({ kind: 'complete', joined: true });
  expect(queries).not.toContain(undefined);
  expect(chain.landed.get(queries[0] ?? '')?.slot).toBe(above?.slot);

  await bench.db.collection('frontiers').updateOne({}, { $set: { since: middle.slot } });
  await bench.db
    .collection('ledger_events')
    .updateMany({ slot: { $gt: middle.slot } }, { $set: { signature: 'gone' } });
  queries.length = 0;
  expect(await run({}, { endpoints })).toMatchObject({ kind: 'complete', joined: true });
  expect(queries.slice(0, 2)).toEqual(['gone', undefined]);
});

it('goes on where it was stopped, with its span and its counts (I4)', async () => {
  await workerBegan(middle.slot);
  const stop = new AbortController();
  const stopped = await run(
    {},
    { signal: stop.signal, onProgress: ({ counts }) => void (counts.listed > 7 && stop.abort()) },
  );
  expect(stopped).toMatchObject({ kind: 'stopped', reason: 'told-to', resumed: false });
  const before = asked.length;
  const resumed: number[] = [];
  // The same request, though the worker has gone on meanwhile.
  const outcome = await run({}, { onResumed: ({ counts }) => resumed.push(counts.listed) });
  const old = transactions.filter(({ slot }) => slot <= middle.slot);
  expect(outcome).toMatchObject({ kind: 'complete', resumed: true, joined: true, counts: { listed: old.length } });
  expect(resumed).toHaveLength(1);
  expect(before).toBeGreaterThan(0);
  expect(asked.length).toBeLessThan(old.length + before);
  expect(await stored()).toEqual(idsOf(transactions));
});

it('refuses another request while one has not ended, unless told to begin anew', async () => {
  await run({}, { signal: AbortSignal.abort() });
  expect(await run({ untilSlot: middle.slot })).toMatchObject({ kind: 'refused' });
  expect(await run({ untilSlot: middle.slot, restart: true })).toMatchObject({ kind: 'complete', resumed: false });
  expect(await run({ untilSlot: chain.finalizedSlot + 1 })).toMatchObject({ kind: 'refused' });
  expect(await run({ start: { kind: 'slot', slot: 50 }, untilSlot: 40 })).toMatchObject({ kind: 'refused' });
});

it('counts without storing anything', async () => {
  await workerBegan(middle.slot);
  const records = (await bench.records()).length;
  const before = transactions.filter(({ slot }) => slot < middle.slot).length;
  expect(await run({ dryRun: true })).toMatchObject({ kind: 'counted', counts: { found: before, events: 0 } });
  expect(asked).toEqual([]);
  expect((await bench.records()).length).toBe(records);
  expect(await readBackfill(bench.db, coupons.name)).toBeNull();
});

it('waits out what passes, and stops for what does not (I5)', async () => {
  let failures = 3;
  const { port } = chain;
  const limping: ChainPort = {
    ...port,
    signaturesFor: (address, query) =>
      failures-- > 0 ? Promise.reject(new RpcError('rate-limited', 'slower')) : port.signaturesFor(address, query),
  };
  expect(await run({}, { endpoints: () => [{ name: 'one', chain: limping }] })).toMatchObject({ kind: 'complete' });
  chain.failing.set('finalized', new RpcError('unreachable', 'cut off'));
  expect(await run()).toMatchObject({ kind: 'stopped', reason: 'unreachable' });
  chain.failing.clear();
  expect(await run()).toMatchObject({ kind: 'complete', resumed: true });
  chain.firstAvailable = 500;
  await beginFrontier(bench.db, coupons.name, 700, new Date());
  await advanceFrontier(bench.db, coupons.name, 900, new Date());
  expect(await run({ start: { kind: 'genesis' } })).toMatchObject({ kind: 'stopped', reason: 'history-missing' });
  expect((await frontier())?.since).toBe(700);
});

it('lets what happens now pass a backlog of history: it is in the next batch', async () => {
  const live = transactions.at(-1) as HistoryTransaction;
  chain.finalizedSlot = live.slot - 1;
  await run();
  const backlog = await bench.db.collection('ledger_events').countDocuments({ state: 'received' });
  await ingest.take([{ signature: live.signature, slot: live.slot, failed: false, source: 'socket' }], 'confirmed');
  const batchSize = 20;
  expect(backlog).toBeGreaterThan(2 * batchSize);
  const applied: { readonly signature: string; readonly slot: number }[] = [];
  const projector = bench.projectorOf(await bench.takeLease(), { batchSize, applied: applied as never });
  expect(await projector.pass()).toBe(batchSize);
  expect(applied.map(({ signature }) => signature)).toContain(live.signature);
  // And history goes on: the oldest are in it too, oldest first.
  const slots = (await bench.records()).map(({ slot }) => slot);
  expect(applied[0]?.slot).toBe(Math.min(...slots));
  await bench.drain(projector);
  expect(applied.length).toBe(slots.length);
});

/** A chain whose first listing waits, as in a process that is stopped there. */
function stoppedChain() {
  let goOn = (): void => undefined;
  let arrive = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const stopped = new Promise<void>((resolve) => (arrive = resolve));
  const { port } = chain;
  const stopping: ChainPort = {
    ...port,
    signaturesFor: async (address, query) => {
      arrive();
      await held;
      return port.signaturesFor(address, query);
    },
  };
  return { endpoints: () => [{ name: 'one', chain: stopping }], stopped, goOn: () => goOn() };
}

it('refuses a second one while the first is alive, and says since when; --dry-run disturbs nobody', async () => {
  const { endpoints, stopped, goOn } = stoppedChain();
  const first = run({}, { endpoints, lease: { holder: 'the first', termMs: 100_000 } });
  await stopped;
  const before = await readBackfill(bench.db, coupons.name);
  for (const request of [{}, { restart: true }, { untilSlot: middle.slot }]) {
    const second = await run(request);
    expect(second).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(/coupons.* since 20.*the first.*alive/) as string,
    });
  }
  expect(await run({ dryRun: true })).toMatchObject({ kind: 'counted' });
  expect(await readBackfill(bench.db, coupons.name)).toEqual(before);
  goOn();
  expect(await first).toMatchObject({ kind: 'complete', resumed: false });
  expect(await stored()).toEqual(idsOf(transactions));
});

it('takes a dead one over after its term (I8)', async () => {
  await run({}, { signal: AbortSignal.timeout(0), onProgress: () => undefined });
  const { stopped, endpoints } = stoppedChain();
  void run({}, { endpoints, lease: { holder: 'the dead one', termMs: 1e9 } });
  await stopped;
  const begunMs = performance.now();
  expect(await run({}, { lease: { holder: 'the next one', termMs: 400 } })).toMatchObject({
    kind: 'complete',
    resumed: true,
  });
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(400);
});

it('one that was stopped and goes on late changes nothing of what came after it, and says so (I8)', async () => {
  const { endpoints, stopped, goOn } = stoppedChain();
  // It never learns by its renewals that its lease is gone.
  const late = run({}, { endpoints, lease: { holder: 'the late one', termMs: 1e9 } });
  await stopped;
  const other = { start: { kind: 'slot', slot: middle.slot }, restart: true } as const;
  const halt = new AbortController();
  await run(other, {
    lease: { holder: 'the next one', termMs: 0 },
    signal: halt.signal,
    onProgress: ({ counts }) => void (counts.listed > 7 && halt.abort()),
  });
  const kept = await readBackfill(bench.db, coupons.name);
  expect(kept?.walks.fromSlot).toBe(middle.slot);
  goOn();
  expect(await late).toMatchObject({
    kind: 'stopped',
    reason: 'taken-over',
    detail: expect.stringContaining('coupons') as string,
  });
  expect(await readBackfill(bench.db, coupons.name)).toEqual(kept);
  // The one that was given up is taken at once.
  expect((await tryAcquire(bench.db, clock, 'backfill:coupons', 'anybody', 100_000, null)).held).not.toBeNull();
});
