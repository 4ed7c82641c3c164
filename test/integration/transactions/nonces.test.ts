import { PublicKey, SystemProgram, type Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { growNonces } from '../../../src/transactions/nonces/grow-nonces.js';
import { nonceAddress } from '../../../src/transactions/nonces/nonce-address.js';
import { nonceInstruction } from '../../../src/transactions/nonces/nonce-instruction.js';
import type { ClaimedNonce } from '../../../src/transactions/nonces/nonce-store.js';
import { proveExpired } from '../../../src/transactions/prove-expired.js';
import type { NonceWork } from '../../../src/transactions/nonces/nonce-work.js';
import { repairNonces } from '../../../src/transactions/nonces/repair-nonces.js';
import type { StoredNonce } from '../../../src/transactions/nonces/stored-nonce.js';
import { withdrawNonces } from '../../../src/transactions/nonces/withdraw-nonces.js';
import { eventually } from '../../support/eventually.js';
import { openNonceBench, signOver, type NonceBench } from './nonce-bench.js';

let bench: NonceBench;
beforeAll(async () => {
  bench = await openNonceBench();
});
afterAll(async () => {
  await bench.close();
});

interface Answer {
  readonly context: { readonly slot: number };
  readonly value: readonly unknown[];
}

const RENT = 1_447_680;
const SEND = { skipPreflight: true, preflightCommitment: 'confirmed', maxRetries: 0 } as const;
const now = () => new Date();

/** A pool of its own. */
async function poolOf(count: number): Promise<{ signer: Keypair; authority: string; work: NonceWork }> {
  const signer = await bench.signer();
  const authority = signer.publicKey.toBase58();
  const work = await bench.work(signer);
  await growNonces(work, authority, count);
  return { signer, authority, work };
}

/** A payment that lasts as long as the nonce has its value. */
function paymentOver(work: NonceWork, { address, authority, value }: ClaimedNonce) {
  const pay = SystemProgram.transfer({
    ...{ fromPubkey: new PublicKey(authority), toPubkey: new PublicKey(authority), lamports: 1 },
  });
  return signOver(work, authority, [nonceInstruction(address, authority), pay], value);
}

async function landed(work: NonceWork, signature: string): Promise<boolean> {
  const [status] = (await work.chain.signatureStatuses([signature])).statuses;
  return status !== null && status !== undefined && status.commitment !== 'processed';
}

it('makes a pool, pays for each account once, grows it, and finds what it made (004-2.1)', async () => {
  const { signer, authority, work } = await poolOf(6);
  const nonces = await work.store.list();
  expect(nonces.filter((nonce) => nonce.authority === authority)).toHaveLength(6);
  const after = await bench.balance(signer);
  expect(after).toBeLessThanOrEqual(1_000_000_000 - 6 * RENT);
  expect(after).toBeGreaterThan(1_000_000_000 - 6 * RENT - 100_000);
  expect(await growNonces(work, authority, 6)).toMatchObject({ made: [], unsettled: [] });
  expect(await bench.balance(signer)).toBe(after);
  expect((await growNonces(work, authority, 9)).made).toHaveLength(3);
  // 1 SOL less 9 accounts is not enough for 691 more, which is found out before the first of them.
  await expect(growNonces(work, authority, 700)).rejects.toMatchObject({
    ...{
      code: 'insufficient-funds',
      message: expect.stringMatching(/send it 0\.01\d+ SOL \(\d+ lamports\)/) as string,
    },
  });
  await expect(growNonces(work, authority, 2)).rejects.toMatchObject({ code: 'nonces-more' });
  for (const { _id, value } of await work.store.list(authority)) {
    expect((await bench.chain.connection.getNonce(new PublicKey(_id)))?.nonce).toBe(value);
  }
});

it('gives each nonce to one of many that ask at once, and the same one to whoever asks again (004-2.1)', async () => {
  const { authority, work } = await poolOf(8);
  const ids = Array.from({ length: 20 }, (_, position) => `race-${authority}-${position}`);
  const asked = [...ids, ...ids];
  const claims = await Promise.all(asked.map((id) => work.store.claim(authority, id, now())));
  const had = new Map<string, Set<string>>();
  for (const [position, claim] of claims.entries()) {
    if (claim) had.set(claim.address, (had.get(claim.address) ?? new Set()).add(asked[position] as string));
  }
  expect(had.size).toBe(8);
  expect([...had.values()].every((one) => one.size === 1)).toBe(true);
  const owners = [...had.values()].map(([id]) => id as string);
  expect(new Set(owners).size).toBe(8);
  for (const id of owners) expect(had.has((await work.store.claim(authority, id, now()))?.address ?? '')).toBe(true);
  expect(await work.store.claim(authority, 'too-late', now())).toBeNull();
  expect(await work.store.claim('nobody', 'other', now())).toBeNull();
});

it('is used again only once a finalized block shows another value, and proves what cannot land (004-2.2, TRAPS 16-19)', async () => {
  const { authority, work } = await poolOf(1);
  const id = `user-${authority}`;
  await bench.storeTransaction(id, 'pending');
  const first = (await work.store.claim(authority, id, now())) as ClaimedNonce;
  const payment = await paymentOver(work, first);
  await bench.storeTransaction(id, 'signed', payment.signature, first);
  await work.pool.refresh(authority);
  expect(await work.store.claim(authority, id, now())).toEqual(first);
  await work.chain.sendTransaction(payment.wire, SEND);
  await eventually(() => landed(work, payment.signature));
  expect(await work.store.release('somebody-else', () => true, now())).toBe(false);
  expect(await work.store.release(id, () => true, now())).toBe(true);
  expect(await work.store.claim(authority, 'next', now())).toBeNull();
  const cooled = await bench.untilState(work, first.address, 'available');
  expect(cooled.value).not.toBe(first.value);
  expect(cooled.advancedAtSlot).toBe(cooled.seenAtSlot);

  // Signed and never sent: as long as nothing else moves the value, nobody gets it.
  await bench.storeTransaction('next', 'pending');
  const second = (await work.store.claim(authority, 'next', now())) as ClaimedNonce;
  const late = await paymentOver(work, second);
  await work.store.release('next', () => true, now());
  const refreshed = await work.pool.refresh(authority);
  expect(refreshed).toMatchObject({ changed: [], stuck: [{ _id: second.address, value: second.value }] });
  const isProven = async ({ signature }: { signature: string }, value: string) => {
    const lifetime = { kind: 'nonce', account: first.address, value, asOfSlot: first.asOfSlot } as const;
    return (await proveExpired([work.chain], [{ signature, lifetime }])).has(signature);
  };
  expect(await isProven(late, second.value)).toBe(false);
  expect(await isProven(payment, first.value)).toBe(false);
  const repaired = await repairNonces(work, authority, true);
  expect(repaired).toMatchObject({ advanced: [second.address], left: [], changed: [{ step: 'cooled-down' }] });
  expect(await isProven(late, second.value)).toBe(true);
  await work.chain.sendTransaction(late.wire, SEND).catch(() => {});
  const third = (await work.store.claim(authority, 'third', now())) as ClaimedNonce;
  const last = await paymentOver(work, third);
  await work.chain.sendTransaction(last.wire, SEND);
  await eventually(() => landed(work, last.signature));
  expect(await landed(work, late.signature)).toBe(false);
});

it('takes back what a transaction has that ended, or that does not exist (004-2.2)', async () => {
  const { authority, work } = await poolOf(4);
  const fates = { open: 'signed', refused: 'failed', expired: 'expired', missing: null } as const;
  const claimed: Record<string, ClaimedNonce> = {};
  for (const [name, state] of Object.entries(fates)) {
    const id = `${name}-${authority}`;
    claimed[name] = (await work.store.claim(authority, id, now())) as ClaimedNonce;
    if (state) await bench.storeTransaction(id, state, name === 'refused' ? undefined : id, claimed[name]);
  }
  const { changed, stuck } = await work.pool.refresh(authority);
  const stateOf = Object.fromEntries((await work.store.list(authority)).map(({ _id, state }) => [_id, state]));
  const states = Object.fromEntries(Object.entries(claimed).map(([name, { address }]) => [name, stateOf[address]]));
  // Nothing was ever signed for the one that was refused: its value is as good as new.
  expect(states).toEqual({ open: 'claimed', refused: 'available', expired: 'cooling', missing: 'cooling' });
  expect(changed.map(({ step }) => step)).toEqual(['taken-back', 'taken-back', 'taken-back']);
  expect(stuck).toHaveLength(2);
  await repairNonces(work, authority, true);
  expect(await work.store.counts(authority)).toMatchObject({ cooling: 0, available: 3, claimed: 1, broken: 0 });
});

it('puts right what was changed by hand, in the database and on chain (004-2.2, 004-6.2)', async () => {
  const { authority, work } = await poolOf(5);
  const [wrong, lost, brokenInName, closed, claimed] = (await work.store.list(authority)).map(({ _id }) => _id);
  await bench.tamper(wrong as string, { value: 'nonsense' });
  await bench.forget(lost as string);
  await bench.tamper(brokenInName as string, { state: 'broken', reason: 'legacy' });
  await bench.tamper(claimed as string, { state: 'claimed', claimedBy: 'never-was' });
  const withdraw = SystemProgram.nonceWithdraw({
    ...{ noncePubkey: new PublicKey(closed as string), authorizedPubkey: new PublicKey(authority) },
    ...{ toPubkey: new PublicKey(authority), lamports: RENT },
  });
  const { blockhash } = await work.chain.latestBlockhash('confirmed');
  const gone = await signOver(work, authority, [withdraw], blockhash);
  await work.chain.sendTransaction(gone.wire, SEND);
  await bench.untilState(work, closed as string, 'broken');
  expect((await work.store.counts(authority)).reasons).toMatchObject({ closed: 1 });

  const repaired = await repairNonces(work, authority, true);
  expect(repaired).toMatchObject({ forgotten: [lost], made: [closed], left: [], unknown: [] });
  expect(repaired.advanced).toHaveLength(2);
  const nonces = await work.store.list(authority);
  expect(nonces.map(({ _id, state, reason }) => ({ _id, state, reason }))).toEqual(
    [wrong, lost, brokenInName, closed, claimed].map((_id) => ({ _id, state: 'available', reason: null })),
  );
  for (const { _id, value } of nonces) {
    expect((await bench.chain.connection.getNonce(new PublicKey(_id)))?.nonce).toBe(value);
  }
  expect(await repairNonces(work, authority, true)).toMatchObject({ changed: [], made: [], advanced: [] });
});

it('concludes nothing from an error, a null or an older view of one node (I5, 004-2.2)', async () => {
  const { signer, authority, work } = await poolOf(2);
  const before = await work.store.list(authority);
  const alone = await bench.work(signer, 'proxy');
  const unknownTo = async (of: NonceWork) => {
    const { unknown, changed } = await of.pool.refresh(authority);
    expect({ changed, nonces: await work.store.list(authority) }).toEqual({ changed: [], nonces: before });
    return unknown.length;
  };
  const answer = (change: (answer: Answer) => Answer) =>
    bench.proxy.onRpc('getMultipleAccounts', async (_, forward) => ({
      result: change(((await forward()) as unknown as { result: Answer }).result),
    }));
  try {
    bench.proxy.onRpc('getMultipleAccounts', () => ({ error: { code: -32601, message: 'Method not found' } }));
    expect(await unknownTo(alone)).toBe(2);
    answer(({ context, value }) => ({ context, value: value.map((one, at) => (at === 0 ? one : null)) }));
    expect(await unknownTo(work)).toBe(2);
    answer(({ value }) => ({ context: { slot: 1 }, value: value.map(() => null) }));
    // Such an answer counts for nothing, and the other endpoint is asked.
    expect(await unknownTo(work)).toBe(0);
  } finally {
    bench.proxy.heal();
  }
});

// A cheat of Surfnet's takes the lamports away: a validator lets nobody do that.
it.skipIf(inject('sharedChain'))('pays what an account lacks, once (004-2.1)', async () => {
  const { signer, authority, work } = await poolOf(1);
  const [nonce] = (await work.store.list(authority)) as [StoredNonce];
  const key = new PublicKey(nonce._id);
  const data = (await bench.chain.connection.getAccountInfo(key))?.data.toString('hex');
  const account = { lamports: RENT - 1_000, owner: SystemProgram.programId.toBase58(), data };
  const response = await fetch(bench.chain.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'surfnet_setAccount', params: [nonce._id, account] }),
  });
  expect(await response.json()).not.toHaveProperty('error');
  const before = await bench.balance(signer);
  const [one, other] = await Promise.all([repairNonces(work, authority, true), repairNonces(work, authority, true)]);
  expect([one.left, other.left]).toEqual([[], []]);
  expect((await bench.chain.connection.getAccountInfo(key))?.lamports).toBe(RENT);
  expect(before - (await bench.balance(signer))).toBeLessThanOrEqual(1_000 + 10_000);
  const [after] = await work.store.list(authority);
  expect(after).toMatchObject({ state: 'available', reason: null });
  expect(after?.value).not.toBe(nonce.value);
});

it('closes those that nobody has, and can make them again (004-2.1)', async () => {
  const { signer, authority, work } = await poolOf(5);
  const claimed = (await work.store.claim(authority, `keeps-${authority}`, now())) as ClaimedNonce;
  await bench.storeTransaction(`keeps-${authority}`, 'signed', `keeps-${authority}`, claimed);
  const before = await bench.balance(signer);
  const withdrawn = await withdrawNonces(work, authority);
  expect(withdrawn).toMatchObject({ left: [{ address: claimed.address, reason: 'claimed' }], unsettled: [] });
  expect(withdrawn.closed).toHaveLength(4);
  expect(withdrawn.lamports).toBe(BigInt(4 * RENT));
  expect(await bench.balance(signer)).toBeGreaterThan(before + 4 * RENT - 20_000);
  expect(await work.store.list(authority)).toMatchObject([{ _id: claimed.address, state: 'claimed' }]);
  // Lamports that somebody sends to an address keep nobody from making it.
  const dusted = new PublicKey(await nonceAddress(authority, 3));
  await bench.chain.fund(dusted, 1_000_000);
  expect((await growNonces(work, authority, 5)).made).toHaveLength(4);
  expect((await work.store.list(authority)).map(({ state }) => state).sort()).toEqual([
    ...Array.from({ length: 4 }, () => 'available'),
    'claimed',
  ]);
});
