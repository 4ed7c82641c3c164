import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import { compareEvents } from '../../../src/ledger/stream-place.js';
import { readStableHead } from '../../../src/ledger/stable-slot.js';
import { reviveDead } from '../../../src/ledger/mark-records.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { shuffled } from './core-bench.js';
import { idsOf, PAGE, openStableBench, type StableBench } from './stable-bench.js';

const { transactions } = generateHistory(5, 60);
const lastSlot = transactions.at(-1)?.slot ?? 0;
const expected = (landed: readonly HistoryTransaction[]) =>
  landed.flatMap((one) => [...recordsOf(one)]).sort(compareEvents);
const expectedIds = (landed: readonly HistoryTransaction[]) => expected(landed).map(({ _id }) => _id);
/** One transaction in the middle, alone in its slot. */
const lone = transactions.find(
  ({ slot }, index) => index > 20 && transactions.filter((other) => other.slot === slot).length === 1,
) as HistoryTransaction;
const others = transactions.filter((one) => one !== lone);

let bench: StableBench;
beforeEach(async () => {
  bench = await openStableBench();
});
afterEach(() => bench.close());

describe('a stable stream', () => {
  it('has no hole and no duplicate, whatever came in which order and wherever readers were cut off (004-3.4, I4)', async () => {
    const random = seededRandom(7);
    const toIngest = shuffled(transactions, random);
    const readers = [
      { ids: [] as string[], cursor: '' },
      { ids: [] as string[], cursor: '' },
    ];
    for (let start = 0; start < toIngest.length; start += 12) {
      await bench.ingest(toIngest.slice(start, start + 12));
      const missing = toIngest.slice(start + 12).map(({ slot }) => slot);
      // As a sweep would: up to the first slot of which something is not there yet.
      const stable = await bench.settle(Math.min(lastSlot, ...missing.map((slot) => slot - 1)));
      if (stable === null) continue;
      for (const reader of readers) {
        const from = reader.cursor === '' ? 'start' : { cursor: reader.cursor };
        const read = await bench.read(from, stable, { atMost: 1 + Math.floor(random() * 20) });
        reader.ids.push(...idsOf(read));
        reader.cursor = read.cursor;
      }
    }
    for (const { ids, cursor } of readers) {
      const rest = await bench.read({ cursor }, lastSlot);
      expect([...ids, ...idsOf(rest)]).toEqual(expectedIds(transactions));
    }
  });

  it('tells an event once it is final and scanned, and not before (004-3.4, I7)', async () => {
    await bench.ingest(transactions);
    const half = transactions[30]?.slot ?? 0;
    expect(await bench.settle(half)).toBe(half);
    const early = transactions.filter(({ slot }) => slot <= half);
    const read = await bench.read('start', half);
    expect(idsOf(read)).toEqual(expectedIds(early));
    expect(read.events[0]).toMatchObject({ kind: 'event', program: 'coupons', late: false, generation: 0 });
    // Final, but the sweep is not there yet.
    bench.chain.finalizedSlot = lastSlot;
    expect(await bench.settle(half)).toBeNull();
    expect((await bench.records({ commitment: 'confirmed' })).length).toBe(0);
    expect((await bench.read({ cursor: read.cursor }, half)).events).toEqual([]);
    expect(await bench.settle(lastSlot)).toBe(lastSlot);
    expect(idsOf(await bench.read({ cursor: read.cursor }, lastSlot))).toEqual(
      expectedIds(transactions.filter(({ slot }) => slot > half)),
    );
  });

  it('never tells what a fork dropped, to nobody (004-3.4, I7)', async () => {
    await bench.ingest(transactions);
    bench.chain.drop(lone.signature);
    await bench.settle(lastSlot);
    await bench.settle(lastSlot);
    expect(await bench.records({ signature: lone.signature })).toMatchObject(
      lone.events.map(() => ({ state: 'orphaned' })),
    );
    expect(idsOf(await bench.read('start', lastSlot))).toEqual(expectedIds(others));
  });

  it('begins now, at a slot or after a cursor, and leaves out other names (004-3.4)', async () => {
    await bench.ingest(others);
    await bench.settle(lone.slot - 1);
    const { cursor } = await bench.read('now', lone.slot - 1);
    await bench.settle(lastSlot);
    const after = expected(others).filter(({ slot }) => slot >= lone.slot);
    expect(idsOf(await bench.read(lone.slot, lastSlot))).toEqual(after.map(({ _id }) => _id));
    expect(idsOf(await bench.read({ cursor }, lastSlot))).toEqual(after.map(({ _id }) => _id));
    const names = ['CouponSold', 'CommentAdded'];
    const named = after.filter(({ name }) => names.includes(name)).map(({ _id }) => _id);
    expect(named.length).toBeGreaterThan(2);
    expect(idsOf(await bench.read({ cursor }, lastSlot, { names }))).toEqual(named);
  });

  it('reads a slot that is larger than a page in the order of its trace, page by page (004-3.5)', async () => {
    const crowded = transactions.map((one, index) => (index < 10 ? one : { ...one, slot: lastSlot }));
    await bench.ingest(crowded);
    await bench.settle(lastSlot);
    expect(crowded.slice(10).flatMap(({ events }) => events).length).toBeGreaterThan(PAGE * 3);
    const whole = await bench.read('start', lastSlot);
    expect(idsOf(whole)).toEqual(expectedIds(crowded));
    // In the middle of that slot, at the end of its first page, and just after.
    for (const at of [13, 14, 15, 16, 17, PAGE * 2 + 14]) {
      const { cursor } = await bench.read('start', lastSlot, { atMost: at });
      expect(idsOf(await bench.read({ cursor }, lastSlot))).toEqual(idsOf(whole).slice(at));
    }
  });
});

describe('what becomes final late', () => {
  /** Everything but `lone` was told up to the end, to whoever gets the cursor; to the other one up to before it. */
  async function passWithout(): Promise<{ readonly ahead: string; readonly behind: string }> {
    await bench.ingest(others);
    await bench.settle(lastSlot);
    const before = expected(others).filter(({ slot }) => slot < lone.slot).length;
    const [ahead, behind] = [
      await bench.read('start', lastSlot),
      await bench.read('start', lastSlot, { atMost: before - 3 }),
    ];
    return { ahead: ahead.cursor, behind: behind.cursor };
  }

  it('is missed by nobody, and told once in its place to who has not passed it (004-3.4, I1)', async () => {
    const { ahead, behind } = await passWithout();
    const { cursor: later } = await bench.read(lone.slot + 1, lastSlot);
    // Fetched only now: it was parked, or a backfill brings it.
    await bench.ingest([lone]);
    await bench.settle(lastSlot);
    const late = await bench.read({ cursor: ahead }, lastSlot);
    expect(idsOf(late)).toEqual(expectedIds([lone]));
    expect(late.events.every((event) => event.late)).toBe(true);
    expect((await bench.read({ cursor: late.cursor }, lastSlot)).events).toEqual([]);
    const inOrder = await bench.read({ cursor: behind }, lastSlot);
    const told = expectedIds(transactions);
    expect(idsOf(inOrder)).toEqual(told.slice(told.length - inOrder.events.length));
    expect(inOrder.events.some((event) => event.late)).toBe(false);
    expect(idsOf(await bench.read('start', lastSlot))).toEqual(told);
    expect((await bench.read({ cursor: later }, lastSlot)).events).toEqual([]);
  });

  it('goes on within a list of late events from where a reader was cut off (004-3.4)', async () => {
    await bench.settle(lastSlot);
    const { cursor } = await bench.read('now', lastSlot);
    await bench.ingest(transactions);
    await bench.settle(lastSlot);
    const all = idsOf(await bench.read({ cursor }, lastSlot));
    expect([...all].sort()).toEqual(expectedIds(transactions).sort());
    for (const atMost of [1, PAGE - 1, PAGE, PAGE + 1, PAGE * 3 + 2]) {
      const first = await bench.read({ cursor }, lastSlot, { atMost });
      const rest = await bench.read({ cursor: first.cursor }, lastSlot);
      expect([...idsOf(first), ...idsOf(rest)]).toEqual(all);
    }
  });

  it('is told again, by the same id, when a dead event is revived (004-3.4)', async () => {
    await bench.ingest(transactions);
    await bench.settle(lastSlot);
    const { cursor } = await bench.read('start', lastSlot);
    const [id = ''] = expectedIds([lone]);
    await bench.db.collection('ledger_events').updateOne({ _id: id as never }, { $set: { state: 'dead' } });
    expect(idsOf(await bench.read('start', lastSlot))).toContain(id);
    await reviveDead(bench.db, [id]);
    expect(idsOf(await bench.read('start', lastSlot))).not.toContain(id);
    await bench.apply();
    await bench.settle(lastSlot);
    expect(idsOf(await bench.read({ cursor }, lastSlot))).toEqual([id]);
  });

  it('is waited for, though not for ever (004-3.5, I5)', async () => {
    await bench.ingest(transactions);
    // Nobody can say anything of it.
    bench.chain.drop(lone.signature);
    bench.chain.firstAvailable = lastSlot + 1_000;
    expect(await bench.settle(lastSlot)).toBe(lone.slot - 1);
    bench.passTime(599_000);
    expect(await bench.settle(lastSlot)).toBeNull();
    await bench.db
      .collection('ledger_events')
      .updateMany({ signature: lone.signature }, { $set: { seenAt: new Date(Date.now() - 600_001) } });
    bench.passTime(2_000);
    expect(await bench.settle(lastSlot)).toBe(lastSlot);
    const { events, cursor } = await bench.read('start', lastSlot);
    expect(idsOf({ events })).toEqual(expectedIds(others));
    bench.chain.land(lone);
    bench.chain.firstAvailable = 0;
    await bench.settle(lastSlot);
    expect(idsOf(await bench.read({ cursor }, lastSlot))).toEqual(expectedIds([lone]));
  });

  it('says so when what a cursor goes on from is not kept any more (004-3.4)', async () => {
    const { ahead } = await passWithout();
    await bench.ingest([lone]);
    await bench.settle(lastSlot);
    expect(await readStableHead(bench.db, 'coupons')).toEqual({ slot: lastSlot, late: 1 });
    const { cursor } = await bench.read({ cursor: ahead }, lastSlot);
    await bench.db.collection('stable_streams').deleteMany({ at: { $exists: true } });
    await expect(bench.read({ cursor: ahead }, lastSlot)).rejects.toMatchObject({ code: 'stream-cursor-expired' });
    expect((await bench.read({ cursor }, lastSlot)).events).toEqual([]);
    await bench.db.collection('stable_streams').updateOne({ _id: 'coupons' as never }, { $set: { late: 0 } });
    await expect(bench.read({ cursor }, lastSlot)).rejects.toMatchObject({ code: 'stream-cursor-expired' });
  });
});
