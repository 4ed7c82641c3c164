import { PublicKey, SystemProgram } from '@solana/web3.js';

/** The seed of the n-th nonce account of an authority. */
export function nonceSeed(index: number): string {
  return `mooring-nonce-${index}`;
}

/**
 * The address, in base58, of the n-th nonce account of an authority. It follows from the authority, so that no further
 * secret keys exist and a command that was killed finds what it made.
 */
export async function nonceAddress(authority: string, index: number): Promise<string> {
  const address = await PublicKey.createWithSeed(new PublicKey(authority), nonceSeed(index), SystemProgram.programId);
  return address.toBase58();
}
