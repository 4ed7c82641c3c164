import { Keypair, PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';
import type { DevSender } from '../../src/dev/send-and-confirm.js';
import { associatedToken, openAssociatedToken } from '../../src/domain-kit/token-account.js';

/** SPL Token; its instructions by their numbers (interface of the token program). */
const TOKEN_PROGRAM = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
const [MINT_TO, INITIALIZE_MINT_2] = [7, 20];
const MINT_BYTES = 82;
/** As USDC. */
const DECIMALS = 6;

/** Makes a mint of 6 decimals and gives `amount` of it to each wallet. `issuer` pays. `mint` becomes its address, which is returned. */
export async function mintTokens(
  sender: DevSender,
  issuer: Keypair,
  wallets: readonly Keypair[],
  amount: bigint,
  mint: Keypair = Keypair.generate(),
): Promise<string> {
  const lamports = await sender.connection.getMinimumBalanceForRentExemption(MINT_BYTES);
  const account = { fromPubkey: issuer.publicKey, newAccountPubkey: mint.publicKey, lamports, space: MINT_BYTES };
  const create = SystemProgram.createAccount({ ...account, programId: TOKEN_PROGRAM });
  const initialize = new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [{ pubkey: mint.publicKey, isSigner: false, isWritable: true }],
    // Without a freeze authority.
    data: Buffer.concat([Buffer.from([INITIALIZE_MINT_2, DECIMALS]), issuer.publicKey.toBuffer(), Buffer.from([0])]),
  });
  await sender.send([create, initialize], [issuer, mint]);
  const [payer, address] = [issuer.publicKey.toBase58(), mint.publicKey.toBase58()];
  for (const wallet of wallets) {
    const owner = wallet.publicKey.toBase58();
    await sender.send(
      [openAssociatedToken(payer, address, owner), mintTo(mint.publicKey, owner, issuer, amount)],
      [issuer],
    );
  }
  return address;
}

function mintTo(mint: PublicKey, owner: string, issuer: Keypair, amount: bigint): TransactionInstruction {
  const data = Buffer.alloc(9);
  data.writeUInt8(MINT_TO);
  data.writeBigUInt64LE(amount, 1);
  return new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [
      { pubkey: mint, isSigner: false, isWritable: true },
      { pubkey: new PublicKey(associatedToken(mint.toBase58(), owner)), isSigner: false, isWritable: true },
      { pubkey: issuer.publicKey, isSigner: true, isWritable: false },
    ],
    data,
  });
}
