import { afterEach, beforeEach, expect, it } from 'vitest';
import { coupons } from '../../../src/domains/coupons/module.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { appendReceived } from '../../../src/ledger/append-records.js';
import { readCommitHeads, readVersions } from '../../../src/ledger/commit-log.js';
import { reviveDead } from '../../../src/ledger/mark-records.js';
import { applyNew } from '../../../src/pipeline/apply-new.js';
import { BatchSize } from '../../../src/pipeline/batch-size.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { movedTo, newAddress, packetRecords } from '../../support/red-packet-records.js';
import { silent } from '../core/core-bench.js';
import { openPushBench, type PushBench } from './push-bench.js';

let bench: PushBench;
beforeEach(async () => {
  bench = await openPushBench();
});
afterEach(() => bench.close());

const version = ({ _id }: { _id: string }, generation = 0) => `${_id}~${generation}`;

it('logs each commit once, in the order of the chain within it, with the crown that moved (000-7, I2)', async () => {
  const { packet, created, ready, claims, all } = packetRecords({ amounts: [5n, 9n, 2n] });
  await bench.apply([ready, created]);
  await bench.apply([claims[1]!.record, claims[0]!.record]);
  await bench.apply([claims[2]!.record]);
  // What is known already is no commit.
  await bench.apply(all);
  const crown = { collection: 'packets', key: packet, changed: ['bestClaim'] };
  expect(await bench.commits()).toMatchObject([
    { number: 1, entered: [version(created), version(ready)], left: [], documents: [] },
    {
      ...{ number: 2, entered: [version(claims[0]!.record), version(claims[1]!.record)], left: [] },
      documents: [{ ...crown, fields: { bestClaim: claims[1]!.data.claim, remainingCount: 1, remainingAmount: 2n } }],
    },
    { number: 3, entered: [version(claims[2]!.record)], left: [], documents: [] },
  ]);
  const marks = (await bench.commits()).map(({ mark }) => mark);
  expect((await bench.commits()).map(({ after }) => after)).toEqual(['', ...marks.slice(0, 2)]);
  expect(await readCommitHeads(bench.db, ['red-packets', 'coupons'])).toEqual(
    new Map([
      ['red-packets', { number: 3, mark: marks[2] }],
      ['coupons', { number: 0, mark: '' }],
    ]),
  );
});

it('logs what takes the long way as it is applied, not as it is received (I2)', async () => {
  const { all } = packetRecords({ amounts: [5n, 9n] });
  await appendReceived(bench.db, all);
  expect(await bench.commits()).toEqual([]);
  await bench.drain(bench.projectorOf(bench.work, { module: redPackets }));
  expect(await bench.commits()).toMatchObject([{ number: 1, entered: all.map((record) => version(record)) }]);
});

it('logs what a fork takes back, with the packet as it is without it and the crown that went back (000-5, 000-7, I7)', async () => {
  const { packet, claims, all } = packetRecords({ amounts: [5n, 9n, 2n] });
  await bench.apply(all.slice(0, 4));
  await bench.drop(claims[1]!.record);
  const [, second, ...more] = await bench.commits();
  expect(more).toEqual([]);
  expect(second).toMatchObject({
    entered: [],
    left: [{ version: version(claims[1]!.record), reason: 'orphaned', detail: 'dropped by a fork' }],
    documents: [
      {
        key: packet,
        changed: null,
        fields: { remainingCount: 2, remainingAmount: 11n, bestClaim: claims[0]!.data.claim },
      },
      { key: packet, changed: ['bestClaim'], fields: { bestClaim: claims[0]!.data.claim } },
    ],
  });
});

it('says that nothing is left where the fork takes the packet itself (000-5, 000-7)', async () => {
  const { packet, created } = packetRecords({ amounts: [5n] });
  await bench.apply([created]);
  await bench.drop(created);
  expect((await bench.commits())[1]?.documents).toEqual([
    { collection: 'packets', key: packet, changed: null, fields: null },
  ]);
});

it('names versions, so that both are found after a re-landing (000-7, TRAPS 15)', async () => {
  const { claims, all } = packetRecords({ amounts: [5n, 9n] });
  const { record } = claims[1]!;
  await bench.apply(all);
  await bench.reland(movedTo(90, record));
  await bench.reland(movedTo(95, record));
  const [, second, third] = await bench.commits();
  expect(second).toMatchObject({
    left: [{ version: version(record), reason: 'replaced' }],
    entered: [version(record, 1)],
  });
  expect(third).toMatchObject({
    left: [{ version: version(record, 1), reason: 'replaced' }],
    entered: [version(record, 2)],
  });
  const versions = [0, 1, 2].map((generation) => version(record, generation));
  const found = await readVersions(bench.db, [...versions, version(record, 3)]);
  expect(versions.map((one) => [found.get(one)?.slot, found.get(one)?._id])).toEqual([
    [record.slot, record._id],
    [90, record._id],
    [95, record._id],
  ]);
  expect(found.size).toBe(3);
});

it('logs what was dropped and lands after all, once more (000-7)', async () => {
  const { claims, all } = packetRecords({ amounts: [5n, 9n] });
  const { record } = claims[1]!;
  await bench.apply(all);
  await bench.drop(record);
  await bench.reland(movedTo(90, record));
  // Orphaned already: nobody was told of it since.
  expect((await bench.commits())[2]).toMatchObject({ left: [], entered: [version(record, 1)] });
});

it('logs what a newer handler refuses as gone, and when it is retried as come (000-7)', async () => {
  const { claims, all } = packetRecords({ amounts: [5n, 9n] });
  await bench.apply(all.slice(0, 3));
  const old = claims[0]!.record;
  const strict = {
    ...redPackets,
    events: {
      ...redPackets.events,
      PacketClaimed: (event: Parameters<NonNullable<(typeof redPackets.events)['PacketClaimed']>>[0]) => {
        if (event.id === old._id) throw new Error('refused by a newer handler');
        return redPackets.events['PacketClaimed']!(event);
      },
    },
  };
  // Older than what is there: the history has to be folded again.
  const late = { ...claims[1]!.record, slot: 2 };
  await applyNew({ db: bench.db, clock, log: silent }, bench.work.lease, strict, [late], new BatchSize(10));
  expect((await bench.commits())[1]).toMatchObject({
    entered: [version(late)],
    left: [{ version: version(old), reason: 'refused', detail: 'refused by a newer handler' }],
  });
  await reviveDead(bench.db, [old._id]);
  await bench.drain(bench.projectorOf(bench.work, { module: redPackets }));
  expect((await bench.commits())[2]).toMatchObject({ entered: [version(old)], left: [] });
});

it('numbers on without a hole under another holder, and logs nothing under a stale fence (I8)', async () => {
  const [one, two, three] = [1, 2, 3].map((slot) => packetRecords({ amounts: [1n], slot }).created);
  await bench.apply([one!]);
  const successor = await bench.takeLease('successor', 'red-packets');
  expect(await bench.apply([two!])).toEqual([]);
  await bench.apply([two!], successor);
  await bench.apply([three!], successor);
  expect((await bench.commits()).map(({ number, entered }) => [number, entered])).toEqual([
    [1, [version(one!)]],
    [2, [version(two!)]],
    [3, [version(three!)]],
  ]);
});

it('numbers on where every commit has expired', async () => {
  await bench.apply([packetRecords({ amounts: [1n] }).created]);
  await bench.db.collection('commits').deleteMany({ at: { $exists: true } });
  await bench.apply([packetRecords({ amounts: [1n], slot: 9 }).created]);
  expect((await bench.commits()).map(({ number }) => number)).toEqual([2]);
});

it('keeps no commit for what nobody is told of: another module, another event', async () => {
  const work = await bench.takeLease('test', coupons.name);
  const records = generateHistory(3, 10).transactions.flatMap((transaction) => [...recordsOf(transaction)]);
  const applied = await applyNew(
    { db: bench.db, clock, log: silent },
    work.lease,
    coupons,
    records,
    new BatchSize(100),
  );
  expect(applied.length).toBeGreaterThan(10);
  expect(await bench.db.collection('commits').countDocuments()).toBe(0);
});

it('expires by its index, and the last number does not', async () => {
  await bench.apply([packetRecords({ amounts: [1n], creator: newAddress() }).created]);
  const indexes = await bench.db.collection('commits').indexes();
  expect(indexes).toContainEqual(expect.objectContaining({ key: { at: 1 }, expireAfterSeconds: 604_800 }));
  const dated = await bench.db.collection('commits').countDocuments({ at: { $exists: true } });
  expect([dated, await bench.db.collection('commits').countDocuments()]).toEqual([1, 2]);
});
