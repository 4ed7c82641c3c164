import type { DomainRoutes } from '../domain-kit/routes.js';
import { couponRoutes } from './coupons/routes.js';

/** Every domain this deployment runs. Adding one is one line here. */
export const domains: readonly DomainRoutes[] = [couponRoutes];
