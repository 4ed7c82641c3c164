import { MooringError } from '../../lib/errors.js';
import { parseNonceAccount } from './nonce-account.js';
import type { NonceWork } from './nonce-work.js';
import type { NoncePlan, WantedNonce } from './plan-nonce.js';
import type { StoredNonce } from './stored-nonce.js';

/**
 * Before anything is sent the database knows what is under way: so what was killed here is told from what the database
 * has forgotten. Of the latter nobody knows what was signed over it, so it has to be advanced before it is used.
 * @throws MooringError `nonces-withdrawing`
 */
export async function noteNonces(
  { store, clock }: Pick<NonceWork, 'store' | 'clock'>,
  authority: string,
  plans: readonly (NoncePlan & { readonly wanted: WantedNonce })[],
): Promise<void> {
  const stored = new Map((await store.list(authority)).map((nonce) => [nonce._id, nonce]));
  if (plans.some(({ wanted }) => stored.get(wanted.address)?.reason === 'withdrawing')) {
    throw new MooringError(
      'nonces-withdrawing',
      'Some of these nonce accounts are being closed. Finish that first: npm run nonces -- withdraw',
    );
  }
  const updatedAt = new Date(clock.now());
  const unseen = { claimedBy: null, claimedAt: null, advancedAtSlot: null, seenAtSlot: 0, updatedAt };
  await store.insert(
    plans.flatMap(({ kind, wanted: { address, authority, index, account } }): StoredNonce[] => {
      const base = { _id: address, authority, index, ...unseen };
      if (stored.has(address)) return [];
      if (kind === 'make') return [{ ...base, value: '', state: 'broken', used: false, reason: 'making' }];
      const reading = account && parseNonceAccount(account);
      if (reading?.kind !== 'nonce' || kind !== 'there') return [];
      return [{ ...base, value: reading.value, state: 'cooling', used: true, reason: null }];
    }),
  );
}
