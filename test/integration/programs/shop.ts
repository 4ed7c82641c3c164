import type { Keypair, PublicKey } from '@solana/web3.js';
import type { CouponsChain } from './coupons-chain.js';
import { pda, u64 } from './coupons-chain.js';

/** A merchant with one open promotion: what most tests start from. */
export interface Shop {
  readonly authority: Keypair;
  readonly merchant: PublicKey;
  readonly promotion: PublicKey;
}

export interface PromotionTerms {
  promotionId: bigint;
  title: string;
  description: string;
  discountBps: number;
  maxSupply: number;
  resaleFeeBps: number;
  expiresAt: bigint;
}

/** Far enough that no test's time travel gets there by accident. */
const YEAR_SECONDS = 365n * 24n * 60n * 60n;

export async function terms(chain: CouponsChain, changes: Partial<PromotionTerms> = {}): Promise<PromotionTerms> {
  return {
    promotionId: 1n,
    title: 'Two for one',
    description: 'Bring a friend',
    discountBps: 5_000,
    maxSupply: 100,
    resaleFeeBps: 250,
    expiresAt: (await chain.now()) + YEAR_SECONDS,
    ...changes,
  };
}

export function termsAsArguments(of: PromotionTerms): unknown[] {
  return [
    u64(of.promotionId),
    of.title,
    of.description,
    of.discountBps,
    of.maxSupply,
    of.resaleFeeBps,
    u64(of.expiresAt),
  ];
}

export async function openShop(chain: CouponsChain, changes: Partial<PromotionTerms> = {}): Promise<Shop> {
  const authority = await chain.wallet();
  const merchant = pda.merchant(authority.publicKey);
  await chain.coupons('registerMerchant', { args: ['Bean There', 'coffee'], signers: [authority] });
  const of = await terms(chain, changes);
  await chain.coupons('createPromotion', { args: termsAsArguments(of), signers: [authority] });
  return { authority, merchant, promotion: pda.promotion(merchant, of.promotionId) };
}

/** Mints the shop's coupon number `serial`, which must be the next. */
export async function mintTo(
  chain: CouponsChain,
  { authority, promotion }: Shop,
  recipient: PublicKey,
  serial = 0,
): Promise<PublicKey> {
  await chain.coupons('mintCoupon', { accounts: { promotion, recipient }, signers: [authority] });
  return pda.coupon(promotion, serial);
}

export async function list(chain: CouponsChain, coupon: PublicKey, owner: Keypair, price: bigint): Promise<void> {
  await chain.coupons('listCoupon', { args: [u64(price)], accounts: { coupon }, signers: [owner] });
}
