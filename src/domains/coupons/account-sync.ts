import type { CouponsAccounts } from '../../../idl/coupons.js';
import { timeFrom, timeOrNull } from '../../domain-kit/chain-time.js';
import type { ModuleDefinition } from '../../domain-kit/domain-module.js';
import { state } from '../../domain-kit/writes.js';
import { averageRating } from './derived.js';
import { Comment, Coupon, Listing, Merchant, Promotion, Rating } from './models.js';

/** The document that mirrors each account, whole: what reconcile, audit and account reads compare with. */
export const couponAccounts: ModuleDefinition<object, CouponsAccounts>['accounts'] = {
  Merchant: (address, account) =>
    state(
      Merchant,
      address,
      {
        authority: account.authority,
        name: account.name,
        category: account.category,
        promotionCount: account.promotionCount,
        activePromotions: account.activePromotions,
        registeredAt: timeFrom(account.registeredAt),
        revision: account.revision,
      },
      account,
    ),

  Promotion: (address, account) =>
    state(
      Promotion,
      address,
      {
        merchant: account.merchant,
        promotionId: account.promotionId,
        title: account.title,
        description: account.description,
        discountBps: account.discountBps,
        maxSupply: account.maxSupply,
        minted: account.minted,
        redeemed: account.redeemed,
        closedCoupons: account.closedCoupons,
        resaleFeeBps: account.resaleFeeBps,
        expiresAt: timeFrom(account.expiresAt),
        status: account.status,
        ratingCount: account.ratingCount,
        ratingSum: account.ratingSum,
        averageRating: averageRating(account.ratingCount, account.ratingSum),
        commentCount: account.commentCount,
        sales: account.sales,
        salesVolume: account.salesVolume,
        createdAt: timeFrom(account.createdAt),
        revision: account.revision,
      },
      account,
    ),

  Coupon: (address, account) =>
    state(
      Coupon,
      address,
      {
        promotion: account.promotion,
        merchant: account.merchant,
        mint: account.mint,
        owner: account.owner,
        serial: account.serial,
        status: account.status,
        transfers: account.transfers,
        mintedAt: timeFrom(account.mintedAt),
        // The account says "never" with 0.
        redeemedAt: timeOrNull(account.redeemedAt),
        revision: account.revision,
      },
      account,
    ),

  Listing: (address, account) =>
    state(
      Listing,
      address,
      {
        coupon: account.coupon,
        promotion: account.promotion,
        seller: account.seller,
        price: account.price,
        listedAt: timeFrom(account.listedAt),
        revision: account.revision,
      },
      account,
    ),

  Rating: (address, account) =>
    state(
      Rating,
      address,
      {
        promotion: account.promotion,
        rater: account.rater,
        stars: account.stars,
        ratedAt: timeFrom(account.ratedAt),
        revision: account.revision,
      },
      account,
    ),

  Comment: (address, account) =>
    state(
      Comment,
      address,
      {
        promotion: account.promotion,
        author: account.author,
        index: account.index,
        text: account.text,
        createdAt: timeFrom(account.createdAt),
        revision: account.revision,
      },
      account,
    ),
};
