import idl from '../../../idl/coupons.json' with { type: 'json' };
import type { CouponsAccounts, CouponsEvents } from '../../../idl/coupons.js';
import { defineModule } from '../../domain-kit/domain-module.js';
import { couponAccounts } from './account-sync.js';
import { couponEvents } from './event-handlers.js';
import { Comment, Coupon, Listing, Merchant, Promotion, Rating, Sale } from './models.js';
import { floorPrice } from './settle.js';

/** The coupon marketplace. */
export const coupons = defineModule<CouponsEvents, CouponsAccounts>({
  name: 'coupons',
  version: 1,
  program: { idl: idl },
  models: [Merchant, Promotion, Coupon, Listing, Rating, Comment, Sale],
  events: couponEvents,
  accounts: couponAccounts,
  settle: [floorPrice],
});
