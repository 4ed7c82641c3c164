import type { DomainRoutes } from '../domain-kit/routes.js';
import { couponRoutes } from './coupons/routes.js';
import { defineRedPackets } from './red-packets/module.js';
import { redPacketRoutes } from './red-packets/routes.js';
import type { CrownWhen } from './red-packets/settle.js';
import { stakeVaultRoutesFor } from './stake-vault/routes.js';

/** What the domains of this package can be told. */
export interface DomainSettings {
  readonly redPacketsCrown: CrownWhen;
  /** The vault whose stakes make developers; null: none does. */
  readonly stakeVaultAddress: string | null;
}

/** Every domain of this package. Adding one is one line here. */
export function ownDomains(settings: DomainSettings): readonly DomainRoutes[] {
  return [
    couponRoutes,
    redPacketRoutes(defineRedPackets({ crown: settings.redPacketsCrown })),
    stakeVaultRoutesFor({ vault: settings.stakeVaultAddress }),
  ];
}
