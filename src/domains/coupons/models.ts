import { defineFact, defineState } from '../../domain-kit/model.js';
import { field } from '../../domain-kit/field.js';

/** A shop: one per authority wallet. `_id` is the account's address, here and in every state below. */
export const Merchant = defineState(
  'merchants',
  {
    authority: field.address(),
    name: field.text(),
    category: field.text(),
    promotionCount: field.u64(),
    activePromotions: field.u64(),
    registeredAt: field.time(),
    revision: field.u64(),
  },
  { indexes: [{ keys: { authority: 1 } }] },
);

/** An offer of a merchant, with the sums and counts that its account carries. */
export const Promotion = defineState(
  'promotions',
  {
    merchant: field.address(),
    promotionId: field.u64(),
    title: field.text(),
    description: field.text(),
    discountBps: field.integer(),
    maxSupply: field.integer(),
    minted: field.integer(),
    redeemed: field.integer(),
    closedCoupons: field.integer(),
    resaleFeeBps: field.integer(),
    expiresAt: field.time(),
    status: field.choice(['active', 'closed']),
    ratingCount: field.integer(),
    ratingSum: field.u64(),
    /** Mean of all ratings, null while there is none: derived from the two fields above, never from a scan. */
    averageRating: field.nullable(field.number()),
    commentCount: field.integer(),
    sales: field.integer(),
    salesVolume: field.u64(),
    createdAt: field.time(),
    revision: field.u64(),
  },
  {
    settled: {
      /** The lowest price asked for one of its coupons, in lamports; null while none is listed. */
      floorPrice: field.nullable(field.u64()),
    },
    indexes: [{ keys: { merchant: 1, promotionId: 1 } }, { keys: { status: 1, expiresAt: 1 } }],
  },
);

/** A coupon: an NFT of supply 1 that its program alone can move. */
export const Coupon = defineState(
  'coupons',
  {
    promotion: field.address(),
    merchant: field.address(),
    mint: field.address(),
    owner: field.address(),
    serial: field.integer(),
    status: field.choice(['active', 'listed', 'redeemed']),
    transfers: field.integer(),
    mintedAt: field.time(),
    redeemedAt: field.nullable(field.time()),
    revision: field.u64(),
  },
  { indexes: [{ keys: { promotion: 1, serial: 1 } }, { keys: { owner: 1, status: 1 } }, { keys: { mint: 1 } }] },
);

/** An open offer to sell a coupon. Its account is closed at sale or cancellation and may come back later. */
export const Listing = defineState(
  'listings',
  {
    coupon: field.address(),
    promotion: field.address(),
    seller: field.address(),
    price: field.u64(),
    listedAt: field.time(),
    revision: field.u64(),
  },
  { indexes: [{ keys: { promotion: 1, price: 1 } }, { keys: { seller: 1 } }] },
);

/** One wallet's opinion of one promotion; it may change. */
export const Rating = defineState(
  'ratings',
  {
    promotion: field.address(),
    rater: field.address(),
    stars: field.integer(),
    ratedAt: field.time(),
    revision: field.u64(),
  },
  { indexes: [{ keys: { promotion: 1, stars: 1 } }, { keys: { rater: 1 } }] },
);

/** A remark on a promotion. */
export const Comment = defineState(
  'comments',
  {
    promotion: field.address(),
    author: field.address(),
    index: field.integer(),
    text: field.text(),
    createdAt: field.time(),
    revision: field.u64(),
  },
  { indexes: [{ keys: { promotion: 1, index: 1 } }, { keys: { author: 1 } }] },
);

/** A coupon changed hands for lamports. */
export const Sale = defineFact(
  'sales',
  {
    coupon: field.address(),
    promotion: field.address(),
    merchant: field.address(),
    seller: field.address(),
    buyer: field.address(),
    price: field.u64(),
    fee: field.u64(),
    soldAt: field.time(),
    signature: field.text(),
    slot: field.integer(),
  },
  {
    indexes: [
      { keys: { promotion: 1, soldAt: -1 } },
      { keys: { coupon: 1 } },
      { keys: { buyer: 1 } },
      { keys: { seller: 1 } },
    ],
  },
);
