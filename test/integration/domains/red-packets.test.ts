import { createHash } from 'node:crypto';
import { PublicKey, type Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runReconcile } from '../../../src/app/run-reconcile.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import { eventually } from '../../support/eventually.js';
import { pda, RANDOMNESS, randomShare, redPacketsClient } from '../programs/red-packets-chain.js';
import { openDomainBench, type Document, type DomainBench } from './domain-bench.js';

let bench: DomainBench;
let client: ReturnType<typeof redPacketsClient>;
let creator: Keypair;
let oracle: Keypair;
let users: Keypair[];
beforeAll(async () => {
  bench = await openDomainBench(redPackets, ['red-packets']);
  client = redPacketsClient(bench.chain.connection);
  [creator, oracle, ...users] = (await bench.chain.fundedKeypairs(52)) as [Keypair, Keypair, ...Keypair[]];
});
afterAll(() => bench.close());

const packetOf = (packet: PublicKey) => bench.document('packets', packet.toBase58());
const claimsOf = (packet: PublicKey) => bench.documents('packet_claims', { packet: packet.toBase58() });

/** A random packet that can be claimed. */
async function randomPacket(packetId: bigint, count: number): Promise<{ packet: PublicKey; sent: string[] }> {
  const terms = { packetId, kind: 'random', totalAmount: 1_000_000n, count, oracle: oracle.publicKey } as const;
  const { packet, landed } = await client.create(creator, terms);
  const requested = await client.request(packet, creator);
  const ready = await client.fulfil(packet, oracle, createHash('sha256').update(`lot ${packetId}`).digest());
  return { packet, sent: [landed, requested, ready].map(({ signature }) => signature) };
}

/** By the rule, from the documents alone: the largest amount, and of equal ones the first. */
function luckiest(claims: readonly Document[]): string | undefined {
  const byLuck = [...claims].sort((one, other) => {
    const [a, b] = [one['amount'] as bigint, other['amount'] as bigint];
    return a === b ? (one['index'] as number) - (other['index'] as number) : a > b ? -1 : 1;
  });
  return byLuck[0]?._id;
}

it('follows a packet of equal shares, no claim of which is the best (000-1, 000-2, 000-4)', async () => {
  const { packet, landed } = await client.create(creator, { packetId: 1n, totalAmount: 900n, count: 3 });
  const [first] = users as [Keypair];
  const claimed = await client.claim(packet, first);
  await bench.worker.allFinal([landed.signature, claimed.signature]);
  expect(await packetOf(packet)).toMatchObject({
    ...{ creator: creator.publicKey.toBase58(), packetId: 1n, isRandom: false, status: 'open', message: '恭喜发财' },
    ...{ totalAmount: 900n, remainingAmount: 600n, remainingCount: 2, claimedAmount: 300n, claimedCount: 1 },
    ...{ mint: null, decimals: 9, oracle: null, vrfRequestId: null, randomReady: false, bestClaim: null },
  });
  const claim = pda.claim(packet, first.publicKey).toBase58();
  expect(await claimsOf(packet)).toMatchObject([{ _id: claim, amount: 300n, index: 0, isBest: false }]);
  expect(await bench.document('users', first.publicKey.toBase58())).toMatchObject({ lastPacket: packet.toBase58() });
  await bench.expectTruth();
});

it('shows that a random packet waits for its randomness, then moves the crown from claim to claim (000-2, 000-4)', async () => {
  const { packet, landed } = await client.create(creator, {
    ...{ packetId: 2n, kind: 'random', totalAmount: 1_000_000n, count: 6, oracle: oracle.publicKey },
  });
  await bench.worker.allFinal([landed.signature]);
  expect(await packetOf(packet)).toMatchObject({ status: 'waiting', randomReady: false, vrfRequestId: null });
  const requested = await client.request(packet, creator);
  await bench.worker.allFinal([requested.signature]);
  expect(await packetOf(packet)).toMatchObject({
    status: 'waiting',
    vrfRequestId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
  const ready = await client.fulfil(packet, oracle);
  await bench.worker.allFinal([ready.signature]);
  expect(await packetOf(packet)).toMatchObject({ status: 'open', randomReady: true, bestClaim: null });
  const crowned = new Set<string>();
  const [first, luckier] = outdrawn(packet, 1_000_000n, 6n);
  const others = users.filter((user) => user !== first && user !== luckier);
  for (const user of [first, luckier, ...others.slice(0, 4)]) {
    const { signature } = await client.claim(packet, user);
    await bench.worker.allFinal([signature]);
    const claims = await claimsOf(packet);
    const best = luckiest(claims) ?? '';
    crowned.add(best);
    expect(claims.filter(({ isBest }) => isBest === true).map(({ _id }) => _id)).toEqual([best]);
    expect(claims.every(({ isBest }) => typeof isBest === 'boolean')).toBe(true);
    expect(await packetOf(packet)).toMatchObject({ bestClaim: best });
  }
  expect(crowned.size).toBeGreaterThan(1);
  expect(await packetOf(packet)).toMatchObject({ status: 'exhausted', remainingAmount: 0n, remainingCount: 0 });
  await bench.expectTruth();
});

/** Two users of whom the second, claiming after the first, draws more: who draws what follows from the wallets. */
function outdrawn(packet: PublicKey, amount: bigint, count: bigint): [Keypair, Keypair] {
  const lot = { randomness: RANDOMNESS, packet };
  for (const first of users) {
    const drawn = randomShare({ amount, count }, { ...lot, claimer: first.publicKey, index: 0 });
    const left = { amount: amount - drawn, count: count - 1n };
    const luckier = users.find(
      (user) => user !== first && randomShare(left, { ...lot, claimer: user.publicKey, index: 1 }) > drawn,
    );
    if (luckier) return [first, luckier];
  }
  throw new Error('nobody draws more than whoever was before');
}

it('keeps remainders exact while fifty wallets claim at once (000-3, I3)', async () => {
  const { packet, sent } = await randomPacket(3n, 50);
  const claims = await Promise.all(users.slice(0, 50).map((user) => client.claim(packet, user)));
  await bench.worker.allFinal([...sent, ...claims.map(({ signature }) => signature)]);
  const documents = await claimsOf(packet);
  expect(documents).toHaveLength(50);
  expect(new Set(documents.map(({ index }) => index)).size).toBe(50);
  expect(documents.reduce((sum, { amount }) => sum + (amount as bigint), 0n)).toBe(1_000_000n);
  expect(documents.filter(({ isBest }) => isBest === true).map(({ _id }) => _id)).toEqual([luckiest(documents)]);
  expect(await packetOf(packet)).toMatchObject({ claimedAmount: 1_000_000n, claimedCount: 50, remainingAmount: 0n });
  await bench.expectTruth();
});

it('puts crown and claims right after any damage, in one pass (000-4, 003-8)', async () => {
  const packet = pda.packet(creator.publicKey, 3n);
  const { db } = bench.worker.foundation.mongo;
  const claims = db.collection<{ _id: string }>('packet_claims');
  const documents = await claimsOf(packet);
  const best = luckiest(documents) ?? '';
  const [other] = documents.filter(({ _id }) => _id !== best);
  await claims.deleteOne({ _id: best });
  await claims.updateOne({ _id: other?._id ?? '' }, { $set: { isBest: true } });
  await db.collection('packets').updateOne({ bestClaim: best }, { $set: { bestClaim: other?._id } });
  const [run] = await runReconcile(bench.worker.foundation, bench.worker.foundation.modules, { scope: 'everything' });
  expect(run).toMatchObject({ state: 'done', counts: { left: 0 } });
  expect((await claimsOf(packet)).filter(({ isBest }) => isBest === true).map(({ _id }) => _id)).toEqual([best]);
  await bench.expectTruth();
});

it('ends what the program closes; the crown stays with the luckiest, and goes to nobody else (000-1, 000-4, I6)', async () => {
  const packet = pda.packet(creator.publicKey, 2n);
  const crowned = async () => (await claimsOf(packet)).filter(({ isBest }) => isBest === true).map(({ _id }) => _id);
  const best = luckiest(await claimsOf(packet)) ?? '';
  const closed = await client.settle('closePacket', packet, creator);
  await bench.worker.allFinal([closed.signature]);
  expect(await bench.documents('packets', { _id: packet.toBase58() })).toEqual([]);
  expect(await crowned()).toEqual([best]);
  await bench.expectTruth();
  const winner = users.find(({ publicKey }) => pda.claim(packet, publicKey).toBase58() === best) as Keypair;
  const accounts = { claim: new PublicKey(best), packet, payer: winner.publicKey };
  const closedClaim = await client.call('closeClaim', { accounts, signers: [winner] });
  await bench.worker.allFinal([closedClaim.signature]);
  expect(await claimsOf(packet)).toHaveLength(5);
  expect(await crowned()).toEqual([]);
  expect(await bench.document('packet_crowns', packet.toBase58())).toMatchObject({ claim: best });
  await bench.expectTruth();
});

it('follows what nobody claimed back to its creator, and what is closed to its end (000-1)', async () => {
  const expiresAt = (await client.now()) + 3_600n;
  const { packet } = await client.create(creator, { packetId: 4n, totalAmount: 900n, count: 3, expiresAt });
  const [user] = users as [Keypair];
  await client.claim(packet, user);
  await client.travelTo(expiresAt);
  await eventually(async () => (await client.now()) >= expiresAt);
  const refunded = await client.settle('refund', packet, creator);
  await bench.worker.allFinal([refunded.signature]);
  expect(await packetOf(packet)).toMatchObject({
    ...{ status: 'refunded', refundedAmount: 600n, claimedAmount: 300n, remainingAmount: 0n, remainingCount: 0 },
    settledAt: expect.any(Date) as Date,
  });
  await bench.expectTruth();
  const claim = pda.claim(packet, user.publicKey);
  const accounts = { claim, packet, payer: user.publicKey };
  const closedClaim = await client.call('closeClaim', { accounts, signers: [user] });
  const closed = await client.settle('closePacket', packet, creator);
  await bench.worker.allFinal([closedClaim.signature, closed.signature]);
  expect(await claimsOf(packet)).toEqual([]);
  expect(await bench.documents('packets', { _id: packet.toBase58() })).toEqual([]);
  await bench.expectTruth();
});
