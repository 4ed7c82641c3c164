import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsCommitLog } from '../../../src/delivery/records/relay/relay-state.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { StaleFenceError } from '../../../src/leases/lease.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { logEveryEvent } from '../../../src/pipeline/log-commit.js';
import { movedTo, packetRecords } from '../../support/red-packet-records.js';
import { openPushBench, type PushBench } from '../push/push-bench.js';
import { openRelayBench, type RelayBench } from './relay-bench.js';

let chain: PushBench;
let bench: RelayBench;
async function open(module: DomainModule = redPackets): Promise<void> {
  chain = await openPushBench(module);
  bench = await openRelayBench(chain.db, module.name);
  await bench.addEnvironment('env_told', null);
  await bench.addDispatcher('env_told', 'confirmed');
}
beforeEach(() => open());
afterEach(() => chain.close());

const packet = (amounts: readonly bigint[], slot = 1) => packetRecords({ amounts, slot });

it('tells what took effect as confirmed, once, where somebody hears it (002-9)', async () => {
  await bench.addEnvironment('env_final', ['red-packets']);
  await bench.addDispatcher('env_final', 'finalized');
  await bench.addEnvironment('env_disabled', null);
  await bench.addDispatcher('env_disabled', 'confirmed', false);
  await bench.addEnvironment('env_other', ['coupons']);
  await bench.addDispatcher('env_other', 'confirmed');
  const relay = await bench.relay();
  await relay.pass();
  const { created, ready, claims } = packet([5n, 9n], 10);
  await chain.apply([created, ready]);
  await chain.apply(claims.map(({ record }) => record));
  await relay.pass();
  await relay.pass();
  const [first, ...rest] = await bench.records();
  expect(first).toMatchObject({
    ...{ environment: 'env_told', eventId: `${created._id}~0/confirmed`, name: 'red-packets.PacketCreated' },
    ...{ source: 'chain', commitment: 'confirmed', follows: null, account: null, state: 'due' },
    payload: { totalAmount: '14', count: 2 },
    context: {
      ...{ signature: created.signature, slot: 10, commitment: 'confirmed', program: 'red-packets' },
      eventId: created._id,
    },
  });
  expect(rest.map(({ eventId, environment }) => [eventId, environment])).toEqual(
    [ready, ...claims.map(({ record }) => record)].map(({ _id }) => [`${_id}~0/confirmed`, 'env_told']),
  );
});

it('takes back what a fork dropped, where it was told, and tells the version that landed instead (002-9, I7)', async () => {
  const relay = await bench.relay();
  await relay.pass();
  const { created, ready, claims } = packet([5n, 9n, 2n]);
  const [one, two, three] = claims.map(({ record }) => record) as [never, never, never];
  await chain.apply([created, ready, one, two]);
  await relay.pass();
  await chain.drop(two);
  await chain.reland(movedTo(40, one));
  // Told and taken back within one pass.
  await chain.apply([three]);
  await chain.drop(three);
  await relay.pass();
  await (await bench.relay()).pass();
  const byId = new Map((await bench.records()).map((record) => [record.eventId, record]));
  for (const { _id } of [one, two, three] as { _id: string }[]) {
    const confirmed = byId.get(`${_id}~0/confirmed`);
    expect(byId.get(`${_id}~0/orphaned`)).toMatchObject({
      ...{ name: 'red-packets.PacketClaimed.orphaned', follows: confirmed?._id, desk: confirmed?.desk },
      ...{ payload: confirmed?.payload, commitment: 'orphaned', context: { commitment: 'orphaned' } },
    });
  }
  const { _id: relanded } = one as { _id: string };
  expect(byId.get(`${relanded}~1/confirmed`)).toMatchObject({ context: { slot: 40 }, follows: null });
  expect(byId.size).toBe(5 + 3 + 1);
});

it('never takes back what was told as final (002-9, I7)', async () => {
  const relay = await bench.relay();
  await relay.pass();
  const { created } = packet([5n]);
  await chain.apply([created]);
  await relay.pass();
  const [told] = await bench.records();
  const final = { ...told!, _id: 'evt_final', eventId: `${created._id}~0/finalized`, commitment: 'finalized' as const };
  await chain.db.collection('event_records').insertOne(final as never);
  await chain.drop(created);
  await relay.pass();
  expect((await bench.records()).map(({ commitment }) => commitment)).toEqual(['confirmed', 'finalized']);
});

it('begins at now, leaves out history, and goes on from where it was (002-9)', async () => {
  const before = packet([5n]);
  await chain.apply([before.created, before.ready]);
  await (await bench.relay()).pass();
  expect(await bench.records()).toEqual([]);
  // An hour of slots, and one, before the head.
  const [old, recent] = [packet([1n], 1).created, packet([1n], 2).created];
  await chain.apply([old]);
  await chain.apply([recent]);
  // Another process, which finds where the one before began though that has told nothing yet.
  await (await bench.relay({ headSlot: () => 9_002 })).pass();
  await (await bench.relay()).pass();
  expect((await bench.records()).map(({ eventId }) => eventId)).toEqual([`${recent._id}~0/confirmed`]);
});

describe('whatever ends a relay', () => {
  it('each event is told exactly once, killed before or after any of its writes (002-9, I1, I2)', async () => {
    const relay = await bench.relay();
    await relay.pass();
    const { created, ready, claims } = packet([5n, 9n, 2n, 7n, 1n]);
    const claimed = claims.map(({ record }) => record);
    await chain.apply([created]);
    await relay.pass();
    await chain.apply([ready]);
    for (const claim of claimed) await chain.apply([claim]);
    await chain.drop(claimed.at(-1)!);
    await chain.reland(movedTo(50, claimed[0]!));
    // Each process dies at its first write: the one before it is made, the next just after.
    for (let dies = 0; dies < 40; dies += 1) {
      const work = await bench.takeLease();
      const dying: LeaseWork = {
        lease: work.lease,
        exclusive: async (write) => {
          if (dies % 2 === 1) await work.exclusive(write);
          throw new Error('killed');
        },
      };
      const isDead = await (await bench.relay({ eventsAtOnce: 2 }, dying)).pass().then(
        () => false,
        () => true,
      );
      if (!isDead && dies % 2 === 1) break;
    }
    const ids = (await bench.records()).map(({ eventId }) => eventId);
    const [first, last] = [claimed[0]!._id, claimed.at(-1)!._id];
    expect(ids).toEqual([
      ...[created, ready, ...claimed].map(({ _id }) => `${_id}~0/confirmed`),
      ...[`${last}~0/orphaned`, `${first}~0/orphaned`, `${first}~1/confirmed`],
    ]);
  });

  it('one whose lease has moved on writes nothing (I8)', async () => {
    const first = await bench.relay();
    await first.pass();
    await chain.apply([packet([1n]).created]);
    const second = await bench.relay();
    await expect(first.pass()).rejects.toThrow(StaleFenceError);
    expect(await bench.records()).toEqual([]);
    await second.pass();
    expect(bench.warnings).toEqual([]);
  });

  it('says so when commits expired meanwhile, and goes on with the rest (002-9)', async () => {
    const relay = await bench.relay();
    await relay.pass();
    await chain.apply([packet([1n]).created]);
    await relay.pass();
    const [missed, kept] = [packet([1n]).created, packet([1n]).created];
    await chain.apply([missed]);
    await chain.apply([kept]);
    await chain.db.collection('commits').deleteOne({ _id: 'red-packets/000000000002' as never });
    await (await bench.relay()).pass();
    expect((await bench.records()).slice(1).map(({ eventId }) => eventId)).toEqual([`${kept._id}~0/confirmed`]);
    expect(bench.warnings).toEqual([expect.stringContaining('not kept any more')]);
  });
});

it('costs nothing while nobody hears, also where the module pushes nothing (002-9)', async () => {
  await chain.close();
  await open({ ...redPackets, push: null });
  await chain.db.collection('event_dispatchers').deleteMany({});
  expect(await needsCommitLog(chain.db, 'red-packets', new Date())).toBe(false);
  const relay = await bench.relay();
  await relay.pass();
  await chain.apply([packet([1n]).created]);
  await relay.pass();
  expect(await chain.db.collection('event_relays').countDocuments()).toBe(0);
  expect(await chain.commits()).toEqual([]);
  await bench.addDispatcher('env_told', 'confirmed');
  expect(await needsCommitLog(chain.db, 'red-packets', new Date())).toBe(true);
  logEveryEvent(chain.work.lease, true);
  const { created } = packet([1n]);
  await chain.apply([created]);
  await relay.pass();
  expect((await bench.records()).map(({ eventId }) => eventId)).toEqual([`${created._id}~0/confirmed`]);
  await chain.db.collection('event_dispatchers').deleteMany({});
  expect(await needsCommitLog(chain.db, 'red-packets', new Date())).toBe(true);
  await chain.drop(created);
  await relay.pass();
  expect((await bench.records()).map(({ commitment }) => commitment)).toEqual(['confirmed', 'orphaned']);
});

it('tells the first events of a ledger, also when nobody relays before they are there (002-9)', async () => {
  await chain.close();
  await open({ ...redPackets, push: null });
  // As a worker does before it applies anything.
  logEveryEvent(chain.work.lease, await needsCommitLog(chain.db, 'red-packets', new Date()));
  const { created, ready } = packet([1n]);
  await chain.apply([created]);
  expect(await needsCommitLog(chain.db, 'red-packets', new Date())).toBe(true);
  await chain.apply([ready]);
  await (await bench.relay()).pass();
  expect((await bench.records()).map(({ eventId }) => eventId)).toEqual(
    [created, ready].map(({ _id }) => `${_id}~0/confirmed`),
  );
});
