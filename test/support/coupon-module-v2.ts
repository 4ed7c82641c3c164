import { defineState } from '../../src/domain-kit/model.js';
import { field } from '../../src/domain-kit/field.js';
import type { DomainModule, EventHandler } from '../../src/domain-kit/domain-module.js';
import { state, type Write } from '../../src/domain-kit/writes.js';
import { Comment } from '../../src/domains/coupons/models.js';
import { coupons } from '../../src/domains/coupons/module.js';

/** Who sells what: a document that the first version knew nothing of, made by events that touch others as well. */
export const Seller = defineState('sellers', { lastCoupon: field.address(), lastPrice: field.u64() });

const old = (name: string) => coupons.events[name] as EventHandler;

/**
 * The coupons as a later version of the module might see them: another document is touched (a seller), texts are written
 * otherwise (comments), a fact changes and, for odd prices, is made no more (sales), and an event is refused (transfers
 * whose count is 3).
 */
export const couponsV2: DomainModule = {
  ...coupons,
  version: 2,
  models: [...coupons.models, Seller],
  events: {
    ...coupons.events,
    CouponListed: (event) => {
      const { seller, coupon, price } = event.data as { seller: string; coupon: string; price: bigint };
      return [...old('CouponListed')(event), state(Seller, seller, { lastCoupon: coupon, lastPrice: price })];
    },
    CommentAdded: (event) =>
      old('CommentAdded')(event).map((write) =>
        write.kind === 'state' && write.model.collection === Comment.collection
          ? { ...write, patch: { ...write.patch, text: `"${String(write.patch['text'])}"` } }
          : write,
      ),
    CouponSold: (event) =>
      old('CouponSold')(event).flatMap((write): Write[] => {
        if (write.kind !== 'fact') return [write];
        const price = write.fields['price'] as bigint;
        return (price / 1_000_000n) % 2n === 1n ? [] : [{ ...write, fields: { ...write.fields, fee: price } }];
      }),
    CouponTransferred: (event) => {
      if ((event.data as { transfers: number }).transfers === 3) throw new Error('three is too many');
      return old('CouponTransferred')(event);
    },
  },
};
