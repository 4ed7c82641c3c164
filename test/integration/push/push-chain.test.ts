import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorkerChild } from '../../../scripts/drill/worker-child.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { findFreePorts } from '../../../src/dev/free-port.js';
import { readReplay, requestReplay } from '../../../src/ledger/replay-request.js';
import { eventually } from '../../support/eventually.js';
import { pda } from '../programs/red-packets-chain.js';
import { startLiveChain, type LiveChain } from './live-chain.js';
import { PushClient } from './push-bench.js';

let live: LiveChain;
let directory: string;
beforeAll(async () => {
  live = await startLiveChain(12);
  directory = await mkdtemp(join(tmpdir(), 'mooring-push-'));
});
afterAll(async () => {
  await live.stack.stop();
  await rm(directory, { recursive: true });
});

/** Another process of the API, on the same chain and database. */
async function startAnotherApi() {
  const { stack } = live;
  const routes = new URL('../../../src/domains/red-packets/routes.js', import.meta.url).href;
  const domains = join(directory, 'domains.mts');
  await writeFile(
    domains,
    `import { redPacketRoutes } from '${routes}';\nexport const domains = [redPacketRoutes()];\n`,
  );
  const port = await findFreePorts();
  const child = startWorkerChild('api', {
    ...{ SOLANA_RPC_URL: stack.proxy.rpcUrl, SOLANA_WS_URL: stack.proxy.wsUrl, MONGODB_URI: stack.databaseUri },
    ...{ MONGODB_DATABASE: stack.foundation.config.mongodbDatabase, PORT: String(port), MOORING_DOMAINS: domains },
  });
  await eventually(() => child.output().includes('api listening'), { timeoutMs: 90_000 });
  return { child, url: `http://127.0.0.1:${port}` };
}

it('tells what happens on chain through two processes, and the other one when the first is killed (000-7, I7)', async () => {
  const { client, stack, users } = live;
  const another = await startAnotherApi();
  const packet = pda.packet(live.creator.publicKey, 1n).toBase58();
  const [whole, cut] = await Promise.all(
    [stack.api.url, another.url].map(async (url) => {
      const one = await new PushClient(url).connected();
      await one.subscribe({ packets: [packet] });
      return one;
    }),
  );
  await live.openPacket(1n, 8);
  const address = pda.packet(live.creator.publicKey, 1n);
  await Promise.all(users.slice(0, 4).map((user) => client.claim(address, user)));
  await eventually(() => cut!.payloads('packet:claimed').length === 4);
  another.child.kill('SIGKILL');
  await another.child.ended;
  await Promise.all(users.slice(4, 8).map((user) => client.claim(address, user)));
  await eventually(() => whole!.payloads('packet:claimed').length === 8);
  const again = await new PushClient(stack.api.url).connected();
  await again.subscribe({ packets: [packet], since: cut!.cursor() });
  await eventually(() => again.ids().length + cut!.ids().length >= whole!.ids().length);
  expect([...cut!.ids(), ...again.ids()]).toEqual(whole!.ids());
  // Once each, as they took effect here: of two transactions the later one may be heard of first.
  const opening = ['packet:created', 'packet:random-ready', 'packet:randomness-requested'];
  expect(
    whole!
      .names()
      .filter((name) => opening.includes(name))
      .sort(),
  ).toEqual(opening);

  const documents = await stack.get(`/api/packet_claims?packet=${packet}`);
  const byClaim = new Map(whole!.payloads('packet:claimed').map((payload) => [payload['claimId'], payload]));
  for (const { address: claim, claimer, amount, index } of documents.body.items) {
    expect(byClaim.get(claim)).toMatchObject({ packetId: packet, claimerId: claimer, amount, index });
  }
  const { body } = await stack.get(`/api/packets/${packet}`);
  expect(body).toMatchObject({ status: 'exhausted', remainingAmount: '0' });
  expect(whole!.payloads('packet:best-updated').at(-1)).toMatchObject({ claimId: body['bestClaim'] });
  const remaining = whole!.payloads('packet:claimed').map(({ remainingCount }) => remainingCount);
  expect([...remaining].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const one of [whole!, cut!, again]) one.close();
});

interface Claim {
  readonly user: Keypair;
  readonly signature: string;
  readonly claim: string;
}

/** A packet whose last claim has just taken the crown from another one, and who was told all of it. */
async function takeACrown(id: bigint) {
  const { client, stack, users } = live;
  const packet = await live.openPacket(id, 5);
  const address = packet.toBase58();
  const listener = await new PushClient(stack.api.url).connected();
  await listener.subscribe({ packets: [address] });
  const crowned = () => listener.payloads('packet:best-updated').map(({ claimId }) => claimId);
  for (const [index, user] of users.slice(0, 5).entries()) {
    const { signature } = await client.claim(packet, user);
    const dropped: Claim = { user, signature, claim: pda.claim(packet, user.publicKey).toBase58() };
    await eventually(() => listener.payloads('packet:claimed').length === index + 1);
    // The documents of a claim and its crown change in one transaction; what is told of it comes in several messages.
    const { bestClaim } = (await stack.get(`/api/packets/${address}`)).body;
    await eventually(() => crowned().at(-1) === bestClaim);
    if (index > 0 && bestClaim === dropped.claim) return { packet: address, listener, crowned: crowned(), dropped };
  }
  // The first claim of all was the luckiest: the next packet draws anew.
  listener.close();
  return takeACrown(id + 1n);
}

it('takes back what a fork drops, and gives the crown back (000-5, 000-7, I7)', async () => {
  const { stack, lies } = live;
  const { packet: address, listener, crowned, dropped } = await takeACrown(2n);
  lies.vanish(dropped.signature, Number(listener.payloads('packet:claimed').at(-1)!['slot']));
  await eventually(
    () => listener.names().at(-1) === 'packet:best-updated' && listener.names().includes('packet:corrected'),
    {
      timeoutMs: 60_000,
    },
  );
  expect(listener.names().slice(-3)).toEqual(['packet:corrected', 'packet:restated', 'packet:best-updated']);
  expect(listener.payloads('packet:corrected')).toMatchObject([
    { packetId: address, claimId: dropped.claim, claimerId: dropped.user.publicKey.toBase58(), reason: 'orphaned' },
  ]);
  expect(listener.payloads('packet:best-updated').at(-1)).toMatchObject({ claimId: crowned.at(-2) });
  expect((await stack.get(`/api/packets/${address}`)).body).toMatchObject({
    bestClaim: crowned.at(-2),
    remainingCount: listener.payloads('packet:restated')[0]!['remainingCount'],
  });
  listener.close();
});

it('tells nobody of a replay, in place or as a shadow: nothing happened (000-7)', async () => {
  const { db } = live.stack.foundation.mongo;
  const logged = () => db.collection('commits').find().toArray();
  const before = await logged();
  expect(before.length).toBeGreaterThan(5);
  for (const shadow of [false, true]) {
    const wanted = {
      id: randomUUID(),
      program: 'red-packets',
      version: redPackets.version,
      fromSlot: null,
      total: 0,
      shadow,
    };
    await requestReplay(db, wanted, new Date());
    await eventually(async () => (await readReplay(db, 'red-packets'))?.state === 'done', { timeoutMs: 60_000 });
  }
  expect(await logged()).toEqual(before);
});
