import type { StakeVaultEvents, UnstakeRequested } from '../../../idl/stake-vault.js';
import { timeFrom, timeOrNull } from '../../domain-kit/chain-time.js';
import type { ModuleDefinition, ProgramEvent } from '../../domain-kit/domain-module.js';
import { fact, state } from '../../domain-kit/writes.js';
import { statusOf } from './derived.js';
import { Stake, StakeMovement, Vault } from './models.js';

/** What each event of the stake vault program changes. Every value is absolute and comes from the event alone. */
export const stakeVaultEvents: ModuleDefinition<StakeVaultEvents, object>['events'] = {
  VaultInitialized: ({ data }) => [
    state(
      Vault,
      data.vault,
      {
        authority: data.authority,
        mint: data.mint,
        vaultToken: data.vaultToken,
        minimumStake: data.minimumStake,
        cooldownSeconds: data.cooldownSeconds,
        totalStaked: 0n,
        totalUnstaking: 0n,
        activeStakes: 0n,
        initializedAt: timeFrom(data.initializedAt),
        revision: data.revision,
      },
      data,
    ),
  ],

  VaultUpdated: ({ data }) => [
    state(
      Vault,
      data.vault,
      { minimumStake: data.minimumStake, cooldownSeconds: data.cooldownSeconds, revision: data.revision },
      data,
    ),
  ],

  Staked: (event) => {
    const { data } = event;
    return [
      state(
        Stake,
        data.stake,
        {
          vault: data.vault,
          owner: data.owner,
          ...amountsOf(data),
          totalDeposited: data.totalDeposited,
          // Nothing can have been withdrawn before the first stake; later ones do not say how much was.
          ...(data.revision === FIRST_REVISION ? { totalWithdrawn: 0n } : {}),
          firstStakedAt: timeFrom(data.firstStakedAt),
          stakedAt: timeFrom(data.stakedAt),
        },
        data,
      ),
      vaultChange(data),
      movement(event, 'staked', data.stakedAt),
    ];
  },

  UnstakeRequested: (event) => [
    state(Stake, event.data.stake, amountsOf(event.data), event.data),
    vaultChange(event.data),
    movement(event, 'unstake-requested', event.data.requestedAt),
  ],

  Withdrawn: (event) => [
    state(Stake, event.data.stake, { ...amountsOf(event.data), totalWithdrawn: event.data.totalWithdrawn }, event.data),
    vaultChange(event.data),
    movement(event, 'withdrawn', event.data.withdrawnAt),
  ],
};

/** Of a stake account right after its first event. */
const FIRST_REVISION = 1n;

/** What every event about a stake carries. */
type StakeChange = Omit<UnstakeRequested, 'requestedAt'>;

function amountsOf(data: StakeChange) {
  return {
    status: statusOf(data.staked),
    staked: data.staked,
    unstaking: data.unstaking,
    withdrawableAt: timeOrNull(data.withdrawableAt),
    revision: data.revision,
  };
}

/** The sums of the vault, which an event about a stake carries with it. */
function vaultChange(data: StakeChange) {
  return state(
    Vault,
    data.vault,
    {
      totalStaked: data.vaultTotalStaked,
      totalUnstaking: data.vaultTotalUnstaking,
      activeStakes: data.vaultActiveStakes,
      revision: data.vaultRevision,
    },
    { revision: data.vaultRevision },
  );
}

function movement(
  { id, signature, slot, data }: ProgramEvent<string, StakeChange>,
  kind: 'staked' | 'unstake-requested' | 'withdrawn',
  at: bigint,
) {
  const { stake, vault, owner, amount, staked } = data;
  return fact(StakeMovement, { id }, { kind, stake, vault, owner, amount, staked, at: timeFrom(at), signature, slot });
}
