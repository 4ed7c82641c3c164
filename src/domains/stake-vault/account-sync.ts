import type { StakeVaultAccounts } from '../../../idl/stake-vault.js';
import { timeFrom, timeOrNull } from '../../domain-kit/chain-time.js';
import type { ModuleDefinition } from '../../domain-kit/domain-module.js';
import { state } from '../../domain-kit/writes.js';
import { statusOf } from './derived.js';
import { Stake, Vault } from './models.js';

/** The document that mirrors each account, whole. */
export const stakeVaultAccounts: ModuleDefinition<object, StakeVaultAccounts>['accounts'] = {
  Vault: (address, account) =>
    state(
      Vault,
      address,
      {
        authority: account.authority,
        mint: account.mint,
        vaultToken: account.vaultToken,
        minimumStake: account.minimumStake,
        cooldownSeconds: account.cooldownSeconds,
        totalStaked: account.totalStaked,
        totalUnstaking: account.totalUnstaking,
        activeStakes: account.activeStakes,
        initializedAt: timeFrom(account.initializedAt),
        revision: account.revision,
      },
      account,
    ),

  Stake: (address, account) =>
    state(
      Stake,
      address,
      {
        vault: account.vault,
        owner: account.owner,
        status: statusOf(account.staked),
        staked: account.staked,
        unstaking: account.unstaking,
        withdrawableAt: timeOrNull(account.withdrawableAt),
        totalDeposited: account.totalDeposited,
        totalWithdrawn: account.totalWithdrawn,
        firstStakedAt: timeFrom(account.firstStakedAt),
        stakedAt: timeFrom(account.stakedAt),
        revision: account.revision,
      },
      account,
    ),
};
