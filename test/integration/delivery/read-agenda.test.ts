import { afterEach, beforeEach, expect, it } from 'vitest';
import { deliveries } from '../../../src/delivery/desk/delivery-store.js';
import { AgendaReader } from '../../../src/delivery/desk/read-agenda.js';
import { systemClock } from '../../../src/lib/clock.js';
import { openDeskBench, THE_DESK } from './desk-bench.js';

const LONG = 7;
let bench: Awaited<ReturnType<typeof openDeskBench>>;
beforeEach(async () => {
  bench = await openDeskBench();
});
afterEach(() => bench.close());

it('what was read of a crowded desk is asked for once, and again when nobody knows how it is by now (002-5)', async () => {
  const [long, short] = [await bench.dispatcher(), await bench.dispatcher()];
  const record = await bench.record();
  await bench.backlog(record, long._id, LONG);
  await bench.backlog(record, short._id, 1);
  const agenda = new AgendaReader(bench.db, { monotonic: () => 0 }, THE_DESK, { readAtOnce: 4, readOfLane: 3 });
  const dueOf = async (dispatcher: string, full: readonly string[] = []) => {
    const { due } = await agenda.read(systemClock.now(), (id) => full.includes(id));
    return due.get(dispatcher)?.map(({ _id }) => _id);
  };

  const first = await dueOf(long._id);
  expect(first).toHaveLength(3);
  expect(await dueOf(short._id)).toHaveLength(1);
  expect(await dueOf(long._id, [long._id])).toBeUndefined();

  // Ours to begin: it is read no second time before it was dealt with.
  const begun = first?.[0] ?? '';
  const moved = { dueAt: new Date(systemClock.now() + 3_600_000) };
  await deliveries(bench.db).updateOne({ _id: begun }, { $set: moved });
  agenda.dealtWith(new Set([begun]));
  expect(await dueOf(long._id)).toEqual(first?.slice(1));

  // Of another one an operator made something else: a turn that fails over it looks again.
  await deliveries(bench.db).updateOne({ _id: first?.[1] ?? '' }, { $set: moved });
  agenda.forget();
  const second = (await dueOf(long._id)) ?? [];
  expect(second).toHaveLength(3);
  expect(second).not.toContain(first?.[0]);
  expect(second).not.toContain(first?.[1]);

  // Then the next ones, until there are none.
  agenda.dealtWith(new Set(second));
  await deliveries(bench.db).updateMany({ _id: { $in: second } }, { $set: moved });
  const third = (await dueOf(long._id)) ?? [];
  expect(new Set([...second, ...third]).size).toBe(LONG - 2);
  agenda.dealtWith(new Set(third));
  await deliveries(bench.db).updateMany({ _id: { $in: third } }, { $set: moved });
  expect(await dueOf(long._id)).toEqual([]);
});
