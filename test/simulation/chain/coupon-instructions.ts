import type { CouponsEvents } from '../../../idl/coupons.js';
import type { CouponEvent } from '../../support/coupon-history.js';
import type { Instruction } from './bank.js';

/** The instructions of the coupons program, by their effect on accounts and the events they emit. */

/**
 * As a careful client sends it: by a program of its own that calls ours only at some times, and succeeds without doing
 * anything at others. Where it lands decides whether there are events.
 */
export function onlyAtTimes(instruction: Instruction): Instruction {
  return (bank, now) => (now % 2n === 0n ? instruction(bank, now) : []);
}

export function registerMerchant(merchant: string, authority: string, name: string): Instruction {
  return (bank, now) => {
    if (bank.get('Merchant', merchant)) return null;
    const account = {
      ...{ revision: 1n, authority, name, category: '$ROOT', promotionCount: 0n, activePromotions: 0n },
      ...{ registeredAt: now, bump: 255 },
    };
    bank.set('Merchant', merchant, account);
    const { category, registeredAt } = account;
    return [log('MerchantRegistered', { merchant, authority, revision: 1n, name, category, registeredAt })];
  };
}

export function createPromotion(promotion: string, merchant: string, title: string): Instruction {
  return (bank, now) => {
    if (bank.get('Promotion', promotion) || !bank.get('Merchant', merchant)) return null;
    const owner = bank.change('Merchant', merchant, ({ promotionCount, activePromotions }) => ({
      promotionCount: promotionCount + 1n,
      activePromotions: activePromotions + 1n,
    }));
    const account = {
      ...{ revision: 1n, merchant, promotionId: owner.promotionCount, title, description: '$5 off', discountBps: 500 },
      ...{ maxSupply: 1_000, minted: 0, redeemed: 0, closedCoupons: 0, resaleFeeBps: 250, expiresAt: now + 1_000_000n },
      ...{ status: 'active' as const, ratingCount: 0, ratingSum: 0n, commentCount: 0, sales: 0, salesVolume: 0n },
      ...{ createdAt: now, bump: 255 },
    };
    bank.set('Promotion', promotion, account);
    const { promotionId, description, discountBps, maxSupply, resaleFeeBps, expiresAt, createdAt } = account;
    return [
      log('PromotionCreated', {
        ...{ promotion, merchant, revision: 1n, promotionId, title, description, discountBps, maxSupply },
        ...{ resaleFeeBps, expiresAt, createdAt, merchantRevision: owner.revision },
        ...{ merchantPromotionCount: owner.promotionCount, merchantActivePromotions: owner.activePromotions },
      }),
    ];
  };
}

export function updatePromotion(promotion: string, title: string): Instruction {
  return (bank, now) => {
    if (bank.get('Promotion', promotion)?.status !== 'active') return null;
    const account = bank.change('Promotion', promotion, () => ({ title }));
    const { merchant, revision, description, discountBps, maxSupply, expiresAt } = account;
    return [
      log('PromotionUpdated', {
        ...{ promotion, merchant, revision, title, description, discountBps, maxSupply, expiresAt, updatedAt: now },
      }),
    ];
  };
}

export function closePromotion(promotion: string): Instruction {
  return (bank, now) => {
    if (bank.get('Promotion', promotion)?.status !== 'active') return null;
    const { merchant, revision } = bank.change('Promotion', promotion, () => ({ status: 'closed' as const }));
    const owner = bank.change('Merchant', merchant, ({ activePromotions }) => ({
      activePromotions: activePromotions - 1n,
    }));
    return [
      log('PromotionClosed', {
        ...{ promotion, merchant, revision, closedAt: now },
        ...{ merchantRevision: owner.revision, merchantActivePromotions: owner.activePromotions },
      }),
    ];
  };
}

export function mint(coupon: string, promotion: string, mintAddress: string, owner: string): Instruction {
  return (bank, now) => {
    if (bank.get('Coupon', coupon) || bank.get('Promotion', promotion)?.status !== 'active') return null;
    const offer = bank.change('Promotion', promotion, ({ minted }) => ({ minted: minted + 1 }));
    const { merchant } = offer;
    const account = {
      ...{ revision: 1n, promotion, merchant, mint: mintAddress, owner, serial: offer.minted - 1 },
      ...{ status: 'active' as const, transfers: 0, mintedAt: now, redeemedAt: 0n, bump: 255 },
    };
    bank.set('Coupon', coupon, account);
    return [
      log('CouponMinted', {
        ...{ coupon, promotion, merchant, mint: mintAddress, owner, revision: 1n, serial: account.serial },
        ...{ mintedAt: now, promotionRevision: offer.revision, promotionMinted: offer.minted },
      }),
    ];
  };
}

export function transfer(coupon: string, to: string): Instruction {
  return (bank, now) => {
    const before = bank.get('Coupon', coupon);
    if (before?.status !== 'active') return null;
    const account = bank.change('Coupon', coupon, ({ transfers }) => ({ owner: to, transfers: transfers + 1 }));
    const { promotion, revision, transfers } = account;
    return [
      log('CouponTransferred', { coupon, promotion, from: before.owner, to, revision, transfers, transferredAt: now }),
    ];
  };
}

/** Opens a listing, under the same address as every listing of this coupon before. */
export function list(coupon: string, listing: string, price: bigint): Instruction {
  return (bank, now) => {
    if (bank.get('Coupon', coupon)?.status !== 'active') return null;
    const { promotion, owner: seller, revision } = bank.change('Coupon', coupon, () => ({ status: 'listed' as const }));
    bank.set('Listing', listing, { revision, coupon, promotion, seller, price, listedAt: now, bump: 255 });
    return [log('CouponListed', { coupon, listing, promotion, seller, price, revision, listedAt: now })];
  };
}

export function cancel(coupon: string, listing: string): Instruction {
  return (bank, now) => {
    if (!bank.get('Listing', listing)) return null;
    bank.remove(listing);
    const { promotion, owner: seller, revision } = bank.change('Coupon', coupon, () => ({ status: 'active' as const }));
    return [log('ListingCancelled', { coupon, listing, promotion, seller, revision, cancelledAt: now })];
  };
}

/** The one event that goes by self-CPI, with a document of its own. */
export function buy(coupon: string, listing: string, buyer: string): Instruction {
  return (bank, now) => {
    const offered = bank.get('Listing', listing);
    if (!offered) return null;
    const { price, seller, promotion } = offered;
    bank.remove(listing);
    const account = bank.change('Coupon', coupon, ({ transfers }) => ({
      ...{ owner: buyer, status: 'active' as const, transfers: transfers + 1 },
    }));
    const offer = bank.change('Promotion', promotion, ({ sales, salesVolume }) => ({
      sales: sales + 1,
      salesVolume: salesVolume + price,
    }));
    const { merchant, revision, transfers } = account;
    const fee = (price * BigInt(offer.resaleFeeBps)) / 10_000n;
    return [
      cpi('CouponSold', {
        ...{ coupon, listing, promotion, merchant, seller, buyer, price, fee, revision, transfers, soldAt: now },
        ...{ promotionRevision: offer.revision, promotionSales: offer.sales, promotionSalesVolume: offer.salesVolume },
      }),
    ];
  };
}

export function redeem(coupon: string): Instruction {
  return (bank, now) => {
    if (bank.get('Coupon', coupon)?.status !== 'active') return null;
    const account = bank.change('Coupon', coupon, () => ({ status: 'redeemed' as const, redeemedAt: now }));
    const { promotion, merchant, owner, revision } = account;
    const offer = bank.change('Promotion', promotion, ({ redeemed }) => ({ redeemed: redeemed + 1 }));
    return [
      log('CouponRedeemed', {
        ...{ coupon, promotion, merchant, owner, revision, redeemedAt: now },
        ...{ promotionRevision: offer.revision, promotionRedeemed: offer.redeemed },
      }),
    ];
  };
}

export function closeCoupon(coupon: string): Instruction {
  return (bank, now) => {
    const account = bank.get('Coupon', coupon);
    if (account?.status !== 'redeemed') return null;
    bank.remove(coupon);
    const { promotion, owner, mint: mintAddress, revision } = account;
    const offer = bank.change('Promotion', promotion, ({ closedCoupons }) => ({ closedCoupons: closedCoupons + 1 }));
    return [
      log('CouponClosed', {
        ...{ coupon, promotion, owner, mint: mintAddress, revision: revision + 1n, closedAt: now },
        ...{ promotionRevision: offer.revision, promotionClosedCoupons: offer.closedCoupons },
      }),
    ];
  };
}

export function rate(rating: string, promotion: string, rater: string, stars: number): Instruction {
  return (bank, now) => {
    if (!bank.get('Promotion', promotion)) return null;
    const before = bank.get('Rating', rating);
    const previousStars = before?.stars ?? 0;
    const revision = (before?.revision ?? 0n) + 1n;
    bank.set('Rating', rating, { revision, promotion, rater, stars, ratedAt: now, bump: 255 });
    const offer = bank.change('Promotion', promotion, ({ ratingCount, ratingSum }) => ({
      ratingCount: ratingCount + (before ? 0 : 1),
      ratingSum: ratingSum + BigInt(stars - previousStars),
    }));
    return [
      log('PromotionRated', {
        ...{ rating, promotion, rater, stars, previousStars, revision, ratedAt: now },
        ...{ promotionRevision: offer.revision, promotionRatingCount: offer.ratingCount },
        promotionRatingSum: offer.ratingSum,
      }),
    ];
  };
}

export function comment(address: string, promotion: string, author: string, text: string): Instruction {
  return (bank, now) => {
    if (bank.get('Comment', address) || !bank.get('Promotion', promotion)) return null;
    const offer = bank.change('Promotion', promotion, ({ commentCount }) => ({ commentCount: commentCount + 1 }));
    const index = offer.commentCount - 1;
    bank.set('Comment', address, { revision: 1n, promotion, author, index, text, createdAt: now, bump: 255 });
    return [
      cpi('CommentAdded', {
        ...{ comment: address, promotion, author, index, text, createdAt: now, revision: 1n },
        ...{ promotionRevision: offer.revision, promotionCommentCount: offer.commentCount },
      }),
    ];
  };
}

function log<N extends keyof CouponsEvents>(name: N, data: CouponsEvents[N]): CouponEvent {
  return { name, data, channel: 'log' } as unknown as CouponEvent;
}

function cpi<N extends keyof CouponsEvents>(name: N, data: CouponsEvents[N]): CouponEvent {
  return { name, data, channel: 'cpi' } as unknown as CouponEvent;
}
