import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepLease } from '../../../src/leases/lease-keeper.js';
import { release, renew, touchLease, tryAcquire } from '../../../src/leases/lease.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { eventually } from '../../support/eventually.js';
import { openCoreBench, silent, type CoreBench } from './core-bench.js';
import { interruptedDatabase } from './interrupted-database.js';

const NAME = 'program:test';
let bench: CoreBench;
let stop: AbortController;
beforeEach(async () => {
  bench = await openCoreBench();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await bench.close();
});

const keep = (holder: string, termMs: number, work: Parameters<typeof keepLease>[3]) =>
  keepLease({ db: bench.db, clock, log: silent, holder, termMs }, NAME, stop.signal, work);
const steal = () =>
  bench.db
    .collection<{ _id: string }>('leases')
    .updateOne({ _id: NAME }, { $set: { holder: 'thief' }, $inc: { fence: 1 } });
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

it('goes over after the term when its holder is dead, not before, and the dead one can write nothing any more (I8)', async () => {
  const termMs = 400;
  const { held: dead } = await tryAcquire(bench.db, clock, NAME, 'dead', termMs, null);
  if (!dead) throw new Error('nobody else wants it');
  const startedAt = clock.monotonic();
  let takenAt = 0;
  let fence = 0;
  const keeping = keep('successor', termMs, async ({ lease }, lost) => {
    takenAt = clock.monotonic();
    fence = lease.fence;
    await untilAborted(lost);
  });
  await eventually(() => takenAt > 0);
  expect(fence).toBe(dead.fence + 1);
  expect(takenAt - startedAt).toBeGreaterThanOrEqual(termMs);
  expect(await renew(bench.db, dead)).toBe(false);
  await expect(inTransaction(bench.client, (session) => touchLease(bench.db, dead, session))).rejects.toThrow(
    /held by another/,
  );
  stop.abort();
  await keeping;
});

it('goes over at once when it is given up', async () => {
  const { held } = await tryAcquire(bench.db, clock, NAME, 'first', 60_000, null);
  if (!held) throw new Error('nobody else wants it');
  const refused = await tryAcquire(bench.db, clock, NAME, 'second', 60_000, null);
  expect(refused.held).toBeNull();
  await release(bench.db, held);
  const taken = await tryAcquire(bench.db, clock, NAME, 'second', 60_000, null);
  expect(taken.held).toMatchObject({ holder: 'second', fence: held.fence + 1 });
});

it('has one holder at a time among many candidates, and passes through all hands (I8)', async () => {
  let holding = 0;
  let mostAtOnce = 0;
  const reigns: number[] = [];
  const fences: number[] = [];
  const keeping = ['a', 'b', 'c', 'd'].map((holder, index) =>
    keep(holder, 1_000, async ({ lease }) => {
      mostAtOnce = Math.max(mostAtOnce, (holding += 1));
      fences.push(lease.fence);
      reigns.push(index);
      await new Promise((resolve) => setImmediate(resolve));
      holding -= 1;
    }),
  );
  await eventually(() => new Set(reigns).size === 4, { timeoutMs: 40_000 });
  stop.abort();
  await Promise.all(keeping);
  expect(mostAtOnce).toBe(1);
  expect(fences).toEqual([...fences].sort((one, other) => one - other));
  expect(new Set(fences).size).toBe(fences.length);
});

it('lets a transaction that outlasts many renewals commit at its first try, and its holder stay (I8)', async () => {
  // A holder that a busy server keeps waiting for a whole term loses the lease, and rightly.
  const termMs = 2_000;
  let runs = 0;
  let stolen = false;
  let committed = false;
  const beats = async () =>
    (await bench.db.collection<{ _id: string; beat: number }>('leases').findOne({ _id: `beat:${NAME}` }))?.beat ?? 0;
  const keeping = keep('slow', termMs, async ({ lease }, lost) => {
    await inTransaction(bench.client, async (session) => {
      runs += 1;
      await bench.db.collection('leases').findOne({ _id: NAME as never }, { session });
      const begun = await beats();
      await eventually(async () => (await beats()) >= begun + 5, { timeoutMs: 30_000 });
      await touchLease(bench.db, lease, session);
    });
    committed = true;
    await untilAborted(lost);
  });
  await eventually(async () => (await bench.db.collection('leases').countDocuments({ holder: 'slow' })) === 1);
  const candidate = keep('candidate', termMs, () => {
    stolen = !stop.signal.aborted;
    return Promise.resolve();
  });
  await eventually(() => committed, { timeoutMs: 60_000 });
  expect([runs, stolen]).toEqual([1, false]);
  stop.abort();
  await Promise.all([keeping, candidate]);
});

it('takes work up again that failed', async () => {
  let runs = 0;
  const keeping = keep('only', 50, async (_, lost) => {
    runs += 1;
    if (runs === 1) throw new Error('once');
    await untilAborted(lost);
  });
  await eventually(() => runs === 2);
  stop.abort();
  await keeping;
});

it('tells its work when it is lost to another process (I8)', async () => {
  let losses = 0;
  const keeping = keep('loser', 300, async (_, lost) => {
    await steal();
    await untilAborted(lost);
    losses += 1;
  });
  await eventually(() => losses > 0);
  stop.abort();
  await keeping;
});

it('counts itself out when it cannot reach the database for a whole term, and comes back', async () => {
  let isDown = false;
  const { db } = interruptedDatabase(bench.db, () => {
    if (isDown) throw new Error('the database is away');
  });
  const fences: number[] = [];
  let lostAfterMs = 0;
  const options = { db, clock, log: silent, holder: 'cut off', termMs: 300 };
  const keeping = keepLease(options, NAME, stop.signal, async ({ lease }, lost) => {
    fences.push(lease.fence);
    isDown = fences.length === 1;
    const since = clock.monotonic();
    await untilAborted(lost);
    lostAfterMs ||= clock.monotonic() - since;
    isDown = false;
  });
  await eventually(() => fences.length === 2);
  expect(lostAfterMs).toBeGreaterThanOrEqual(200);
  expect(fences[1]).toBeGreaterThan(fences[0] ?? 0);
  stop.abort();
  await keeping;
});
