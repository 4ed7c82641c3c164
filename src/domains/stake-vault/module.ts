import idl from '../../../idl/stake-vault.json' with { type: 'json' };
import type { StakeVaultAccounts, StakeVaultEvents } from '../../../idl/stake-vault.js';
import { timeFrom } from '../../domain-kit/chain-time.js';
import { defineModule, type DomainModule } from '../../domain-kit/domain-module.js';
import { stakeVaultAccounts } from './account-sync.js';
import { stakeVaultDefaults } from './defaults.js';
import { developerCollections } from './developers/records.js';
import { welcomeFor, welcomeLetters } from './developers/welcome.js';
import { stakeVaultEvents } from './event-handlers.js';
import { Stake, StakeMovement, Vault } from './models.js';

/** Which stakes make developers: anybody can open a vault for a worthless token, so that one has to be named. */
export interface StakeVaultSettings {
  /** Its address; null: no stake makes a developer. */
  readonly vault: string | null;
}

/** The stake vault: tokens that wallets lock, and take out again after a cooldown; those in `vault` make developers. */
export function defineStakeVault({ vault }: StakeVaultSettings): DomainModule {
  return defineModule<StakeVaultEvents, StakeVaultAccounts>({
    name: 'stake-vault',
    version: 1,
    program: { idl },
    models: [Vault, Stake, StakeMovement],
    events: stakeVaultEvents,
    accounts: stakeVaultAccounts,
    onFinalized: {
      Staked: ({ data }) => (data.vault === vault ? [welcomeFor(data.owner, timeFrom(data.stakedAt))] : []),
    },
    letters: vault === null ? {} : welcomeLetters(vault),
    ownCollections: developerCollections,
    settings: stakeVaultDefaults,
  });
}

/** With no vault that makes developers. */
export const stakeVault = defineStakeVault({ vault: null });
