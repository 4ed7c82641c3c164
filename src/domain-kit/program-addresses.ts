import { PublicKey } from '@solana/web3.js';

/** Derives addresses of a program from a prefix and seeds, as base58. */
export function addressDeriver(programId: string): (prefix: string, ...seeds: Uint8Array[]) => string {
  const program = new PublicKey(programId);
  return (prefix, ...seeds) => PublicKey.findProgramAddressSync([Buffer.from(prefix), ...seeds], program)[0].toBase58();
}

/** An address as a seed. */
export function addressSeed(address: string): Uint8Array {
  return new PublicKey(address).toBytes();
}

/** A u64 as a seed, little-endian. */
export function u64Seed(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** A u32 as a seed, little-endian. */
export function u32Seed(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
