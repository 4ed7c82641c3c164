import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { StaleFenceError } from '../../../src/leases/lease.js';
import { noteProjectingVersion, readReplayNeeded } from '../../../src/ledger/projection-version.js';
import { cancelReplay, readReplay } from '../../../src/ledger/replay-request.js';
import { rehearseReplay } from '../../../src/recovery/replay-rehearsal.js';
import { simpleFold } from '../../support/coupon-history-oracle.js';
import { couponsCodec, recordsOf, sweepNotice } from '../../support/coupon-history-render.js';
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

it.each([1, 2, 3])('a replay by the same handlers changes nothing, of whatever history (I6) [%i]', async (seed) => {
  const { transactions } = generateHistory(seed, 60);
  const work = await build(bench, coupons, transactions);
  const before = await bench.documents();
  expect(before).toEqual(simpleFold(transactions.flatMap((transaction) => [...recordsOf(transaction)])));
  const { differing, failing } = await rehearseReplay(bench.db, coupons, couponsCodec, null);
  expect({ differing, failing }).toEqual({ differing: 0, failing: 0 });
  await ask(bench.db, coupons);
  await replayerOf(bench.db, coupons, work).run(never);
  expect(await bench.documents()).toEqual(before);
  const { state, counts, problems } = (await readReplay(bench.db, 'coupons')) ?? {};
  expect({ state, problems }).toEqual({ state: 'done', problems: [] });
  const records = transactions.flatMap(({ events }) => events).length;
  expect(counts).toMatchObject({ records, removed: 0, settled: 0, dead: 0, decoded: 0 });
  expect(await bench.db.collection('replay_queue').countDocuments()).toBe(0);
});

const history = generateHistory(11, 160);
const { transactions } = history;

it('after a change of handlers everything is what they would have made from the start (X-6, I6)', async () => {
  const work = await build(bench, coupons, transactions);
  const expected = await fromScratch(couponsV2, transactions);
  expect(expected.dead.length).toBeGreaterThan(0);
  expect(await bench.documents(couponsV2)).not.toEqual(expected.documents);

  await bench.db.collection('sellers').findOne();
  expect(await noteProjectingVersion(bench.db, 'coupons', 2)).toEqual({ documents: 1, module: 2 });
  const rehearsal = await rehearseReplay(bench.db, couponsV2, couponsCodec, null);
  await ask(bench.db, couponsV2);
  await replayerOf(bench.db, couponsV2, work).run(never);

  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  expect(await deadIds(bench)).toEqual(expected.dead);
  expect(await bench.records({ state: 'dead' })).toMatchObject(
    expected.dead.map(() => ({ error: 'three is too many', appliedAt: null })),
  );
  expect(await readReplayNeeded(bench.db, 'coupons', 2)).toBeNull();
  expect(await readReplayNeeded(bench.db, 'coupons', 1)).toEqual({ documents: 2, module: 1 });
  expect(rehearsal).toMatchObject({ failing: expected.dead.length });
  const sellers = rehearsal.collections.find(({ collection }) => collection === 'sellers');
  expect(sellers).toMatchObject({ create: Object.keys(expected.documents['sellers'] ?? {}).length });
  expect(await rehearseReplay(bench.db, couponsV2, couponsCodec, null)).toMatchObject({ differing: 0, failing: 0 });
});

it('back to the older handlers: what only the newer ones made goes (I6)', async () => {
  const work = await build(bench, couponsV2, transactions);
  const expected = await fromScratch(coupons, transactions.slice(0, 90));
  // What is dead is no part of a replay: those the older handlers take are revived by a retry, not by it.
  const dead = new Set(await deadIds(bench));
  await ask(bench.db, coupons);
  await replayerOf(bench.db, coupons, work).run(never);
  const applied = transactions.flatMap((one) => [...recordsOf(one)]).filter(({ _id }) => !dead.has(_id));
  expect(await bench.documents()).toEqual(simpleFold(applied));
  expect(Object.keys(expected.documents['sales'] ?? {}).length).toBeGreaterThan(0);
  const replay = await readReplay(bench.db, 'coupons');
  expect(replay?.problems).toEqual([expect.stringContaining('sellers') as string]);
});

it('goes on where it was killed, again and again, and never doubles a bite (I2, I3)', async () => {
  await build(bench, coupons, transactions);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2);
  const total = transactions.flatMap(({ events }) => events).length;
  let lastSeen = 0;
  const script = nodeArguments('./replaying-process', import.meta.url);
  for (let kills = 0; kills < 3; kills++) {
    const child = spawn(process.execPath, [...script, bench.uri, bench.name], { stdio: 'inherit' });
    const exited = once(child, 'exit');
    await eventually(
      async () => {
        const replay = await readReplay(bench.db, 'coupons');
        const done = (replay?.counts.records ?? 0) + (replay?.counts.documents ?? 0);
        return done > lastSeen && (lastSeen = done);
      },
      { timeoutMs: 30_000, everyMs: 5 },
    );
    child.kill('SIGKILL');
    await exited;
  }
  const work = await bench.takeLease('after the kills');
  await eventually(
    async () => {
      await replayerOf(bench.db, couponsV2, work).run(never);
      return (await readReplay(bench.db, 'coupons'))?.state === 'done';
    },
    { timeoutMs: 90_000 },
  );
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  expect(await deadIds(bench)).toEqual(expected.dead);
  expect((await readReplay(bench.db, 'coupons'))?.counts.records).toBe(total);
}, 600_000);

it('live ingest goes on meanwhile, late events too, and both end at the fold of everything (I3, I6)', async () => {
  const early = transactions.filter((_, position) => position % 3 !== 0);
  const later = transactions.filter((_, position) => position % 3 === 0);
  const work = await build(bench, coupons, early);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2);
  const projector = bench.projectorOf(work, { module: couponsV2 });
  const ingest = bench.ingestOf(bySignature(transactions), [], couponsV2, () => projector);
  const seen: number[] = [];
  const replaying = replayerOf(bench.db, couponsV2, work, 5).run(never);
  for (let start = 0; start < later.length; start += 5) {
    await ingest.take(later.slice(start, start + 5).map(sweepNotice), 'confirmed');
    await projector.pass();
    seen.push((await readReplay(bench.db, 'coupons'))?.counts.records ?? 0);
  }
  await replaying;
  await bench.drain(projector);
  // It was under way while they came.
  expect(new Set(seen).size).toBeGreaterThan(2);
  const { documents } = expected;
  expect(await bench.documents(couponsV2)).toEqual(documents);
  expect(await deadIds(bench)).toEqual(expected.dead);
});

it('leaves nothing half done wherever it stops, and writes nothing under a stale lease (I2, I8)', async () => {
  const short = transactions.slice(0, 40);
  const work = await build(bench, coupons, short);
  const expected = await fromScratch(couponsV2, short);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2);
  // Whatever comes before operation n, for growing n, until it gets through without stopping: each time it resumes.
  for (let stopAt = 5; ; stopAt += 7) {
    const { db } = interruptedDatabase(bench.db, (operation) => {
      if (operation === stopAt) throw new Error('crash');
    });
    const outcome = await replayerOf(db, couponsV2, work)
      .run(never)
      .catch((error: Error) => error.message);
    if (outcome !== 'crash') break;
  }
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
  expect((await readReplay(bench.db, 'coupons'))?.counts.records).toBe(short.flatMap(({ events }) => events).length);

  await ask(bench.db, coupons);
  await bench.takeLease('somebody else');
  await expect(replayerOf(bench.db, { ...coupons }, work).run(never)).rejects.toThrow(StaleFenceError);
  expect(await bench.documents(couponsV2)).toEqual(expected.documents);
});

it('from a slot: documents touched since then are made anew, others stay, and the version stays (003-14)', async () => {
  const work = await build(bench, coupons, transactions);
  const expected = await fromScratch(couponsV2, transactions);
  await bench.db.collection('sellers').findOne();
  await noteProjectingVersion(bench.db, 'coupons', 2);
  const fromSlot = transactions[110]?.slot ?? 0;
  await ask(bench.db, couponsV2, { fromSlot });
  await replayerOf(bench.db, couponsV2, work).run(never);
  const { comments, sales } = await bench.documents(couponsV2);
  const records = await bench.records({ state: 'applied' });
  const isTouchedSince = (key: string) =>
    records.some(({ touches, slot }) => slot >= fromSlot && touches.includes(`comments:${key}`));
  const keys = Object.keys(comments ?? {});
  expect(new Set(keys.map(isTouchedSince))).toEqual(new Set([true, false]));
  for (const key of keys) {
    const isNew = comments?.[key]?.['text'] === expected.documents['comments']?.[key]?.['text'];
    expect(isNew, key).toBe(isTouchedSince(key));
  }
  const since = (id: string) => (records.find(({ _id }) => _id === id)?.slot ?? 0) >= fromSlot;
  const newer = (of: object | undefined) => Object.entries(of ?? {}).filter(([id]) => since(id));
  expect(newer(sales)).toEqual(newer(expected.documents['sales']));
  expect(await readReplayNeeded(bench.db, 'coupons', 2)).toEqual({ documents: 1, module: 2 });
});

it("touches no field of other people's, and leaves what they brought along (X-7)", async () => {
  const work = await build(bench, coupons, transactions);
  const sold = await bench.db.collection<{ _id: string }>('sales').findOne({});
  const coupon = await bench.db.collection<{ _id: string }>('coupons').findOne({});
  await bench.db.collection<{ _id: string }>('sales').updateOne({ _id: sold?._id ?? '' }, { $set: { note: 'mine' } });
  await bench.db
    .collection<{ _id: string }>('coupons')
    .updateOne({ _id: coupon?._id ?? '' }, { $set: { note: 'mine' } });
  await bench.db.collection<{ _id: string }>('coupons').insertOne({ _id: 'brought', status: 'active' } as never);
  await bench.db.collection<{ _id: string }>('sales').insertMany([{ _id: 'brought' }, { _id: 'gone/log/0' }]);
  await bench.db
    .collection<{ _id: string }>('comments')
    .insertOne({ _id: 'stray', text: 'of a record nobody has', _mooring: { at: '000000000001' } } as never);
  await ask(bench.db, coupons);
  await replayerOf(bench.db, coupons, work).run(never);
  expect(await bench.db.collection<{ _id: string }>('sales').findOne({ _id: sold?._id ?? '' })).toEqual({
    ...sold,
    note: 'mine',
  });
  expect(await bench.db.collection<{ _id: string }>('coupons').findOne({ _id: coupon?._id ?? '' })).toMatchObject({
    note: 'mine',
  });
  expect(await bench.db.collection<{ _id: string }>('coupons').countDocuments({ _id: 'brought' })).toBe(1);
  expect(await bench.db.collection<{ _id: string }>('sales').countDocuments({ _id: 'brought' })).toBe(1);
  expect(await bench.db.collection<{ _id: string }>('sales').countDocuments({ _id: 'gone/log/0' })).toBe(0);
  expect(await bench.db.collection<{ _id: string }>('comments').countDocuments({ _id: 'stray' })).toBe(0);
  expect((await readReplay(bench.db, 'coupons'))?.counts.removed).toBe(2);
});

it('a document that refuses what it should hold is named, and everything else is done', async () => {
  const work = await build(bench, coupons, transactions);
  const expected = await fromScratch(couponsV2, transactions);
  // Somebody's own rule, which the newer handlers break.
  const texts = Object.entries(expected.documents['comments'] ?? {});
  const [victim] = texts as [[string, { text: string }]];
  await bench.db
    .collection('comments')
    .createIndex({ text: 1 }, { unique: true, partialFilterExpression: { text: victim[1].text } });
  await bench.db.collection<{ _id: string }>('comments').insertOne({ _id: 'theirs', text: victim[1].text } as never);
  await bench.db.collection('sellers').findOne();
  await ask(bench.db, couponsV2);
  await replayerOf(bench.db, couponsV2, work).run(never);
  const replay = await readReplay(bench.db, 'coupons');
  const refused = texts.filter(([, { text }]) => text === victim[1].text).map(([key]) => key);
  expect(replay?.state).toBe('done');
  expect(replay?.problems).toHaveLength(refused.length);
  for (const key of refused)
    expect(replay?.problems.some((one) => one.includes(`comments:${key} is as it was`))).toBe(true);
  const { comments, ...others } = await bench.documents(couponsV2);
  const { comments: expectedComments, ...expectedOthers } = expected.documents;
  expect(others).toEqual(expectedOthers);
  for (const [key, comment] of Object.entries(expectedComments ?? {})) {
    if (!refused.includes(key)) expect(comments?.[key]).toEqual(comment);
  }
});

it('one at a time, by handlers of the version that was asked for, until it is cancelled', async () => {
  const work = await build(bench, coupons, transactions.slice(0, 30));
  const first = await ask(bench.db, couponsV2);
  expect(await ask(bench.db, couponsV2)).toMatchObject({ id: first.id });
  await replayerOf(bench.db, coupons, work).run(never);
  const waiting = await readReplay(bench.db, 'coupons');
  expect(waiting).toMatchObject({ state: 'running', counts: { records: 0 } });
  expect(waiting?.note).toContain('restart the worker');
  expect(await cancelReplay(bench.db, 'coupons', new Date())).toBe(true);
  expect(await cancelReplay(bench.db, 'coupons', new Date())).toBe(false);
  await replayerOf(bench.db, couponsV2, work).run(never);
  expect(await readReplay(bench.db, 'coupons')).toMatchObject({ state: 'cancelled', counts: { records: 0 } });
  expect((await ask(bench.db, coupons)).id).not.toBe(first.id);
});

it('a fresh database starts at the version of its module, one from before at the first', async () => {
  expect(await noteProjectingVersion(bench.db, 'coupons', 3)).toBeNull();
  expect(await noteProjectingVersion(bench.db, 'coupons', 4)).toEqual({ documents: 3, module: 4 });
  // Back again: version 4 may have applied something.
  expect(await noteProjectingVersion(bench.db, 'coupons', 3)).toEqual({ documents: 4, module: 3 });
  await build(bench, { ...coupons, name: 'coupons' }, transactions.slice(0, 5));
  await bench.db.collection('projections').deleteMany({});
  expect(await noteProjectingVersion(bench.db, 'coupons', 3)).toEqual({ documents: 1, module: 3 });
});
