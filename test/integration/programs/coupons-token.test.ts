import {
  AuthorityType,
  createApproveInstruction,
  createBurnInstruction,
  createCloseAccountInstruction,
  createMintToInstruction,
  createSetAuthorityInstruction,
  createThawAccountInstruction,
  createTransferInstruction,
  getOrCreateAssociatedTokenAccount,
} from '@solana/spl-token';
import type { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pda, refusal, startCouponsChain } from './coupons-chain.js';
import { list, mintTo, openShop, type Shop } from './shop.js';

/** The token program's errors, as custom numbers. */
const OWNER_MISMATCH = '0x4';
const FIXED_SUPPLY = '0x5';
const ACCOUNT_FROZEN = '0x11';
const NON_EMPTY = '0xb';

let chain: Awaited<ReturnType<typeof startCouponsChain>>;
let shop: Shop;
let owner: Keypair;
let stranger: Keypair;
let serial = 0;

beforeAll(async () => {
  chain = await startCouponsChain();
  [shop, owner, stranger] = await Promise.all([openShop(chain), chain.wallet(), chain.wallet()]);
});

afterAll(() => chain.stop());

/** What its owner can try with the token program alone, and the error it must end in. */
function waysAround(coupon: PublicKey, elsewhere: PublicKey): [string, Parameters<typeof chain.sendRaw>[0][0], string][] {
  const [token, mint, me, other] = [pda.token(coupon), pda.mint(coupon), owner.publicKey, stranger.publicKey];
  return [
    ['transfer', createTransferInstruction(token, elsewhere, me, 1), ACCOUNT_FROZEN],
    ['burn', createBurnInstruction(token, mint, me, 1), ACCOUNT_FROZEN],
    ['approve', createApproveInstruction(token, other, me, 1), ACCOUNT_FROZEN],
    ['set owner', createSetAuthorityInstruction(token, me, AuthorityType.AccountOwner, other), ACCOUNT_FROZEN],
    ['set closer', createSetAuthorityInstruction(token, me, AuthorityType.CloseAccount, other), ACCOUNT_FROZEN],
    ['close', createCloseAccountInstruction(token, me, me), NON_EMPTY],
    ['thaw', createThawAccountInstruction(token, mint, me), OWNER_MISMATCH],
    ['mint', createMintToInstruction(mint, elsewhere, me, 1), FIXED_SUPPLY],
  ];
}

describe('the token of a coupon', () => {
  it.each(['in its owner’s hands', 'while listed'])('cannot get around the program %s', async (state) => {
    const coupon = await mintTo(chain, shop, owner.publicKey, serial++);
    const mint = pda.mint(coupon);
    const elsewhere = await getOrCreateAssociatedTokenAccount(chain.connection, stranger, mint, stranger.publicKey);
    if (state === 'while listed') await list(chain, coupon, owner, 1n);
    for (const [attempt, instruction, error] of waysAround(coupon, elsewhere.address)) {
      const message = await refusal(chain.sendRaw([instruction], [owner]));
      expect(message, attempt).toContain(`custom program error: ${error}`);
    }
  });

  it('is found by wallets under its owner', async () => {
    const coupon = await mintTo(chain, shop, stranger.publicKey, serial++);
    const { value } = await chain.connection.getTokenAccountsByOwner(stranger.publicKey, { mint: pda.mint(coupon) });
    expect(value.map(({ pubkey }) => pubkey.toBase58())).toEqual([pda.token(coupon).toBase58()]);
  });
});
