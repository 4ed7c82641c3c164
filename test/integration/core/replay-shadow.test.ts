import type { mongo } from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { cancelReplay, readReplay } from '../../../src/ledger/replay-request.js';
import { StaleFenceError } from '../../../src/leases/lease.js';
import { readReplayNeeded } from '../../../src/ledger/projection-version.js';
import { assertReplaceable } from '../../../src/recovery/replay-shadow.js';
import { sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { couponsV2 } from '../../support/coupon-module-v2.js';
import { eventually } from '../../support/eventually.js';
import { bySignature, openCoreBench, type CoreBench } from './core-bench.js';
import { interruptedDatabase } from './interrupted-database.js';
import { ask, build, deadIds, fromScratch, replayerOf } from './replay-bench.js';

let bench: CoreBench;
beforeEach(async () => {
  bench = await openCoreBench();
});
afterEach(() => bench.close());

const never = new AbortController().signal;
const { transactions } = generateHistory(11, 100);

async function shadowsLeft(): Promise<string[]> {
  const all = await bench.db.listCollections({}, { nameOnly: true }).toArray();
  return all.map(({ name }) => name).filter((name) => name.includes('__shadow'));
}

it('builds beside the live collections, catches up with what came meanwhile, and swaps (X-6, I6)', async () => {
  const early = transactions.filter((_, position) => position % 3 !== 0);
  const later = transactions.filter((_, position) => position % 3 === 0);
  const work = await build(bench, coupons, early);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  const indexesBefore = await bench.db.collection('coupons').indexes();
  await ask(bench.db, couponsV2, { shadow: true });
  const projector = bench.projectorOf(work, { module: couponsV2 });
  const ingest = bench.ingestOf(bySignature(transactions), [], couponsV2, () => projector);
  const phases = new Set<string>();
  const sizes = new Set<number>();
  const replaying = replayerOf(bench.db, couponsV2, work, 5).run(never);
  for (const transaction of later) {
    await ingest.take([sweepNotice(transaction)], 'confirmed');
    await projector.pass();
    phases.add((await readReplay(bench.db, 'coupons'))?.phase ?? '');
    sizes.add(await bench.db.collection('coupons').countDocuments());
  }
  await replaying;
  await bench.drain(projector);
  expect(phases.size).toBeGreaterThan(1);
  // The live collection never was empty or half full.
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  expect(await deadIds(bench)).toEqual(expected.dead);
  expect(await readReplay(bench.db, 'coupons')).toMatchObject({ state: 'done', problems: [] });
  expect(await readReplayNeeded(bench.db, 'coupons', 2)).toBeNull();
  expect(await shadowsLeft()).toEqual([]);
  const keys = (indexes: { key: object }[]) => indexes.map(({ key }) => JSON.stringify(key)).sort();
  expect(keys(await bench.db.collection('coupons').indexes())).toEqual(keys(indexesBefore));
});

it('is resumed wherever it stops, in the middle of the swap too, before anything is projected (I2, I3)', async () => {
  const work = await build(bench, coupons, transactions);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2, { shadow: true });
  // The process dies after some of the collections were exchanged.
  let renames = 0;
  const dying = new Proxy(bench.db, {
    get(target, property) {
      if (property === 'renameCollection') {
        return (...args: Parameters<typeof target.renameCollection>) => {
          // The first one proves that the server can.
          if ((renames += 1) === 4) throw new Error('killed');
          return target.renameCollection(...args);
        };
      }
      const member = Reflect.get(target, property, target) as unknown;
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
  await expect(replayerOf(dying, couponsV2, work, 50).run(never)).rejects.toThrow('killed');
  expect((await shadowsLeft()).length).toBe(couponsV2.models.length - 2);
  expect(await cancelReplay(bench.db, 'coupons', new Date())).toBe(false);
  // As the process that lives on: what comes is stored, and not projected into half a version.
  const late = { ...(transactions[0] as (typeof transactions)[0]), signature: 'late', slot: 9_000 };
  await bench.ingestOf(bySignature([late]), [], couponsV2).take([sweepNotice(late)], 'confirmed');
  await expect(bench.projectorOf(work, { module: couponsV2 }).pass()).rejects.toThrow('exchanged');
  expect(await bench.records({ signature: 'late', state: 'received' })).not.toHaveLength(0);

  const next = await bench.takeLease('the next one');
  await next.exclusive(() => replayerOf(bench.db, couponsV2, next).prepare());
  expect(await shadowsLeft()).toEqual([]);
  expect(await readReplay(bench.db, 'coupons')).toMatchObject({ state: 'done' });
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
});

it('is resumed wherever it stops before the swap, and what came in between under another holder is in it', async () => {
  const early = transactions.slice(10);
  const work = await build(bench, coupons, early);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2, { shadow: true });
  for (let stops = 0; stops < 4; stops++) {
    let operations = 0;
    const { db } = interruptedDatabase(bench.db, () => {
      if ((operations += 1) === 40 + stops * 7) throw new Error('crash');
    });
    await replayerOf(db, couponsV2, work)
      .run(never)
      .catch(() => undefined);
  }
  expect((await readReplay(bench.db, 'coupons'))?.state).toBe('running');
  const next = await bench.takeLease('the next one');
  const replayer = replayerOf(bench.db, couponsV2, next);
  await next.exclusive(() => replayer.prepare());
  // Late ones, between taking the lease and going on with the replay.
  const ingest = bench.ingestOf(bySignature(transactions), [], couponsV2);
  await ingest.take(transactions.slice(0, 10).map(sweepNotice), 'confirmed');
  await bench.drain(bench.projectorOf(next, { module: couponsV2 }));
  await replayer.run(never);
  expect(await readReplay(bench.db, 'coupons')).toMatchObject({ state: 'done', problems: [] });
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
});

it("is refused where other people's fields or documents would be lost (X-7)", async () => {
  const work = await build(bench, coupons, transactions.slice(0, 30));
  const before = await bench.documents();
  await assertReplaceable(bench.db, coupons);
  const [promotion] = Object.keys(before['promotions'] ?? {});
  const promotions = bench.db.collection<{ _id: string }>('promotions');
  await promotions.updateOne({ _id: promotion ?? '' }, { $set: { banner: 'mine' } });
  await expect(assertReplaceable(bench.db, coupons)).rejects.toThrow(/banner.*in place/s);
  await ask(bench.db, coupons, { shadow: true });
  await replayerOf(bench.db, coupons, work).run(never);
  expect(await readReplay(bench.db, 'coupons')).toMatchObject({
    ...{ state: 'cancelled', problems: [expect.stringContaining('banner') as string] },
  });
  expect(await shadowsLeft()).toEqual([]);
  await promotions.updateOne({ _id: promotion ?? '' }, { $unset: { banner: '' } });
  await promotions.insertOne({ _id: 'brought' });
  await expect(assertReplaceable(bench.db, coupons)).rejects.toThrow('brought was not made by it');
});

it('cancelled, it leaves nothing behind and nobody listening', async () => {
  const work = await build(bench, coupons, transactions);
  const before = await bench.documents();
  await ask(bench.db, coupons, { shadow: true });
  const replayer = replayerOf(bench.db, coupons, work, 3);
  const stop = new AbortController();
  const running = replayer.run(stop.signal);
  while ((await shadowsLeft()).length < coupons.models.length) await new Promise((resolve) => setImmediate(resolve));
  await cancelReplay(bench.db, 'coupons', new Date());
  await running;
  expect(await shadowsLeft()).toEqual([]);
  expect(await bench.documents()).toEqual(before);
});

/** A database whose `nth` call of `method` waits until it is let go on, as in a process that is stopped there. */
function stoppedAt(db: mongo.Db, method: 'renameCollection' | 'listCollections', nth: number) {
  let calls = 0;
  let goOn = (): void => undefined;
  let arrive = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const stopped = new Promise<void>((resolve) => (arrive = resolve));
  const stopping = new Proxy(db, {
    get(target, property) {
      const member = Reflect.get(target, property, target) as unknown;
      if (typeof member !== 'function') return member;
      const call = (member as (...args: unknown[]) => unknown).bind(target);
      if (property !== method) return call;
      const turn = async () => {
        if ((calls += 1) !== nth) return;
        arrive();
        await held;
      };
      if (property === 'renameCollection') return (...args: unknown[]) => turn().then(() => call(...args));
      return (...args: Parameters<typeof db.listCollections>) => ({
        toArray: () => turn().then(() => target.listCollections(...args).toArray()),
      });
    },
  });
  return { db: stopping, stopped, goOn: () => goOn() };
}

/** Works on a replay until it has taken in some records or made some documents, and not much further. */
async function runSome(
  replayer: ReturnType<typeof replayerOf>,
  until: 'records' | 'documents' = 'records',
): Promise<void> {
  const stop = new AbortController();
  const running = replayer.run(stop.signal);
  await eventually(async () => ((await readReplay(bench.db, 'coupons'))?.counts[until] ?? 0) > 0);
  stop.abort();
  await running;
}

it('exchanges no half-built shadow when a holder that was stopped before an exchange goes on late (I8)', async () => {
  const work = await build(bench, coupons, transactions);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2, { shadow: true });
  // The first rename proves that the server can.
  const frozen = stoppedAt(bench.db, 'renameCollection', 2);
  const late = replayerOf(frozen.db, couponsV2, work, 50)
    .run(never)
    .catch((error: unknown) => error);
  await frozen.stopped;

  const next = await bench.takeLease('the next one');
  const replayer = replayerOf(bench.db, couponsV2, next, 3);
  await next.exclusive(() => replayer.prepare());
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  await ask(bench.db, couponsV2, { shadow: true });
  await runSome(replayer);
  expect((await readReplay(bench.db, 'coupons'))?.phase).toBe('records');
  frozen.goOn();
  expect(await late).toBeInstanceOf(StaleFenceError);
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  expect(await shadowsLeft()).toHaveLength(couponsV2.models.length);
  await replayer.run(never);
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  expect(await shadowsLeft()).toEqual([]);
});

it('drops nothing of the same replay when a holder that was stopped while it began goes on late (I8)', async () => {
  const work = await build(bench, coupons, transactions);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2, { shadow: true });
  const frozen = stoppedAt(bench.db, 'listCollections', 1);
  const late = replayerOf(frozen.db, couponsV2, work, 50)
    .run(never)
    .catch((error: unknown) => error);
  await frozen.stopped;
  const next = await bench.takeLease('the next one');
  const replayer = replayerOf(bench.db, couponsV2, next, 3);
  await next.exclusive(() => replayer.prepare());
  await runSome(replayer, 'documents');
  frozen.goOn();
  expect(await late).toBeInstanceOf(StaleFenceError);
  await replayer.run(never);
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  expect(await shadowsLeft()).toEqual([]);
});

it.each([true, false])(
  'drops the shadows of a cancelled one when another replay is asked for at once (shadow: %s)',
  async (shadow) => {
    const work = await build(bench, coupons, transactions);
    const expected = await fromScratch(couponsV2, transactions);
    await bench.db.collection('sellers').findOne();
    await ask(bench.db, couponsV2, { shadow: true });
    const replayer = replayerOf(bench.db, couponsV2, work, 3);
    await runSome(replayer);
    const before = new Set(await shadowsLeft());
    await cancelReplay(bench.db, 'coupons', new Date());
    await ask(bench.db, couponsV2, { shadow });
    await runSome(replayer);
    expect((await shadowsLeft()).filter((name) => before.has(name))).toEqual([]);
    await replayer.run(never);
    expect(await shadowsLeft()).toEqual([]);
    expect(await bench.documents(couponsV2)).toEqual(expected.documents);
    // Nobody goes on listening to what is projected.
    const projector = bench.projectorOf(work, { module: couponsV2 });
    const late = { ...(transactions[0] as (typeof transactions)[0]), signature: 'late', slot: 9_000 };
    await bench.ingestOf(bySignature([late]), [], couponsV2).take([sweepNotice(late)], 'confirmed');
    await bench.drain(projector);
    expect(await bench.db.collection('replay_queue').countDocuments()).toBe(0);
  },
);
