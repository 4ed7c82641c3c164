import { PublicKey } from '@solana/web3.js';

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
  const program = new PublicKey(programId);
  const derive = (prefix: string, ...seeds: Uint8Array[]) =>
    PublicKey.findProgramAddressSync([Buffer.from(prefix), ...seeds], program)[0].toBase58();
  return {
    merchant: (authority) => derive('merchant', bytesOf(authority)),
    promotion: (merchant, promotionId) => derive('promotion', bytesOf(merchant), u64(promotionId)),
    coupon: (promotion, serial) => derive('coupon', bytesOf(promotion), u32(serial)),
    mint: (coupon) => derive('mint', bytesOf(coupon)),
    token: (coupon) => derive('token', bytesOf(coupon)),
    listing: (coupon) => derive('listing', bytesOf(coupon)),
    rating: (promotion, rater) => derive('rating', bytesOf(promotion), bytesOf(rater)),
    comment: (promotion, index) => derive('comment', bytesOf(promotion), u32(index)),
  };
}

function bytesOf(address: string): Uint8Array {
  return new PublicKey(address).toBytes();
}

function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
