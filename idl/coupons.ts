// Generated from idl/coupons.json by `npm run idl-types`. Do not edit.

export interface Merchant {
  readonly revision: bigint;
  readonly authority: string;
  readonly name: string;
  readonly category: string;
  readonly promotionCount: bigint;
  readonly activePromotions: bigint;
  readonly registeredAt: bigint;
  readonly bump: number;
}

export interface Promotion {
  readonly revision: bigint;
  readonly merchant: string;
  readonly promotionId: bigint;
  readonly title: string;
  readonly description: string;
  readonly discountBps: number;
  readonly maxSupply: number;
  readonly minted: number;
  readonly redeemed: number;
  readonly closedCoupons: number;
  readonly resaleFeeBps: number;
  readonly expiresAt: bigint;
  readonly status: PromotionStatus;
  readonly ratingCount: number;
  readonly ratingSum: bigint;
  readonly commentCount: number;
  readonly sales: number;
  readonly salesVolume: bigint;
  readonly createdAt: bigint;
  readonly bump: number;
}

export interface Coupon {
  readonly revision: bigint;
  readonly promotion: string;
  readonly merchant: string;
  readonly mint: string;
  readonly owner: string;
  readonly serial: number;
  readonly status: CouponStatus;
  readonly transfers: number;
  readonly mintedAt: bigint;
  readonly redeemedAt: bigint;
  readonly bump: number;
}

export interface Listing {
  readonly revision: bigint;
  readonly coupon: string;
  readonly promotion: string;
  readonly seller: string;
  readonly price: bigint;
  readonly listedAt: bigint;
  readonly bump: number;
}

export interface Rating {
  readonly revision: bigint;
  readonly promotion: string;
  readonly rater: string;
  readonly stars: number;
  readonly ratedAt: bigint;
  readonly bump: number;
}

export interface Comment {
  readonly revision: bigint;
  readonly promotion: string;
  readonly author: string;
  readonly index: number;
  readonly text: string;
  readonly createdAt: bigint;
  readonly bump: number;
}

export interface MerchantRegistered {
  readonly merchant: string;
  readonly authority: string;
  readonly revision: bigint;
  readonly name: string;
  readonly category: string;
  readonly registeredAt: bigint;
}

export interface PromotionCreated {
  readonly promotion: string;
  readonly merchant: string;
  readonly revision: bigint;
  readonly merchantRevision: bigint;
  readonly merchantPromotionCount: bigint;
  readonly merchantActivePromotions: bigint;
  readonly promotionId: bigint;
  readonly title: string;
  readonly description: string;
  readonly discountBps: number;
  readonly maxSupply: number;
  readonly resaleFeeBps: number;
  readonly expiresAt: bigint;
  readonly createdAt: bigint;
}

export interface PromotionUpdated {
  readonly promotion: string;
  readonly merchant: string;
  readonly revision: bigint;
  readonly title: string;
  readonly description: string;
  readonly discountBps: number;
  readonly maxSupply: number;
  readonly expiresAt: bigint;
  readonly updatedAt: bigint;
}

export interface PromotionClosed {
  readonly promotion: string;
  readonly merchant: string;
  readonly revision: bigint;
  readonly merchantRevision: bigint;
  readonly merchantActivePromotions: bigint;
  readonly closedAt: bigint;
}

export interface CouponMinted {
  readonly coupon: string;
  readonly promotion: string;
  readonly merchant: string;
  readonly mint: string;
  readonly owner: string;
  readonly revision: bigint;
  readonly promotionRevision: bigint;
  readonly promotionMinted: number;
  readonly serial: number;
  readonly mintedAt: bigint;
}

export interface CouponTransferred {
  readonly coupon: string;
  readonly promotion: string;
  readonly from: string;
  readonly to: string;
  readonly revision: bigint;
  readonly transfers: number;
  readonly transferredAt: bigint;
}

export interface CouponRedeemed {
  readonly coupon: string;
  readonly promotion: string;
  readonly merchant: string;
  readonly owner: string;
  readonly revision: bigint;
  readonly promotionRevision: bigint;
  readonly promotionRedeemed: number;
  readonly redeemedAt: bigint;
}

export interface CouponListed {
  readonly coupon: string;
  readonly listing: string;
  readonly promotion: string;
  readonly seller: string;
  readonly price: bigint;
  readonly revision: bigint;
  readonly listedAt: bigint;
}

export interface CouponSold {
  readonly coupon: string;
  readonly listing: string;
  readonly promotion: string;
  readonly merchant: string;
  readonly seller: string;
  readonly buyer: string;
  readonly price: bigint;
  readonly fee: bigint;
  readonly revision: bigint;
  readonly promotionRevision: bigint;
  readonly promotionSales: number;
  readonly promotionSalesVolume: bigint;
  readonly transfers: number;
  readonly soldAt: bigint;
}

export interface ListingCancelled {
  readonly coupon: string;
  readonly listing: string;
  readonly promotion: string;
  readonly seller: string;
  readonly revision: bigint;
  readonly cancelledAt: bigint;
}

export interface PromotionRated {
  readonly rating: string;
  readonly promotion: string;
  readonly rater: string;
  readonly stars: number;
  readonly previousStars: number;
  readonly revision: bigint;
  readonly promotionRevision: bigint;
  readonly promotionRatingCount: number;
  readonly promotionRatingSum: bigint;
  readonly ratedAt: bigint;
}

export interface CommentAdded {
  readonly comment: string;
  readonly promotion: string;
  readonly author: string;
  readonly index: number;
  readonly text: string;
  readonly revision: bigint;
  readonly promotionRevision: bigint;
  readonly promotionCommentCount: number;
  readonly createdAt: bigint;
}

export interface CouponClosed {
  readonly coupon: string;
  readonly promotion: string;
  readonly owner: string;
  readonly mint: string;
  readonly revision: bigint;
  readonly promotionRevision: bigint;
  readonly promotionClosedCoupons: number;
  readonly closedAt: bigint;
}

export type PromotionStatus = 'active' | 'closed';

export type CouponStatus = 'active' | 'listed' | 'redeemed';

export interface CouponsEvents {
  readonly MerchantRegistered: MerchantRegistered;
  readonly PromotionCreated: PromotionCreated;
  readonly PromotionUpdated: PromotionUpdated;
  readonly PromotionClosed: PromotionClosed;
  readonly CouponMinted: CouponMinted;
  readonly CouponTransferred: CouponTransferred;
  readonly CouponRedeemed: CouponRedeemed;
  readonly CouponListed: CouponListed;
  readonly CouponSold: CouponSold;
  readonly ListingCancelled: ListingCancelled;
  readonly PromotionRated: PromotionRated;
  readonly CommentAdded: CommentAdded;
  readonly CouponClosed: CouponClosed;
}

export interface CouponsAccounts {
  readonly Merchant: Merchant;
  readonly Promotion: Promotion;
  readonly Coupon: Coupon;
  readonly Listing: Listing;
  readonly Rating: Rating;
  readonly Comment: Comment;
}
