import { PublicKey, type Connection } from '@solana/web3.js';
import type { Comment, Coupon, Listing, Merchant, Promotion, Rating } from '../../../idl/coupons.js';
import { createTestChain } from '../../support/test-chain.js';
import { deriver, le, programClient, readIdl, type Call } from './program-client.js';

export { refusal, u64, type Call, type EmittedEvent, type Landed } from './program-client.js';

export const couponsIdl = readIdl('coupons');
export const routerIdl = readIdl('router');
export const COUPONS = new PublicKey(couponsIdl.address);
export const ROUTER = new PublicKey(routerIdl.address);

/** By the names Anchor's client gives them. */
export interface Accounts {
  readonly merchant: Merchant;
  readonly promotion: Promotion;
  readonly coupon: Coupon;
  readonly listing: Listing;
  readonly rating: Rating;
  readonly comment: Comment;
}

/** The chain of a test file, with both programs on it, spoken to through Anchor's own client. */
export async function startCouponsChain() {
  const chain = await createTestChain({ programs: ['coupons', 'router'] });
  return { ...couponsClient(chain.connection), stop: () => chain.stop() };
}

export type CouponsChain = ReturnType<typeof couponsClient>;

export function couponsClient(connection: Connection) {
  const { call, ...client } = programClient<Accounts>(connection, couponsIdl);
  return {
    ...client,
    coupons: (instruction: string, of: Call) => call(instruction, of),
    router: (instruction: string, of: Call) => call(instruction, of, routerIdl),
  };
}

const derive = deriver(COUPONS);

export const pda = {
  merchant: (authority: PublicKey) => derive('merchant', authority),
  promotion: (merchant: PublicKey, id: bigint) => derive('promotion', merchant, le(id, 8)),
  coupon: (promotion: PublicKey, serial: number) => derive('coupon', promotion, le(BigInt(serial), 4)),
  mint: (coupon: PublicKey) => derive('mint', coupon),
  token: (coupon: PublicKey) => derive('token', coupon),
  listing: (coupon: PublicKey) => derive('listing', coupon),
  rating: (promotion: PublicKey, rater: PublicKey) => derive('rating', promotion, rater),
  comment: (promotion: PublicKey, index: number) => derive('comment', promotion, le(BigInt(index), 4)),
  eventAuthority: () => derive('__event_authority'),
};
