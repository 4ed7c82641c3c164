import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { cancelReplay, readReplay } from '../../../src/ledger/replay-request.js';
import { readReplayNeeded } from '../../../src/ledger/projection-version.js';
import { assertReplaceable } from '../../../src/recovery/replay-shadow.js';
import { sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { couponsV2 } from '../../support/coupon-module-v2.js';
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
