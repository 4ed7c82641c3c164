import { field } from '../../domain-kit/field.js';
import { defineFact, defineState } from '../../domain-kit/model.js';

/** The terms of a vault and the sums of its stakes, in millionths of its token. `_id` is the account's address. */
export const Vault = defineState(
  'vaults',
  {
    authority: field.address(),
    mint: field.address(),
    vaultToken: field.address(),
    minimumStake: field.u64(),
    cooldownSeconds: field.integer(),
    totalStaked: field.u64(),
    totalUnstaking: field.u64(),
    activeStakes: field.u64(),
    initializedAt: field.time(),
    revision: field.u64(),
  },
  { indexes: [{ keys: { authority: 1 } }] },
);

/** What a wallet has in a vault. The account stays when all is withdrawn. */
export const Stake = defineState(
  'stakes',
  {
    vault: field.address(),
    owner: field.address(),
    /** active: something is staked, which the program keeps at the vault's minimum at least. */
    status: field.choice(['active', 'inactive']),
    staked: field.u64(),
    /** Asked back. */
    unstaking: field.u64(),
    /** When that can be withdrawn; null while nothing is asked back. */
    withdrawableAt: field.nullable(field.time()),
    totalDeposited: field.u64(),
    totalWithdrawn: field.u64(),
    firstStakedAt: field.time(),
    stakedAt: field.time(),
    revision: field.u64(),
  },
  { indexes: [{ keys: { owner: 1 } }, { keys: { vault: 1, status: 1 } }] },
);

/** Tokens went into a stake, were asked back, or went out. */
export const StakeMovement = defineFact(
  'stake_movements',
  {
    kind: field.choice(['staked', 'unstake-requested', 'withdrawn']),
    stake: field.address(),
    vault: field.address(),
    owner: field.address(),
    amount: field.u64(),
    /** What is staked afterwards. */
    staked: field.u64(),
    at: field.time(),
    signature: field.text(),
    slot: field.integer(),
  },
  { indexes: [{ keys: { stake: 1, at: -1 } }, { keys: { owner: 1, at: -1 } }, { keys: { vault: 1, at: -1 } }] },
);
