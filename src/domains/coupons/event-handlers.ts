import type { CouponsEvents } from '../../../idl/coupons.js';
import type { ModuleDefinition } from '../../domain-kit/domain-module.js';
import { close, fact, state } from '../../domain-kit/writes.js';
import { timeFrom } from '../../domain-kit/chain-time.js';
import { averageRating } from './derived.js';
import { Comment, Coupon, Listing, Merchant, Promotion, Rating, Sale } from './models.js';

/** What each event of the coupons program changes. Every value is absolute and comes from the event alone. */
export const couponEvents: ModuleDefinition<CouponsEvents, object>['events'] = {
  MerchantRegistered: ({ data }) => [
    state(
      Merchant,
      data.merchant,
      {
        authority: data.authority,
        name: data.name,
        category: data.category,
        promotionCount: 0n,
        activePromotions: 0n,
        registeredAt: timeFrom(data.registeredAt),
        revision: data.revision,
      },
      data,
    ),
  ],

  PromotionCreated: ({ data }) => [
    state(
      Promotion,
      data.promotion,
      {
        merchant: data.merchant,
        promotionId: data.promotionId,
        title: data.title,
        description: data.description,
        discountBps: data.discountBps,
        maxSupply: data.maxSupply,
        minted: 0,
        redeemed: 0,
        closedCoupons: 0,
        resaleFeeBps: data.resaleFeeBps,
        expiresAt: timeFrom(data.expiresAt),
        status: 'active',
        ratingCount: 0,
        ratingSum: 0n,
        averageRating: null,
        commentCount: 0,
        sales: 0,
        salesVolume: 0n,
        createdAt: timeFrom(data.createdAt),
        revision: data.revision,
      },
      data,
    ),
    state(
      Merchant,
      data.merchant,
      {
        promotionCount: data.merchantPromotionCount,
        activePromotions: data.merchantActivePromotions,
        revision: data.merchantRevision,
      },
      { revision: data.merchantRevision },
    ),
  ],

  PromotionUpdated: ({ data }) => [
    state(
      Promotion,
      data.promotion,
      {
        title: data.title,
        description: data.description,
        discountBps: data.discountBps,
        maxSupply: data.maxSupply,
        expiresAt: timeFrom(data.expiresAt),
        revision: data.revision,
      },
      data,
    ),
  ],

  PromotionClosed: ({ data }) => [
    state(Promotion, data.promotion, { status: 'closed', revision: data.revision }, data),
    state(
      Merchant,
      data.merchant,
      { activePromotions: data.merchantActivePromotions, revision: data.merchantRevision },
      { revision: data.merchantRevision },
    ),
  ],

  CouponMinted: ({ data }) => [
    state(
      Coupon,
      data.coupon,
      {
        promotion: data.promotion,
        merchant: data.merchant,
        mint: data.mint,
        owner: data.owner,
        serial: data.serial,
        status: 'active',
        transfers: 0,
        mintedAt: timeFrom(data.mintedAt),
        redeemedAt: null,
        revision: data.revision,
      },
      data,
    ),
    promotionChange(data, { minted: data.promotionMinted }),
  ],

  CouponTransferred: ({ data }) => [
    state(Coupon, data.coupon, { owner: data.to, transfers: data.transfers, revision: data.revision }, data),
  ],

  CouponRedeemed: ({ data }) => [
    state(
      Coupon,
      data.coupon,
      { status: 'redeemed', redeemedAt: timeFrom(data.redeemedAt), revision: data.revision },
      data,
    ),
    promotionChange(data, { redeemed: data.promotionRedeemed }),
  ],

  CouponListed: ({ data }) => [
    state(Coupon, data.coupon, { status: 'listed', revision: data.revision }, data),
    state(
      Listing,
      data.listing,
      {
        coupon: data.coupon,
        promotion: data.promotion,
        seller: data.seller,
        price: data.price,
        listedAt: timeFrom(data.listedAt),
        revision: data.revision,
      },
      data,
    ),
  ],

  CouponSold: ({ id, signature, slot, data }) => [
    state(
      Coupon,
      data.coupon,
      { owner: data.buyer, status: 'active', transfers: data.transfers, revision: data.revision },
      data,
    ),
    close(Listing, data.listing, data),
    promotionChange(data, { sales: data.promotionSales, salesVolume: data.promotionSalesVolume }),
    fact(
      Sale,
      { id },
      {
        coupon: data.coupon,
        promotion: data.promotion,
        merchant: data.merchant,
        seller: data.seller,
        buyer: data.buyer,
        price: data.price,
        fee: data.fee,
        soldAt: timeFrom(data.soldAt),
        signature,
        slot,
      },
    ),
  ],

  ListingCancelled: ({ data }) => [
    state(Coupon, data.coupon, { status: 'active', revision: data.revision }, data),
    close(Listing, data.listing, data),
  ],

  PromotionRated: ({ data }) => [
    state(
      Rating,
      data.rating,
      {
        promotion: data.promotion,
        rater: data.rater,
        stars: data.stars,
        ratedAt: timeFrom(data.ratedAt),
        revision: data.revision,
      },
      data,
    ),
    promotionChange(data, {
      ratingCount: data.promotionRatingCount,
      ratingSum: data.promotionRatingSum,
      averageRating: averageRating(data.promotionRatingCount, data.promotionRatingSum),
    }),
  ],

  CommentAdded: ({ data }) => [
    state(
      Comment,
      data.comment,
      {
        promotion: data.promotion,
        author: data.author,
        index: data.index,
        text: data.text,
        createdAt: timeFrom(data.createdAt),
        revision: data.revision,
      },
      data,
    ),
    promotionChange(data, { commentCount: data.promotionCommentCount }),
  ],

  CouponClosed: ({ data }) => [
    close(Coupon, data.coupon, data),
    promotionChange(data, { closedCoupons: data.promotionClosedCoupons }),
  ],
};

/** A change of the promotion that an event about something else carries with it. */
function promotionChange(
  data: { readonly promotion: string; readonly promotionRevision: bigint },
  patch: Parameters<typeof state<typeof Promotion.fields>>[2],
) {
  return state(
    Promotion,
    data.promotion,
    { ...patch, revision: data.promotionRevision },
    { revision: data.promotionRevision },
  );
}
