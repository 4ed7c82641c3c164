/**
 * A market stall: one merchant, its promotions, their coupons, as the traffic knows them. People are numbers: 0 is the
 * merchant, the customers count from 1. A stall does one thing at a time, so what it knows is what the chain says.
 */
export interface Stall {
  readonly customers: number;
  readonly promotions: StallPromotion[];
  readonly coupons: StallCoupon[];
  /** How much of the opening was played. */
  opened: number;
}

interface StallPromotion {
  readonly id: number;
  minted: number;
  comments: number;
  closed: boolean;
}

interface StallCoupon {
  readonly promotion: number;
  readonly serial: number;
  owner: number;
  status: 'active' | 'listed' | 'redeemed';
  price: bigint;
}

/** What one person does in one transaction. Coupons are named by their place in the stall's list. */
export type StallAction =
  | { readonly kind: 'register' }
  | { readonly kind: 'create'; readonly promotion: number }
  | { readonly kind: 'update' | 'closePromotion'; readonly promotion: number }
  | { readonly kind: 'mint'; readonly promotion: number; readonly recipients: readonly number[] }
  | { readonly kind: 'transfer'; readonly coupon: number; readonly to: number }
  | { readonly kind: 'list'; readonly coupon: number; readonly price: bigint }
  | { readonly kind: 'buy'; readonly coupon: number; readonly buyer: number }
  | { readonly kind: 'cancel' | 'redeem' | 'closeCoupon'; readonly coupon: number }
  | { readonly kind: 'rate'; readonly promotion: number; readonly rater: number; readonly stars: number }
  | { readonly kind: 'comment'; readonly promotion: number; readonly author: number };

export function newStall(customers: number): Stall {
  return { customers, promotions: [], coupons: [], opened: 0 };
}

/**
 * What the chain has done once the action is confirmed: changes the stall and returns the names of the events that the
 * program emitted.
 */
export function actionLanded(stall: Stall, action: StallAction): string[] {
  switch (action.kind) {
    case 'register':
      return ['MerchantRegistered'];
    case 'create':
      stall.promotions.push({ id: action.promotion, minted: 0, comments: 0, closed: false });
      return ['PromotionCreated'];
    case 'update':
      return ['PromotionUpdated'];
    case 'closePromotion':
      promotionOf(stall, action.promotion).closed = true;
      return ['PromotionClosed'];
    case 'mint': {
      const promotion = promotionOf(stall, action.promotion);
      for (const owner of action.recipients) {
        stall.coupons.push({ promotion: promotion.id, serial: promotion.minted++, owner, status: 'active', price: 0n });
      }
      return action.recipients.map(() => 'CouponMinted');
    }
    case 'transfer':
      couponOf(stall, action.coupon).owner = action.to;
      return ['CouponTransferred'];
    case 'list': {
      const coupon = couponOf(stall, action.coupon);
      const names = coupon.status === 'listed' ? ['ListingCancelled', 'CouponListed'] : ['CouponListed'];
      Object.assign(coupon, { status: 'listed', price: action.price });
      return names;
    }
    case 'buy':
      Object.assign(couponOf(stall, action.coupon), { status: 'active', owner: action.buyer });
      return ['CouponSold'];
    case 'cancel':
      couponOf(stall, action.coupon).status = 'active';
      return ['ListingCancelled'];
    case 'redeem':
      couponOf(stall, action.coupon).status = 'redeemed';
      return ['CouponRedeemed'];
    case 'closeCoupon':
      stall.coupons.splice(action.coupon, 1);
      return ['CouponClosed'];
    case 'rate':
      return ['PromotionRated'];
    case 'comment':
      promotionOf(stall, action.promotion).comments += 1;
      return ['CommentAdded'];
  }
}

export function promotionOf(stall: Stall, id: number): StallPromotion {
  const promotion = stall.promotions.find((known) => known.id === id);
  if (!promotion) throw new RangeError(`this stall has no promotion ${id}`);
  return promotion;
}

export function couponOf(stall: Stall, place: number): StallCoupon {
  const coupon = stall.coupons[place];
  if (!coupon) throw new RangeError(`this stall has no coupon at ${place}`);
  return coupon;
}
