import { makeNonces, type MadeNonces } from './make-nonces.js';
import { nonceAddress } from './nonce-address.js';
import type { RefreshedNonce } from './nonce-pool.js';
import type { NonceWork } from './nonce-work.js';
import { settleNonces } from './settle-nonces.js';
import { parseNonceAccount } from './nonce-account.js';
import { MENDABLE, type NonceProblem, type StoredNonce } from './stored-nonce.js';

/** What was wrong with an authority's pool, and what was done. */
export interface RepairedNonces extends Pick<MadeNonces, 'made' | 'lamports'> {
  readonly authority: string;
  readonly looked: number;
  /** What the database said wrongly, in the order in which it was put right. */
  readonly changed: readonly RefreshedNonce[];
  /** On chain, and not in the database. */
  readonly forgotten: readonly string[];
  readonly advanced: readonly string[];
  /** What could not be put right, and why. */
  readonly left: readonly { readonly address: string; readonly reason: NonceProblem | 'cooling' }[];
  /** Of which no endpoint could say anything. */
  readonly unknown: readonly string[];
}

/** How far behind the last known one accounts are looked for that the database does not know. */
const LOOKED_FOR_BEYOND = 20;

/**
 * Puts an authority's pool right: the database by the chain, accounts that are gone or short of lamports by making and
 * paying, and what nobody can use any more by advancing it. `isHeld`: we can sign for it; otherwise only the database is
 * put right. @throws as `makeNonces`.
 */
export async function repairNonces(work: NonceWork, authority: string, isHeld: boolean): Promise<RepairedNonces> {
  const { store, pool } = work;
  const refreshed = await pool.refresh(authority);
  if (!isHeld) {
    const { looked, changed, unknown } = refreshed;
    const nothing = { made: [], lamports: 0n, forgotten: [], advanced: [] };
    return { authority, ...nothing, looked, changed, unknown, left: leftOf(await store.list(authority)) };
  }
  const stored = await store.list(authority);
  const lost = await lostIndexes(work, authority, stored);
  const mendable = stored.filter(({ reason, state }) => state === 'broken' && MENDABLE.includes(reason));
  const indexes = [...mendable.map(({ index }) => index), ...lost].sort((one, other) => one - other);
  const { made, lamports, addresses } =
    indexes.length === 0 ? { made: [], lamports: 0n, addresses: [] } : await makeNonces(work, authority, indexes);
  const cooling = stored.filter(({ state }) => state === 'cooling').map(({ _id }) => _id);
  const settled = await settleNonces(work, authority, [...addresses, ...cooling]);
  return {
    ...{ authority, made, lamports, looked: settled.last.looked, unknown: settled.last.unknown },
    changed: [...refreshed.changed, ...settled.changed],
    forgotten: await Promise.all(lost.map((index) => nonceAddress(authority, index))),
    advanced: settled.advanced,
    left: leftOf(await store.list(authority)),
  };
}

/** Accounts of this pool that are on chain, and that the database does not know. */
async function lostIndexes({ chain }: NonceWork, authority: string, stored: readonly StoredNonce[]): Promise<number[]> {
  const known = new Set(stored.map(({ index }) => index));
  const beyond = 1 + Math.max(-1, ...known) + LOOKED_FOR_BEYOND;
  const missing = Array.from({ length: beyond }, (_, index) => index).filter((index) => !known.has(index));
  const addresses = await Promise.all(missing.map((index) => nonceAddress(authority, index)));
  const { accounts } = await chain.accounts(addresses, 'confirmed');
  return missing.filter((_, position) => {
    const account = accounts[position];
    const reading = account && parseNonceAccount(account);
    return reading?.kind === 'nonce' && reading.authority === authority;
  });
}

function leftOf(nonces: readonly StoredNonce[]): RepairedNonces['left'] {
  return nonces.flatMap(({ _id: address, state, reason }): RepairedNonces['left'] => {
    if (state === 'cooling') return [{ address, reason: 'cooling' }];
    return reason === null ? [] : [{ address, reason }];
  });
}
