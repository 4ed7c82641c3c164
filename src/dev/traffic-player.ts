import type { Keypair, PublicKey } from '@solana/web3.js';
import type { CouponsClient } from './coupons-client.js';
import type { Landed } from './send-and-confirm.js';
import { couponOf, promotionOf, type Stall, type StallAction } from './traffic-stall.js';
import { commentText } from './traffic-words.js';

/** Who is behind a stall's numbers. */
export interface StallPeople {
  readonly shop: string;
  readonly merchant: Keypair;
  readonly customers: readonly Keypair[];
}

/** Sends an action as the transaction it is and waits until it is confirmed. Throws what the sender throws. */
export function playAction(
  client: CouponsClient,
  stall: Stall,
  { shop, merchant, customers }: StallPeople,
  action: StallAction,
): Promise<Landed> {
  const wallet = (person: number): Keypair => customers[person - 1] as Keypair;
  const merchantAddress = client.at.merchant(merchant.publicKey);
  const promotionAt = (id: number): PublicKey => client.at.promotion(merchantAddress, BigInt(id));
  const couponAt = (place: number) => {
    const { promotion, serial, owner, price } = couponOf(stall, place);
    const address = promotionAt(promotion);
    return { coupon: client.at.coupon(address, serial), promotion: address, owner: wallet(owner), price };
  };

  switch (action.kind) {
    case 'register':
      return client.registerMerchant(merchant, shop);
    case 'create':
      return client.createPromotion(merchant, {
        promotionId: BigInt(action.promotion),
        title: action.promotion === 1 ? `Two for one at ${shop}` : 'Flash sale',
        maxSupply: 1_000_000,
      });
    case 'update':
      return client.updatePromotion(merchant, promotionAt(action.promotion), {
        discountBps: 1_000 + (stall.coupons.length % 10) * 500,
      });
    case 'closePromotion':
      return client.closePromotion(merchant, promotionAt(action.promotion));
    case 'mint': {
      const promotion = promotionAt(action.promotion);
      const { minted } = promotionOf(stall, action.promotion);
      const recipients = action.recipients.map((person) => wallet(person).publicKey);
      const [recipient] = recipients;
      return recipient && recipients.length === 1
        ? client.mintCoupon(merchant, promotion, recipient, minted)
        : client.mintCouponsBatch(merchant, promotion, recipients, minted);
    }
    case 'transfer': {
      const { coupon, owner } = couponAt(action.coupon);
      return client.transferCoupon(owner, coupon, wallet(action.to).publicKey);
    }
    case 'list': {
      const { coupon, promotion, owner } = couponAt(action.coupon);
      return client.listCoupon(owner, coupon, promotion, action.price);
    }
    case 'buy': {
      const { coupon, promotion, owner, price } = couponAt(action.coupon);
      return client.buyCoupon(wallet(action.buyer), {
        coupon,
        promotion,
        seller: owner.publicKey,
        merchantAuthority: merchant.publicKey,
        maxPrice: price,
      });
    }
    case 'cancel': {
      const { coupon, owner } = couponAt(action.coupon);
      return client.cancelListing(owner, coupon);
    }
    case 'redeem': {
      const { coupon, promotion, owner } = couponAt(action.coupon);
      return client.redeemCoupon(owner, merchant, coupon, promotion);
    }
    case 'closeCoupon': {
      const { coupon, promotion, owner } = couponAt(action.coupon);
      return client.closeCoupon(owner, coupon, promotion);
    }
    case 'rate':
      return client.ratePromotion(wallet(action.rater), promotionAt(action.promotion), action.stars);
    case 'comment': {
      const { comments } = promotionOf(stall, action.promotion);
      return client.addComment(wallet(action.author), promotionAt(action.promotion), commentText(comments), comments);
    }
  }
}
