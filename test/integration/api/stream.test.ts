import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApi } from '../../../src/app/api-process.js';
import { stableEvents } from '../../../src/app/stable-events.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { redPacketRoutes } from '../../../src/domains/red-packets/routes.js';
import { recordFrom } from '../../../src/ledger/ledger-collections.js';
import { readStableHead } from '../../../src/ledger/stable-slot.js';
import { compareEvents } from '../../../src/ledger/stream-place.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import { eventually } from '../../support/eventually.js';
import { startLiveChain, type LiveChain } from '../push/live-chain.js';
import { SseClient } from './sse-client.js';

let live: LiveChain;
beforeAll(async () => {
  live = await startLiveChain(9, { STREAM_MAX_CONSUMERS: '3' });
});
afterAll(() => live.stack.stop());

const PATH = '/api/stream?program=red-packets';
const records = async (filter: object) =>
  (await live.stack.foundation.mongo.db.collection('ledger_events').find(filter).toArray()).map(recordFrom);

/** Reads from the beginning, cut off again and again, until everything up to a slot was told. */
async function readInPieces(url: string, untilSlot: () => number | null): Promise<string[]> {
  const random = seededRandom(3);
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let isDone = false; !isDone;) {
    const client = await SseClient.open(`${url}${PATH}&from=start`, { lastEventId: cursor });
    const wanted = 1 + Math.floor(random() * 4);
    await eventually(() => client.messages.length >= wanted, { timeoutMs: 60_000 });
    client.close();
    ids.push(...client.ids);
    cursor = client.cursor;
    const slot = untilSlot();
    isDone = slot !== null && client.messages.some(({ event, data }) => event === 'slot' && data.slot >= slot);
  }
  return ids;
}

it('tells what is final, once and in order, across disconnects and beside a fork, until the API stops (004-3.4, I7)', async () => {
  const { client, stack, lies, users } = live;
  const { foundation } = stack;
  const whole = await SseClient.open(`${stack.api.url}${PATH}&from=start`);
  let untilSlot: number | null = null;
  const inPieces = readInPieces(stack.api.url, () => untilSlot);

  const packet = await live.openPacket(1n, 8);
  await Promise.all(users.slice(0, 4).map((user) => client.claim(packet, user)));
  const dropped = await client.claim(packet, users[4]!);
  const seen = await eventually(async () => (await records({ signature: dropped.signature }))[0]);
  lies.vanish(dropped.signature, seen.slot);
  await Promise.all(users.slice(5, 8).map((user) => client.claim(packet, user)));
  await eventually(
    async () => {
      const open = await records({ kind: 'event', commitment: 'confirmed' });
      return open.length === 0 && (await records({ state: 'orphaned' })).length > 0;
    },
    { timeoutMs: 60_000, everyMs: 250 },
  );

  const final = (await records({ kind: 'event', state: 'applied' })).sort(compareEvents);
  const expected = final.map(({ _id }) => _id);
  expect(expected.length).toBeGreaterThan(9);
  untilSlot = final.at(-1)?.slot ?? 0;
  await whole.until(untilSlot);
  expect(whole.ids).toEqual(expected);
  expect(await inPieces).toEqual(expected);
  expect(whole.messages.filter(({ data }) => data['signature'] === dropped.signature)).toEqual([]);
  const created = whole.messages.find(({ data }) => data['name'] === 'PacketCreated');
  expect(created?.data).toMatchObject({
    ...{ kind: 'event', program: 'red-packets', late: false, cursor: created?.id },
    data: { packetId: '1', totalAmount: '1000000000' },
  });

  // Another process of the API, which goes on where the first one was left, and ends well.
  const another = await startApi(foundation, [redPacketRoutes()]);
  const first = whole.messages.filter(({ event }) => event === 'event')[2];
  const going = await SseClient.open(`${another.url}${PATH}`, { lastEventId: first?.id });
  await going.until(untilSlot);
  expect(going.ids).toEqual(expected.slice(whole.ids.indexOf(String(first?.data['id'])) + 1));
  expect(await foundation.metrics.registry.metrics()).toContain('mooring_stream_consumers{program="red-packets"} 1');
  const startedAt = Date.now();
  await another.stop();
  await eventually(() => going.isEnded);
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  expect(whole.isEnded).toBe(false);
  whole.close();
});

it('is an async iterator in a program, by the same cursors (004-3.4)', async () => {
  const { stack } = live;
  const { foundation } = stack;
  const config = { ...foundation.config, mongodbUri: stack.databaseUri };
  const stop = new AbortController();
  const got: string[] = [];
  const options = { program: 'red-packets', modules: [redPackets], config, signal: stop.signal };
  for await (const item of stableEvents({ ...options, from: 'start', names: ['PacketClaimed'] })) {
    if (item.kind === 'slot') stop.abort();
    else if (typeof (item.data as { amount: unknown }).amount === 'bigint') got.push(item.name);
  }
  expect(got).toEqual(Array.from({ length: 7 }, () => 'PacketClaimed'));
  await expect(stableEvents({ ...options, program: 'other' }).next()).rejects.toMatchObject({
    code: 'unknown-program',
  });
  await expect(stableEvents({ ...options, names: ['Nothing'] }).next()).rejects.toMatchObject({
    code: 'unknown-event',
  });
});

it('says what is wrong with a request, and when too many streams are open (004-3.4)', async () => {
  const { stack } = live;
  const wrong = await stack.get('/api/stream?program=nothing&colour=red&from=');
  expect(wrong.status).toBe(400);
  expect(wrong.body.errors.map(({ field }) => field).sort()).toEqual(['colour', 'from', 'program']);
  expect((await stack.get(`${PATH}&name=PacketClaimed,Nothing`)).body).toMatchObject({
    code: 'invalid-request',
    errors: [{ field: 'name' }],
  });
  const cursorOf = (program: string) => Buffer.from(JSON.stringify([program, 0, 0, 0, 7, null])).toString('base64url');
  for (const from of ['zzz', cursorOf('coupons'), '99999999999999999999']) {
    expect((await stack.get(`${PATH}&from=${from}`)).body).toMatchObject({ code: 'invalid-cursor' });
  }
  expect((await stack.get(PATH, { 'Last-Event-ID': 'zzz' })).body).toMatchObject({ code: 'invalid-cursor' });
  const late = (await readStableHead(stack.foundation.mongo.db, 'red-packets'))?.late ?? 0;
  const foreign = Buffer.from(JSON.stringify(['red-packets', 0, late + 1, 0, 7, null])).toString('base64url');
  expect((await stack.get(`${PATH}&from=${foreign}`)).body).toMatchObject({ code: 'cursor-expired', status: 410 });
  expect((await stack.send('HEAD', PATH)).status).toBe(200);

  const open = await Promise.all([1, 2, 3].map(() => SseClient.open(`${stack.api.url}/api/stream`)));
  expect((await stack.get(PATH)).body).toMatchObject({ code: 'too-many-streams', status: 503 });
  for (const client of open) client.close();
  await eventually(async () => {
    (await SseClient.open(`${stack.api.url}/api/stream`)).close();
    return true;
  });
});
