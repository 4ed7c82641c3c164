// Generated from idl/stake-vault.json by `npm run idl-types`. Do not edit.

export interface Vault {
  readonly revision: bigint;
  readonly authority: string;
  readonly mint: string;
  readonly vaultToken: string;
  readonly minimumStake: bigint;
  readonly cooldownSeconds: number;
  readonly totalStaked: bigint;
  readonly totalUnstaking: bigint;
  readonly activeStakes: bigint;
  readonly initializedAt: bigint;
  readonly bump: number;
}

export interface Stake {
  readonly revision: bigint;
  readonly vault: string;
  readonly owner: string;
  readonly staked: bigint;
  readonly unstaking: bigint;
  readonly withdrawableAt: bigint;
  readonly totalDeposited: bigint;
  readonly totalWithdrawn: bigint;
  readonly firstStakedAt: bigint;
  readonly stakedAt: bigint;
  readonly bump: number;
}

export interface VaultInitialized {
  readonly vault: string;
  readonly authority: string;
  readonly mint: string;
  readonly vaultToken: string;
  readonly revision: bigint;
  readonly minimumStake: bigint;
  readonly cooldownSeconds: number;
  readonly initializedAt: bigint;
}

export interface VaultUpdated {
  readonly vault: string;
  readonly authority: string;
  readonly revision: bigint;
  readonly minimumStake: bigint;
  readonly cooldownSeconds: number;
  readonly updatedAt: bigint;
}

export interface Staked {
  readonly stake: string;
  readonly vault: string;
  readonly owner: string;
  readonly amount: bigint;
  readonly revision: bigint;
  readonly staked: bigint;
  readonly unstaking: bigint;
  readonly withdrawableAt: bigint;
  readonly totalDeposited: bigint;
  readonly firstStakedAt: bigint;
  readonly vaultRevision: bigint;
  readonly vaultTotalStaked: bigint;
  readonly vaultTotalUnstaking: bigint;
  readonly vaultActiveStakes: bigint;
  readonly stakedAt: bigint;
}

export interface UnstakeRequested {
  readonly stake: string;
  readonly vault: string;
  readonly owner: string;
  readonly amount: bigint;
  readonly revision: bigint;
  readonly staked: bigint;
  readonly unstaking: bigint;
  readonly withdrawableAt: bigint;
  readonly vaultRevision: bigint;
  readonly vaultTotalStaked: bigint;
  readonly vaultTotalUnstaking: bigint;
  readonly vaultActiveStakes: bigint;
  readonly requestedAt: bigint;
}

export interface Withdrawn {
  readonly stake: string;
  readonly vault: string;
  readonly owner: string;
  readonly ownerToken: string;
  readonly amount: bigint;
  readonly revision: bigint;
  readonly staked: bigint;
  readonly unstaking: bigint;
  readonly withdrawableAt: bigint;
  readonly totalWithdrawn: bigint;
  readonly vaultRevision: bigint;
  readonly vaultTotalStaked: bigint;
  readonly vaultTotalUnstaking: bigint;
  readonly vaultActiveStakes: bigint;
  readonly withdrawnAt: bigint;
}

export interface StakeVaultEvents {
  readonly VaultInitialized: VaultInitialized;
  readonly VaultUpdated: VaultUpdated;
  readonly Staked: Staked;
  readonly UnstakeRequested: UnstakeRequested;
  readonly Withdrawn: Withdrawn;
}

export interface StakeVaultAccounts {
  readonly Vault: Vault;
  readonly Stake: Stake;
}
