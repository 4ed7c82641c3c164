import type { mongo } from 'mongoose';
import { ensureNonceIndexes, NonceStore } from '../../../src/transactions/nonces/nonce-store.js';
import type { StoredNonce } from '../../../src/transactions/nonces/stored-nonce.js';
import { firstNonces, simNonceAddress } from './sim-nonces.js';

/** Pools of so many nonce accounts each, as `npm run nonces -- create` leaves them in the database. */
export async function storeNonces(
  db: mongo.Db,
  authorities: readonly string[],
  each: number,
  seenAtSlot: number,
): Promise<void> {
  const nonces = firstNonces(authorities);
  const rows = authorities.flatMap((authority, signer) =>
    Array.from({ length: each }, (_, index): StoredNonce => {
      const address = simNonceAddress(signer, index);
      const value = nonces.get(address)?.value ?? '';
      return {
        ...{ _id: address, authority, index, value, state: 'available', used: false, claimedBy: null, claimedAt: null },
        ...{ advancedAtSlot: null, seenAtSlot, reason: null, updatedAt: new Date(index) },
      };
    }),
  );
  await ensureNonceIndexes(db);
  await new NonceStore(db).insert(rows);
}
