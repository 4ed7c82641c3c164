import type { DomainModule } from '../domain-kit/domain-module.js';
import { coupons } from './coupons/module.js';

/** Every domain this deployment runs. Adding one is one line here. */
export const domains: readonly DomainModule[] = [coupons];
