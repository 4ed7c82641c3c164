import { describe, expect, it } from 'vitest';
import { newAttempt, type ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import type { StoredNonce } from '../../../src/transactions/nonces/stored-nonce.js';
import { SignerNonces } from '../../../src/transactions/signer-nonces.js';
import { NonceStore } from '../../../src/transactions/nonces/nonce-store.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';
import { managedTransaction } from './managed-transactions.js';

const free: StoredNonce = {
  ...{ _id: 'one', authority: 'S', index: 0, value: 'v1', state: 'available', used: false, claimedBy: null },
  ...{ claimedAt: null, advancedAtSlot: null, seenAtSlot: 100, reason: null, updatedAt: new Date(0) },
};

/** A pool of these accounts, whose rows can be changed by hand. */
async function pool(...nonces: StoredNonce[]) {
  const db = new MemoryServer({ now: () => 0 }).connect({ step: () => Promise.resolve() });
  const store = new NonceStore(db);
  await store.insert(nonces);
  const rows = db.collection<StoredNonce>('nonce_accounts');
  const of = new SignerNonces({
    ...{ store, authority: 'S', clock: { now: () => 0 } },
    pool: { refresh: () => Promise.reject(new Error('not asked')) },
  });
  return { of, rows };
}

/** A request with one version over each of these values of an account. */
function request(...values: string[]): ManagedTransaction {
  const attempts = values.map((value) =>
    newAttempt({
      ...{ signature: value, wire: new Uint8Array(1), signedAt: new Date(0), fee: { unitLimit: null, unitPrice: 0 } },
      lifetime: { kind: 'nonce', account: 'one', value, asOfSlot: 100 },
    }),
  );
  return managedTransaction({ id: 'k:a', lifetime: 'nonce', attempts });
}

describe('a nonce that is given back (004-2.2)', () => {
  it.each([
    ['the value it has', 'v1', true],
    ['a value that the chain has moved on from since', 'v0', false],
  ])('signed over %s (%s) counts as used: %s', async (_, signed, used) => {
    const { of, rows } = await pool(free);
    await of.claim(request());
    await of.release(request(signed));
    expect(await rows.findOne({ _id: 'one' })).toMatchObject({ state: 'cooling', used, claimedBy: null });
  });

  it('is the one that the request has, of whatever account its last version was', async () => {
    const { of, rows } = await pool({ ...free, _id: 'two' });
    await of.claim(request('v0'));
    await of.release(request('v0'));
    expect(await rows.findOne({ _id: 'two' })).toMatchObject({ state: 'cooling', used: false, claimedBy: null });
  });
});

describe('a nonce for the next version (004-2.2)', () => {
  it('is the one the request has, also after a crash, as long as nothing is signed over its value', async () => {
    const { of } = await pool(free, { ...free, _id: 'two', index: 1 });
    const first = await of.claim(request());
    expect(await of.claim(request())).toEqual(first);
    expect(await of.claim(request('v0'))).toEqual(first);
  });

  it('is another one once something is signed over it', async () => {
    const { of, rows } = await pool(free, { ...free, _id: 'two', index: 1, updatedAt: new Date(1) });
    await of.claim(request());
    expect(await of.claim(request('v1'))).toMatchObject({ address: 'two' });
    expect(await rows.findOne({ _id: 'one' })).toMatchObject({ state: 'cooling', used: true });
  });

  it('is none where none is free', async () => {
    const { of } = await pool(free);
    await of.claim(request());
    await expect(of.claim(request('v1'))).rejects.toMatchObject({ code: 'no-nonce' });
  });
});
