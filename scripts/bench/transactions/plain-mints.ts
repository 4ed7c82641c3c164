import {
  ComputeBudgetProgram,
  sendAndConfirmTransaction,
  Transaction,
  type Keypair,
  type PublicKey,
} from '@solana/web3.js';
import anchor, { type Idl } from '@coral-xyz/anchor';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import type { CouponsClient } from '../../../src/dev/coupons-client.js';

const COMPUTE_UNITS = 600_000;
const PAUSE_MS = 500;

/**
 * Mints a coupon as people write it: read the next serial, `sendAndConfirmTransaction`, and all of it again when that throws,
 * `tries` times at most. Returns whether it was told in the end that it landed.
 */
export async function mintPlainly(
  client: CouponsClient,
  { signer, promotion }: { readonly signer: Keypair; readonly promotion: PublicKey },
  recipient: PublicKey,
  tries: number,
): Promise<boolean> {
  const { connection } = client.sender;
  const coder = new anchor.BorshAccountsCoder(idl as Idl);
  for (let attempt = 1; attempt <= tries; attempt++) {
    try {
      const account = await connection.getAccountInfo(promotion, 'confirmed');
      const { minted } = coder.decode<{ minted: number }>('Promotion', account?.data ?? Buffer.alloc(0));
      const coupon = client.at.coupon(promotion, minted);
      const [mint, tokenAccount] = [client.at.mint(coupon), client.at.token(coupon)];
      const accounts = { promotion, recipient, coupon, mint, tokenAccount };
      const transaction = new Transaction().add(
        ComputeBudgetProgram.setComputeUnitLimit({ units: COMPUTE_UNITS }),
        await client.instruction('mintCoupon', [], accounts, [signer]),
      );
      await sendAndConfirmTransaction(connection, transaction, [signer], { commitment: 'confirmed' });
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return false;
}
