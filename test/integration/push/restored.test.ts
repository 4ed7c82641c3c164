import { afterEach, beforeEach, expect, it } from 'vitest';
import { appendReceived } from '../../../src/ledger/append-records.js';
import { appendCommit, versionOf } from '../../../src/ledger/commit-log.js';
import { eventually } from '../../support/eventually.js';
import { packetRecords } from '../../support/red-packet-records.js';
import { openPushBench, openServer, PushClient, type OpenServer, type PushBench } from './push-bench.js';

let bench: PushBench;
let server: OpenServer;
let clients: PushClient[];
beforeEach(async () => {
  bench = await openPushBench();
  server = await openServer(bench);
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await server.stop();
  await bench.close();
});

async function open(): Promise<PushClient> {
  const client = new PushClient(server.url);
  clients.push(client);
  return client.connected();
}

const hears = (client: PushClient, count: number) => eventually(() => client.names().length === count);

it('whoever heard what a backup does not have is told so, and no id is given to another event (000-7)', async () => {
  const [first, second] = [packetRecords({ amounts: [5n, 2n] }), packetRecords({ amounts: [7n, 1n, 4n], slot: 50 })];
  const commits = bench.db.collection<{ _id: string }>('commits');
  const stays = await open();
  await stays.subscribe({ packets: ['*'] });
  await bench.apply(first.all.slice(0, 1));
  await hears(stays, 1);
  const { cursor: old } = stays.heard[0]!.payload;
  const backup = await commits.find().toArray();
  for (const record of first.all.slice(1)) await bench.apply([record]);
  await hears(stays, 5);
  const halfOfOne = stays.heard[2]!.payload.cursor;
  const newest = stays.cursor();

  // The backup takes the database's place, and has more commits than were ever told of before anybody looks at it.
  await appendReceived(bench.db, second.all);
  await bench.db.client.withSession((session) =>
    session.withTransaction(async () => {
      await commits.deleteMany({}, { session });
      await commits.insertMany(backup, { session });
      for (const record of second.all) {
        const entry = { entered: [versionOf(record)], left: [], documents: [] };
        await appendCommit(bench.db, session, 'red-packets', entry, new Date());
      }
    }),
  );
  await eventually(() => stays.payloads('mooring:too-far').length === 1);
  expect(stays.names()).toHaveLength(5);

  for (const since of [newest, halfOfOne]) {
    const lost = await open();
    expect(await lost.subscribe({ packets: ['*'], since })).toMatchObject({ tooFar: true, missed: 0 });
    expect(lost.names()).toEqual([]);
  }
  // Up to here both logs are the same one.
  const known = await open();
  expect(await known.subscribe({ packets: ['*'], since: old })).toMatchObject({ tooFar: false, missed: 5 });
  expect(known.ids().filter((id) => stays.ids().includes(id))).toEqual([]);
  // And whoever read the state upon that goes on from there.
  const on = await open();
  const { cursor } = stays.payloads('mooring:too-far')[0]!;
  expect(await on.subscribe({ packets: ['*'], since: cursor })).toMatchObject({ tooFar: false, missed: 0 });
});

it('a quiet log is known by its number and mark, also where its commits have expired (000-7)', async () => {
  const { all } = packetRecords({ amounts: [5n] });
  const before = await open();
  await before.subscribe({ packets: ['*'] });
  await bench.apply(all.slice(0, 1));
  await hears(before, 1);
  const since = before.cursor();
  await bench.db.collection('commits').deleteMany({ at: { $exists: true } });
  const again = await open();
  expect(await again.subscribe({ packets: ['*'], since })).toMatchObject({ tooFar: false, missed: 0 });
  await bench.apply(all.slice(1, 2));
  await hears(again, 1);
  const third = await open();
  expect(await third.subscribe({ packets: ['*'], since })).toMatchObject({ tooFar: false, missed: 1 });
});
