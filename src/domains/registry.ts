import type { DomainRoutes } from '../domain-kit/routes.js';
import { couponRoutes } from './coupons/routes.js';
import { defineRedPackets } from './red-packets/module.js';
import { redPacketRoutes } from './red-packets/routes.js';
import type { CrownWhen } from './red-packets/settle.js';
import { stakeVaultRoutes } from './stake-vault/routes.js';

/** What the domains of this package can be told. */
export interface DomainSettings {
  readonly redPacketsCrown: CrownWhen;
}

/** Every domain of this package. Adding one is one line here. */
export function ownDomains({ redPacketsCrown: crown }: DomainSettings): readonly DomainRoutes[] {
  return [couponRoutes, redPacketRoutes(defineRedPackets({ crown })), stakeVaultRoutes];
}
