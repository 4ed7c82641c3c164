import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Push } from '../../../src/domain-kit/push.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { decodeCursor } from '../../../src/push/cursor.js';
import { PushHub, type ToldMessage } from '../../../src/push/push-hub.js';
import type { RoomName } from '../../../src/push/rooms.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { packetRecords } from '../../support/red-packet-records.js';
import { silent } from '../core/core-bench.js';
import { openPushBench, type PushBench } from './push-bench.js';

let bench: PushBench;
let hub: PushHub;
/** What the whole audience was told live. */
let live: string[];
let isThere: boolean;
let losses: number;
beforeEach(async () => {
  bench = await openPushBench();
  [live, isThere, losses] = [[], true, 0];
  hub = new PushHub({
    ...{ db: bench.db, clock, log: silent, metrics: createMetrics() },
    modules: [{ name: redPackets.name, push: redPackets.push as Push }],
    audience: {
      isThere: () => isThere,
      tell: (_rooms, { payload }) => live.push(payload.id),
      afterGo: () => {},
      lost: () => (losses += 1),
    },
  });
});
afterEach(async () => {
  await hub.stop();
  await bench.close();
});

const all: ReadonlySet<RoomName> = new Set<RoomName>(['packets/*']);
const firstOfSecond = async () => `red-packets/2-${(await bench.commits())[1]?.mark}/0`;
const nothing = () => {
  throw new Error('nothing was missed');
};

it('keeps what happens while somebody is told what was missed, and tells it behind that, in its rooms alone (000-7)', async () => {
  const [first, second] = [packetRecords({ amounts: [5n, 2n] }), packetRecords({ amounts: [7n], slot: 50 })];
  const { cursor } = (await hub.follow(all, null, nothing, () => {})) as { cursor: string };
  await bench.apply(first.all.slice(0, 2));
  await eventually(() => live.length === 2);
  const told: string[] = [];
  let liveBefore: string[] = [];
  let letGo = () => {};
  const patience = new Promise<void>((resolve) => (letGo = resolve));
  const room = new Set<RoomName>([`packets/${first.packet}`]);
  const following = hub.follow(
    room,
    decodeCursor(cursor),
    async ({ payload }: ToldMessage) => {
      told.push(payload.id);
      await patience;
    },
    () => (liveBefore = [...live]),
  );
  await eventually(() => told.length === 1);
  await bench.apply(first.all.slice(2, 3));
  await bench.apply(second.all);
  await eventually(() => live.length === 8);
  letGo();
  expect(await following).toMatchObject({ kind: 'live', missed: 2 });
  expect(told).toEqual(live.slice(0, 4));
  await bench.apply(first.all.slice(3));
  await eventually(() => live.length === 9);
  expect(live.slice(liveBefore.length)).toHaveLength(1);
});

it('reads nothing while nobody is there, and begins with what happens when somebody comes', async () => {
  const { all: records } = packetRecords({ amounts: [5n] });
  await hub.follow(all, null, nothing, () => {});
  isThere = false;
  await eventually(() => hub.cursor() === null);
  await bench.apply(records.slice(0, 1));
  isThere = true;
  await hub.follow(all, null, nothing, () => {});
  await bench.apply(records.slice(1, 2));
  await eventually(() => live.length === 1);
  expect(live).toEqual([await firstOfSecond()]);
});

it('says that something is lost, once, and goes on: commits that are gone, an older database in the place of this one', async () => {
  const { all: records } = packetRecords({ amounts: [5n] });
  const commits = bench.db.collection<{ _id: string }>('commits');
  await bench.apply(records.slice(0, 1));
  await hub.follow(all, null, nothing, () => {});
  await commits.updateOne({ _id: 'red-packets' }, { $set: { last: 5 } });
  await eventually(() => losses === 1);
  await commits.updateOne({ _id: 'red-packets' }, { $set: { last: 1 } });
  await eventually(() => losses === 2);
  await bench.apply(records.slice(1, 2));
  await eventually(() => live.length === 1);
  expect([live, losses]).toEqual([[await firstOfSecond()], 2]);
});

it('reads nothing for who is in no room, and not what is too much: 5,000 commits (000-9)', async () => {
  const commits = bench.db.collection<{ _id: string }>('commits');
  const head = 5_003;
  await commits.insertMany(
    Array.from({ length: head }, (_, index) => index + 1).map((number) => ({
      ...{
        _id: `red-packets/${String(number).padStart(12, '0')}`,
        entered: [],
        left: [],
        documents: [],
        at: new Date(),
      },
      ...{ after: `m${number - 1}`, mark: `m${number}` },
    })),
  );
  await commits.insertOne({ _id: 'red-packets', last: head, mark: `m${head}` } as never);
  const since = (next: number) => new Map([['red-packets', { next, skip: 0, mark: `m${next - 1}` }]]);
  const outcome = async (rooms: ReadonlySet<RoomName>, next: number) =>
    (await hub.follow(rooms, since(next), nothing, () => {})).kind;
  expect(await outcome(all, 4)).toBe('live');
  expect(await outcome(all, 3)).toBe('too-far');
  await commits.deleteOne({ _id: 'red-packets/000000005000' });
  expect(await outcome(all, 4_990)).toBe('too-far');
  expect(await outcome(new Set(), 4_990)).toBe('live');
});

it('reads for two at once, however many come back together (000-9)', async () => {
  const { cursor } = (await hub.follow(all, null, nothing, () => {})) as { cursor: string };
  const { all: records } = packetRecords({ amounts: Array.from({ length: 20 }, () => 3n) });
  for (const record of records) await bench.apply([record]);
  await eventually(() => live.length === records.length + 1);
  const collection = bench.db.collection.bind(bench.db);
  let [reading, most, reads] = [0, 0, 0];
  bench.db.collection = ((name: string) => {
    const found = collection(name);
    const find = found.find.bind(found);
    found.find = ((filter: object) => {
      const cursorOf = find(filter);
      const toArray = cursorOf.toArray.bind(cursorOf);
      cursorOf.toArray = async () => {
        [reading, reads] = [reading + 1, reads + 1];
        most = Math.max(most, reading);
        return toArray().finally(() => (reading -= 1));
      };
      return cursorOf;
    }) as typeof found.find;
    return name === 'ledger_events' ? found : collection(name);
  }) as typeof bench.db.collection;
  const told = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const ids: string[] = [];
      await hub.follow(
        all,
        decodeCursor(cursor),
        ({ payload }) => void ids.push(payload.id),
        () => {},
      );
      return ids;
    }),
  );
  bench.db.collection = collection;
  for (const ids of told) expect(ids).toEqual(live);
  expect(reads).toBeGreaterThanOrEqual(10);
  expect(most).toBe(2);
});

it('goes on after the database failed it, from where it was', async () => {
  const { all: records } = packetRecords({ amounts: [5n] });
  await hub.follow(all, null, nothing, () => {});
  await bench.apply(records.slice(0, 1));
  await eventually(() => live.length === 1);
  const collection = bench.db.collection.bind(bench.db);
  let refused = 0;
  bench.db.collection = () => {
    refused += 1;
    throw new Error('the database is away');
  };
  await eventually(() => refused > 2);
  bench.db.collection = collection;
  await bench.apply(records.slice(1));
  await eventually(() => live.length === 4);
  expect(new Set(live).size).toBe(4);
});
