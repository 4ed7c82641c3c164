import { defineRoutes, type DomainRoutes } from '../../domain-kit/routes.js';
import { StakeController } from './controllers/stake-controller.js';
import { VaultController } from './controllers/vault-controller.js';
import { developerActions } from './developers/developer-controller.js';
import { defineStakeVault, type StakeVaultSettings } from './module.js';

/** What the stake vault adds to the HTTP API. */
export function stakeVaultRoutesFor(settings: StakeVaultSettings): DomainRoutes {
  return defineRoutes(
    defineStakeVault(settings),
    [...Object.values(VaultController), ...Object.values(StakeController)],
    developerActions(settings.vault),
  );
}

/** With no vault that makes developers. */
export const stakeVaultRoutes = stakeVaultRoutesFor({ vault: null });
