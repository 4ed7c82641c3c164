import type { Command } from '../../domain-kit/command.js';
import { defineRoutes } from '../../domain-kit/routes.js';
import { CouponController } from './controllers/coupon-controller.js';
import { ListingController } from './controllers/listing-controller.js';
import { MerchantController } from './controllers/merchant-controller.js';
import { CommentController, RatingController } from './controllers/opinion-controllers.js';
import { PromotionController } from './controllers/promotion-controller.js';
import { coupons } from './module.js';

const controllers: readonly Readonly<Record<string, Command>>[] = [
  MerchantController,
  PromotionController,
  CouponController,
  ListingController,
  RatingController,
  CommentController,
];

/** What the coupon marketplace adds to the HTTP API. */
export const couponRoutes = defineRoutes(
  coupons,
  controllers.flatMap((controller) => Object.values(controller)),
);
