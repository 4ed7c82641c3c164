import { defineRoutes } from '../../domain-kit/routes.js';
import { StakeController } from './controllers/stake-controller.js';
import { VaultController } from './controllers/vault-controller.js';
import { stakeVault } from './module.js';

/** What the stake vault adds to the HTTP API. */
export const stakeVaultRoutes = defineRoutes(stakeVault, [
  ...Object.values(VaultController),
  ...Object.values(StakeController),
]);
