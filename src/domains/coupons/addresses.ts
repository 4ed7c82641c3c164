import { addressDeriver, addressSeed, u32Seed, u64Seed } from '../../domain-kit/program-addresses.js';

/** Where the program keeps what, by its seeds (programs/coupons/src/pda.rs). All addresses are base58. */
export interface CouponAddresses {
  readonly merchant: (authority: string) => string;
  readonly promotion: (merchant: string, promotionId: bigint) => string;
  readonly coupon: (promotion: string, serial: number) => string;
  readonly mint: (coupon: string) => string;
  readonly token: (coupon: string) => string;
  readonly listing: (coupon: string) => string;
  readonly rating: (promotion: string, rater: string) => string;
  readonly comment: (promotion: string, index: number) => string;
}

/** The addresses of the program deployed at `programId`. */
export function couponAddresses(programId: string): CouponAddresses {
  const derive = addressDeriver(programId);
  return {
    merchant: (authority) => derive('merchant', addressSeed(authority)),
    promotion: (merchant, promotionId) => derive('promotion', addressSeed(merchant), u64Seed(promotionId)),
    coupon: (promotion, serial) => derive('coupon', addressSeed(promotion), u32Seed(serial)),
    mint: (coupon) => derive('mint', addressSeed(coupon)),
    token: (coupon) => derive('token', addressSeed(coupon)),
    listing: (coupon) => derive('listing', addressSeed(coupon)),
    rating: (promotion, rater) => derive('rating', addressSeed(promotion), addressSeed(rater)),
    comment: (promotion, index) => derive('comment', addressSeed(promotion), u32Seed(index)),
  };
}
