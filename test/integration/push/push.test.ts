import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Push } from '../../../src/domain-kit/push.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { behind, encodeCursor } from '../../../src/push/cursor.js';
import { eventually } from '../../support/eventually.js';
import { eventRecord, movedTo, newAddress, packetRecords } from '../../support/red-packet-records.js';
import { openPushBench, openServer, PushClient, type OpenServer, type PushBench } from './push-bench.js';

let bench: PushBench;
let here: OpenServer;
let there: OpenServer;
let clients: PushClient[];
beforeEach(async () => {
  bench = await openPushBench();
  [here, there] = [await openServer(bench), await openServer(bench)];
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await Promise.all([here.stop(), there.stop()]);
  await bench.close();
});

async function clientOf(server: OpenServer, request?: object, options?: ConstructorParameters<typeof PushClient>[1]) {
  const client = new PushClient(server.url, options);
  clients.push(client);
  await client.connected();
  if (request) await client.subscribe(request);
  return client;
}

/** From now on the client's end of the connection reads nothing. */
function pause({ socket }: PushClient): void {
  const transport = socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void } } };
  transport.ws._socket.pause();
}

const hears = (client: PushClient, count: number) =>
  eventually(() => {
    if (client.names().length >= count) return true;
    throw new Error(`heard ${client.names().join(', ')}`);
  });

describe('what is told', () => {
  it('is told by both processes, once each, in the order of commits, in the words of the seed (000-7)', async () => {
    const { packet, creator, claims, all } = packetRecords({ amounts: [5n, 9n] });
    const [one, two] = [await clientOf(here, { packets: [packet] }), await clientOf(there, { packets: [packet] })];
    await bench.apply(all.slice(0, 2));
    await bench.apply(all.slice(2, 3));
    await bench.apply(all.slice(3));
    await Promise.all([hears(one, 6), hears(two, 6)]);
    expect(one.heard.map(({ name, payload }) => ({ name, payload }))).toEqual(two.heard);
    expect(new Set(one.ids()).size).toBe(6);
    expect(one.names()).toEqual([
      ...['packet:created', 'packet:random-ready', 'packet:claimed', 'packet:best-updated'],
      ...['packet:claimed', 'packet:best-updated'],
    ]);
    expect(one.payloads('packet:created')[0]).toMatchObject({
      ...{ packetId: packet, creatorId: creator, number: '1', isRandom: true, status: 'waiting', totalAmount: '14' },
      ...{ count: 2, remainingAmount: '14', remainingCount: 2, message: 'luck', createdAt: '1970-01-01T00:16:40.000Z' },
    });
    const [, second] = claims;
    expect(one.payloads('packet:claimed')[1]).toMatchObject({
      ...{ packetId: packet, claimerId: second!.data.claimer, claimId: second!.data.claim, amount: '9', index: 1 },
      ...{ remainingCount: 0, remainingAmount: '0', status: 'exhausted', revision: '4' },
      ...{ eventId: second!.record._id, signature: second!.record.signature, slot: second!.record.slot },
    });
    expect(one.payloads('packet:best-updated').map(({ packetId, claimId }) => [packetId, claimId])).toEqual(
      claims.map(({ data }) => [packet, data.claim]),
    );
  });

  it('is told in its rooms alone: packet, wallet, or all of a kind (000-7)', async () => {
    const [mine, other] = [packetRecords({ amounts: [5n] }), packetRecords({ amounts: [7n], slot: 20 })];
    const claimer = mine.claims[0]!.data.claimer;
    const inPacket = await clientOf(here, { packets: [mine.packet] });
    const inWallets = await clientOf(here, { wallets: [claimer, other.creator] });
    const inAll = await clientOf(here, { packets: ['*'] });
    // In two rooms of a message it is told once.
    const inBoth = await clientOf(here, { packets: [mine.packet, '*'], wallets: [mine.creator] });
    await bench.apply([...mine.all, ...other.all]);
    await Promise.all([hears(inAll, 8), hears(inBoth, 8), hears(inPacket, 4), hears(inWallets, 3)]);
    expect(inPacket.heard.every(({ payload }) => payload['packetId'] === mine.packet)).toBe(true);
    expect(inWallets.names()).toEqual(['packet:claimed', 'packet:created', 'packet:best-updated']);
    expect(new Set(inBoth.ids()).size).toBe(inBoth.ids().length);
    await inBoth.ask('unsubscribe', { packets: ['*'] });
    await bench.apply(packetRecords({ amounts: [7n], slot: 40 }).all);
    await hears(inAll, 12);
    expect([inBoth.names().length, inPacket.names().length]).toEqual([8, 4]);
  });

  it('is told after the commit only: nothing of a transaction that fails (I2)', async () => {
    const { packet, all } = packetRecords({ amounts: [5n] });
    const client = await clientOf(here, { packets: [packet] });
    const successor = await bench.takeLease('successor', 'red-packets');
    await bench.apply(all.slice(0, 1));
    await bench.apply(all.slice(0, 2), successor);
    await hears(client, 2);
    const [commit] = await bench.commits();
    expect(client.ids()).toEqual([0, 1].map((index) => `red-packets/1-${commit!.mark}/${index}`));
  });

  it('costs nothing while nobody listens, and does not tell the past to who comes then', async () => {
    const { packet, all } = packetRecords({ amounts: [5n] });
    await bench.apply(all.slice(0, 2));
    const client = await clientOf(here, { packets: [packet] });
    await bench.apply(all.slice(2));
    await hears(client, 2);
    expect(client.names()).toEqual(['packet:claimed', 'packet:best-updated']);
    const metrics = await here.metrics.registry.metrics();
    expect(metrics).toContain('mooring_push_clients 1');
    expect(metrics).toContain('mooring_push_messages_total{program="red-packets",message="packet:claimed"} 1');
    expect(metrics).toContain('mooring_push_latency_seconds_count{program="red-packets"} 1');
    expect(await there.metrics.registry.metrics()).not.toContain('mooring_push_messages_total{');
  });
});

describe('what is taken back (000-5, 000-7, I7)', () => {
  it('is corrected in the same rooms, with what to undo, what is left and where the crown went', async () => {
    const { packet, creator, claims, all } = packetRecords({ amounts: [5n, 9n, 1n] });
    const gone = claims[1]!;
    const [inPacket, inWallet, ofCreator] = [
      await clientOf(here, { packets: [packet] }),
      await clientOf(there, { wallets: [gone.data.claimer] }),
      await clientOf(there, { wallets: [creator] }),
    ];
    await bench.apply(all.slice(0, 4));
    await bench.drop(gone.record);
    await Promise.all([hears(inPacket, 8), hears(inWallet, 2)]);
    expect(inPacket.names().slice(-3)).toEqual(['packet:corrected', 'packet:restated', 'packet:best-updated']);
    await hears(ofCreator, 4);
    expect(ofCreator.names()).toEqual([
      ...['packet:created', 'packet:best-updated', 'packet:restated', 'packet:best-updated'],
    ]);
    const corrected = {
      ...{ packetId: packet, claimId: gone.data.claim, claimerId: gone.data.claimer },
      ...{ reason: 'orphaned', detail: 'dropped by a fork' },
      of: {
        ...{
          name: 'packet:claimed',
          eventId: gone.record._id,
          signature: gone.record.signature,
          slot: gone.record.slot,
        },
        payload: { amount: '9' },
      },
    };
    expect(inPacket.payloads('packet:corrected')).toMatchObject([corrected]);
    expect(inWallet.payloads('packet:corrected')).toMatchObject([corrected]);
    expect(inPacket.payloads('packet:restated')).toMatchObject([
      {
        ...{
          packetId: packet,
          exists: true,
          status: 'open',
          remainingCount: 2,
          remainingAmount: '10',
          claimedCount: 1,
        },
        bestClaimId: claims[0]!.data.claim,
      },
    ]);
    expect(inPacket.payloads('packet:best-updated').at(-1)).toMatchObject({ claimId: claims[0]!.data.claim });
  });

  it('is told with the version it was, and the one that landed after it', async () => {
    const { packet, claims, all } = packetRecords({ amounts: [5n] });
    const client = await clientOf(here, { packets: [packet] });
    await bench.apply(all);
    await bench.reland(movedTo(77, claims[0]!.record));
    await hears(client, 7);
    expect(client.names().slice(-3)).toEqual(['packet:corrected', 'packet:claimed', 'packet:restated']);
    const [corrected] = client.payloads('packet:corrected');
    expect(corrected).toMatchObject({ reason: 'replaced', of: { slot: claims[0]!.record.slot } });
    expect(client.payloads('packet:claimed').map(({ slot }) => slot)).toEqual([claims[0]!.record.slot, 77]);
  });

  it('says that the crown is nobody’s, and that there is no packet any more', async () => {
    const { packet, created, claims, all } = packetRecords({ amounts: [5n, 2n] });
    const client = await clientOf(here, { packets: [packet] });
    await bench.apply(all.slice(0, 3));
    await bench.drop(claims[0]!.record);
    await bench.drop(created);
    await hears(client, 9);
    expect(client.payloads('packet:best-updated').map(({ claimId }) => claimId)).toEqual([claims[0]!.data.claim, null]);
    expect(client.payloads('packet:corrected')[1]).toMatchObject({ of: { name: 'packet:created' } });
  });
});

describe('who was away', () => {
  it('gets exactly what was missed, from the other process too, and then what happens (000-7)', async () => {
    const { packet, all } = packetRecords({ amounts: [5n, 9n, 2n, 4n, 1n] });
    const [whole, cut] = [await clientOf(there, { packets: [packet] }), await clientOf(here, { packets: [packet] })];
    await bench.apply(all.slice(0, 3));
    await hears(cut, 4);
    // Killed: nobody says goodbye.
    cut.socket.io.engine.close();
    await here.stop();
    await bench.apply(packetRecords({ amounts: [3n], slot: 50 }).all);
    await bench.apply(all.slice(3, 4));
    await bench.apply(all.slice(4, 6));
    const again = await clientOf(there);
    const answer = await again.subscribe({ packets: [packet], since: cut.cursor() });
    // What its process did not know of yet comes as it happens.
    expect(answer).toMatchObject({ missed: expect.any(Number) as number, tooFar: false, rooms: 1 });
    await bench.apply(all.slice(6));
    await hears(whole, 9);
    await hears(again, 5);
    await eventually(() => {
      expect([...cut.ids(), ...again.ids()]).toEqual(whole.ids());
      return true;
    });
  });

  it('goes on in the middle of a commit that it heard half of', async () => {
    const { packet, all } = packetRecords({ amounts: [5n, 9n, 2n] });
    const client = await clientOf(here, { packets: [packet] });
    await bench.apply(all);
    await hears(client, 6);
    const half = client.heard[2]!.payload.cursor;
    const again = await clientOf(there);
    await again.subscribe({ packets: [packet], since: half });
    await eventually(() => {
      expect(again.ids()).toEqual(client.ids().slice(3));
      return true;
    });
  });

  it('misses nothing and hears nothing twice while much happens as it comes back', async () => {
    const { packet, all } = packetRecords({
      amounts: Array.from({ length: 60 }, (_, index) => BigInt((index * 37) % 101) + 1n),
    });
    const whole = await clientOf(here, { packets: [packet] });
    const begin = whole.heard.length;
    await bench.apply(all.slice(0, 10));
    await hears(whole, begin + 10);
    let done = false;
    const traffic = (async () => {
      for (const record of all.slice(10)) await bench.apply([record]);
      done = true;
    })();
    const returning: string[] = whole.ids().slice(0, 4);
    let cursor = whole.heard[3]!.payload.cursor;
    while (!done) {
      const client = await clientOf([here, there][returning.length % 2]!);
      await client.subscribe({ packets: [packet], since: cursor });
      await eventually(() => done || client.names().length > 12);
      client.close();
      returning.push(...client.ids());
      cursor = client.cursor() ?? cursor;
    }
    await traffic;
    const last = await clientOf(there);
    await last.subscribe({ packets: [packet], since: cursor });
    await eventually(() => whole.payloads('packet:claimed').length === 60);
    // The last commits may still be on their way to either of them.
    await eventually(() => {
      expect([...returning, ...last.ids()]).toEqual(whole.ids());
      return true;
    });
  });

  it('waits for a process that is not as far as the one it comes from', async () => {
    const { packet, all } = packetRecords({ amounts: [5n] });
    // This one has a client already, and so a place of its own.
    await clientOf(there, { packets: [newAddress()] });
    await bench.apply(all.slice(0, 1));
    const [commit] = await bench.commits();
    const ahead = encodeCursor(new Map([['red-packets', behind(commit!)]]));
    const client = await clientOf(there);
    await client.subscribe({ packets: [packet], since: ahead });
    await bench.apply(all.slice(1, 2));
    await hears(client, 1);
    expect(client.names()).toEqual(['packet:random-ready']);
  });

  it('is told when it was away for too long, and hears what happens from then on (000-7)', async () => {
    const { packet, all } = packetRecords({ amounts: [5n, 4n] });
    const client = await clientOf(here, { packets: [packet] });
    await bench.apply(all.slice(0, 1));
    await hears(client, 1);
    const old = client.cursor();
    await bench.apply(all.slice(1, 2));
    await bench.apply(all.slice(2, 3));
    await bench.db.collection('commits').deleteOne({ _id: 'red-packets/000000000002' as never });
    const again = await clientOf(there);
    const answer = await again.subscribe({ packets: [packet], since: old });
    expect(answer).toMatchObject({ tooFar: true, missed: 0 });
    const [tooFar] = again.payloads('mooring:too-far');
    expect(tooFar).toMatchObject({ cursor: answer.cursor, message: expect.stringContaining('over HTTP') as string });
    await bench.apply(all.slice(3));
    await hears(again, 1);
    expect(again.names()[0]).toBe('packet:claimed');
    // From another database, perhaps.
    const alien = encodeCursor(new Map([['red-packets', { next: 900, skip: 0, mark: 'unknown' }]]));
    expect(await (await clientOf(there)).subscribe({ packets: [packet], since: alien })).toMatchObject({
      tooFar: true,
    });
  });

  it('keeps its other rooms while it is told what it missed of new ones', async () => {
    const [one, two] = [packetRecords({ amounts: [5n, 2n] }), packetRecords({ amounts: [6n], slot: 30 })];
    const client = await clientOf(here);
    const { cursor } = await client.subscribe({ packets: [one.packet] });
    await bench.apply([...one.all.slice(0, 3), ...two.all]);
    await hears(client, 4);
    await client.subscribe({ packets: [two.packet], since: cursor });
    await bench.apply(one.all.slice(3));
    await eventually(() => client.payloads('packet:claimed').some(({ index }) => index === 1));
    expect(new Set(client.payloads('packet:created').map(({ packetId }) => packetId))).toEqual(
      new Set([one.packet, two.packet]),
    );
  });
});

describe('who does not keep to the rules', () => {
  it('is told what is wrong with a request', async () => {
    const client = await clientOf(here);
    const refusalOf = async (request: unknown) => {
      const answer = await client.ask('subscribe', request);
      return answer.ok ? 'ok' : answer.error.code;
    };
    expect(await refusalOf('packets')).toBe('bad-request');
    expect(await refusalOf({ packets: 'all' })).toBe('bad-request');
    expect(await refusalOf({ rooms: [] })).toBe('bad-request');
    expect(await refusalOf({ packets: ['0OIl'] })).toBe('bad-room');
    expect(await refusalOf({ packets: [7] })).toBe('bad-room');
    expect(await refusalOf({ packets: ['*'], since: 'yesterday' })).toBe('bad-cursor');
    expect(await refusalOf({ packets: ['*'], since: 7 })).toBe('bad-cursor');
    expect(await refusalOf({ packets: Array.from({ length: 501 }, newAddress) })).toBe('too-many-rooms');
    expect(await refusalOf({ packets: Array.from({ length: 500 }, newAddress) })).toBe('ok');
    expect(await refusalOf({ packets: ['*'] })).toBe('too-many-rooms');
  });

  it('has a budget of requests, and is cut off when it goes on and on', async () => {
    const client = await clientOf(here);
    const answers = await Promise.all(Array.from({ length: 40 }, () => client.ask('subscribe', { packets: ['*'] })));
    expect(answers.filter(({ ok }) => ok).length).toBeLessThan(30);
    expect(answers.at(-1)).toMatchObject({ ok: false, error: { code: 'too-many-requests' } });
    for (let index = 0; index < 200; index++) client.socket.emit('subscribe', { packets: ['*'] });
    await eventually(() => !client.socket.connected);
  });

  it('is cut off when it sends too much at once', async () => {
    const client = await clientOf(here);
    client.socket.emit('subscribe', { packets: ['x'.repeat(100_000)] });
    await eventually(() => !client.socket.connected);
  });

  it('is disconnected when it cannot keep up, holds nobody else up, and goes on from its cursor (000-9)', async () => {
    const ordinary = redPackets.push as Push;
    // More than the buffers of the network hold.
    const much = Array.from({ length: 1_000 }, () => ({
      ...{ name: 'much', rooms: [['packets', newAddress()]] as const, payload: { text: 'x'.repeat(5_000) } },
    }));
    const chatty = await openServer(bench, {
      push: { ...ordinary, events: { ...ordinary.events, PacketVrfRequested: () => much } },
    });
    const said = async (line: string) => (await chatty.metrics.registry.metrics()).includes(line);
    const { packet, creator, all } = packetRecords({ amounts: [5n] });
    const [slow, quick] = [await clientOf(chatty, { packets: ['*'] }), await clientOf(chatty, { packets: [packet] })];
    await bench.apply(all.slice(0, 1));
    await hears(slow, 1);
    const since = slow.cursor();
    // The other end of its connection reads nothing any more.
    pause(slow);
    const requested = {
      packet,
      creator,
      oracle: creator,
      requestId: new Uint8Array(32),
      revision: 1n,
      requestedAt: 1n,
    };
    let slot = 100;
    while (!(await said('mooring_push_disconnects_total{reason="slow"} 1'))) {
      await bench.apply([eventRecord('PacketVrfRequested', (slot += 1), requested)]);
      await eventually(() =>
        said(`mooring_push_messages_total{program="red-packets",message="much"} ${(slot - 100) * 1_000}`),
      );
    }
    await bench.apply(all.slice(1));
    await eventually(() => quick.payloads('packet:claimed').length === 1);
    // What it has not taken after a while is thrown away with its connection.
    await eventually(() => said('mooring_push_clients 1'), { timeoutMs: 30_000 });
    const again = await clientOf(there);
    const { missed } = await again.subscribe({ packets: [packet], since });
    const requests = Array.from({ length: slot - 100 }, () => 'packet:randomness-requested');
    expect(again.names()).toEqual([...requests, 'packet:random-ready', 'packet:claimed', 'packet:best-updated']);
    expect(missed).toBe(requests.length + 3);
    await chatty.stop();
  });
});

describe('who may connect', () => {
  const refusal = (client: PushClient) =>
    new Promise<Error & { data?: { code: string } }>((resolve) => client.socket.once('connect_error', resolve));

  it('is, where reads need a key, whoever has one, for as long as it is good', async () => {
    let good = new Set(['mk_good']);
    const server = await openServer(bench, { mayListen: (key) => Promise.resolve(key !== null && good.has(key)) });
    const without = new PushClient(server.url);
    const wrong = new PushClient(server.url, { auth: { apiKey: 'mk_bad' } });
    clients.push(without, wrong);
    expect(await refusal(without)).toMatchObject({ data: { code: 'unauthenticated' } });
    expect(await refusal(wrong)).toMatchObject({ message: expect.stringContaining('auth') as string });
    const client = await clientOf(server, { packets: ['*'] }, { auth: { apiKey: 'mk_good' } });
    good = new Set();
    expect(await client.ask('subscribe', { packets: ['*'] }).catch(() => 'cut')).not.toMatchObject({ ok: true });
    await eventually(() => !client.socket.connected);
    await server.stop();
  });

  it('is a page of the same host, or of a named origin, and what is no page', async () => {
    const named = await openServer(bench, { settings: { allowedOrigins: ['https://app.example.com'] } });
    const open = (origin: string, server = named) => {
      const client = new PushClient(server.url, { origin });
      clients.push(client);
      return client;
    };
    expect(await refusal(open('https://evil.example.com'))).toBeInstanceOf(Error);
    expect(await refusal(open('https://app.example.com', here))).toBeInstanceOf(Error);
    await open('https://app.example.com').connected();
    await open(named.url).connected();
    await clientOf(named);
    await named.stop();
  });

  it('is so many and no more', async () => {
    const small = await openServer(bench, { settings: { maxClients: 1 } });
    await clientOf(small);
    const second = new PushClient(small.url);
    clients.push(second);
    expect(await refusal(second)).toBeInstanceOf(Error);
    await small.stop();
  });

  it('is whoever polls only where that is switched on', async () => {
    const polling = await openServer(bench, { settings: { polling: true } });
    const url = (server: OpenServer) => `${server.url}/socket.io/?EIO=4&transport=polling`;
    expect((await fetch(url(here))).status).toBe(400);
    expect((await fetch(url(polling))).status).toBe(200);
    expect(await (await fetch(here.url)).text()).toBe('not push');
    expect((await fetch(`${here.url}/socket.io/socket.io.js`)).status).toBe(200);
    await polling.stop();
  });
});

it('cuts connections when it stops, as a lost network would: clients come back by themselves', async () => {
  const client = await clientOf(here, { packets: ['*'] });
  // One that reads nothing answers nothing, and holds nobody up.
  pause(await clientOf(here));
  const reason = new Promise((resolve) => client.socket.once('disconnect', resolve));
  const began = performance.now();
  await here.stop();
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(await reason).toBe('transport close');
});
