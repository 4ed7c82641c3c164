import type { Connection, PublicKey } from '@solana/web3.js';
import { MooringError, messageOf } from '../lib/errors.js';
import { waitForSignature } from './wait-for-signature.js';

const ATTEMPTS = 3;
const CONFIRM_TIMEOUT_MS = 30_000;

/**
 * Airdrops `lamports` and waits until they are confirmed. Each attempt is a new airdrop, made only when the one before
 * was refused or failed, never when it is merely late. Throws MooringError `fund-failed`.
 */
export async function fundAccount(connection: Connection, address: PublicKey, lamports: number): Promise<void> {
  let last: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const signature = await connection.requestAirdrop(address, lamports);
      const outcome = await waitForSignature(connection, signature, CONFIRM_TIMEOUT_MS);
      if (outcome.kind === 'confirmed') return;
      last = outcome.reason;
      if (outcome.kind === 'late') break;
    } catch (error) {
      last = error;
    }
  }
  throw new MooringError(
    'fund-failed',
    `The airdrop of ${lamports} lamports to ${address.toBase58()} failed (${messageOf(last)}). Is the faucet of this chain running?`,
  );
}
