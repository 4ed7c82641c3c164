import { PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js';

/**
 * Advances a nonce account. It has to be the very first instruction of a transaction that is signed over the account's
 * value: elsewhere the runtime takes the value for a blockhash that it does not know (TRAPS 19).
 */
export function nonceInstruction(address: string, authority: string): TransactionInstruction {
  return SystemProgram.nonceAdvance({
    noncePubkey: new PublicKey(address),
    authorizedPubkey: new PublicKey(authority),
  });
}
