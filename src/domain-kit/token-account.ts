import { PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';

/** SPL Token, the program of most mints. */
const TOKEN_PROGRAM = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
const ASSOCIATED_TOKEN_PROGRAM = new PublicKey('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
/** Of the associated token program: makes the account unless it is there. */
const CREATE_IDEMPOTENT = 1;

/** Where a wallet keeps the tokens of a mint, by the convention that wallets and programs share. */
export function associatedToken(mint: string, owner: string): string {
  const seeds = [new PublicKey(owner).toBytes(), TOKEN_PROGRAM.toBytes(), new PublicKey(mint).toBytes()];
  return PublicKey.findProgramAddressSync(seeds, ASSOCIATED_TOKEN_PROGRAM)[0].toBase58();
}

/** Makes that account where it is missing; `payer` pays its rent. */
export function openAssociatedToken(payer: string, mint: string, owner: string): TransactionInstruction {
  const read = (pubkey: PublicKey) => ({ pubkey, isSigner: false, isWritable: false });
  return new TransactionInstruction({
    programId: ASSOCIATED_TOKEN_PROGRAM,
    keys: [
      { pubkey: new PublicKey(payer), isSigner: true, isWritable: true },
      { pubkey: new PublicKey(associatedToken(mint, owner)), isSigner: false, isWritable: true },
      ...[new PublicKey(owner), new PublicKey(mint), SystemProgram.programId, TOKEN_PROGRAM].map(read),
    ],
    data: Buffer.from([CREATE_IDEMPOTENT]),
  });
}
