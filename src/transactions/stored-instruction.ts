import { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { StoredInstruction } from './managed-transaction.js';

/** The form of an instruction that is stored. */
export function storedInstruction({ programId, keys, data }: TransactionInstruction): StoredInstruction {
  return {
    programId: programId.toBase58(),
    keys: keys.map(({ pubkey, isSigner, isWritable }) => ({ pubkey: pubkey.toBase58(), isSigner, isWritable })),
    data: new Uint8Array(data),
  };
}

/** The instruction that was stored. */
export function instructionFrom({ programId, keys, data }: StoredInstruction): TransactionInstruction {
  return new TransactionInstruction({
    programId: new PublicKey(programId),
    keys: keys.map(({ pubkey, ...flags }) => ({ pubkey: new PublicKey(pubkey), ...flags })),
    data: Buffer.from(data),
  });
}
