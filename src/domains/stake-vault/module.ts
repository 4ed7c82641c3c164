import idl from '../../../idl/stake-vault.json' with { type: 'json' };
import type { StakeVaultAccounts, StakeVaultEvents } from '../../../idl/stake-vault.js';
import { defineModule } from '../../domain-kit/domain-module.js';
import { stakeVaultAccounts } from './account-sync.js';
import { stakeVaultEvents } from './event-handlers.js';
import { Stake, StakeMovement, Vault } from './models.js';

/** The stake vault: tokens that wallets lock, and take out again after a cooldown. */
export const stakeVault = defineModule<StakeVaultEvents, StakeVaultAccounts>({
  name: 'stake-vault',
  version: 1,
  program: { idl },
  models: [Vault, Stake, StakeMovement],
  events: stakeVaultEvents,
  accounts: stakeVaultAccounts,
});
