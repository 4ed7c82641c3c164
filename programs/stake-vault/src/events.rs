//! What each change made of the accounts it touched, as absolute values under their new revisions.

use solana_address::Address;

program_kit::events! {
    VaultInitialized {
        vault: &'a Address,
        authority: &'a Address,
        mint: &'a Address,
        vault_token: &'a Address,
        revision: u64,
        minimum_stake: u64,
        cooldown_seconds: u32,
        initialized_at: i64,
    }

    VaultUpdated {
        vault: &'a Address,
        authority: &'a Address,
        revision: u64,
        minimum_stake: u64,
        cooldown_seconds: u32,
        updated_at: i64,
    }

    /// The revision is the stake's, here and below.
    Staked {
        stake: &'a Address,
        vault: &'a Address,
        owner: &'a Address,
        amount: u64,
        revision: u64,
        staked: u64,
        unstaking: u64,
        withdrawable_at: i64,
        total_deposited: u64,
        first_staked_at: i64,
        vault_revision: u64,
        vault_total_staked: u64,
        vault_total_unstaking: u64,
        vault_active_stakes: u64,
        staked_at: i64,
    }

    UnstakeRequested {
        stake: &'a Address,
        vault: &'a Address,
        owner: &'a Address,
        amount: u64,
        revision: u64,
        staked: u64,
        unstaking: u64,
        withdrawable_at: i64,
        vault_revision: u64,
        vault_total_staked: u64,
        vault_total_unstaking: u64,
        vault_active_stakes: u64,
        requested_at: i64,
    }

    /// By self-CPI.
    Withdrawn {
        stake: &'a Address,
        vault: &'a Address,
        owner: &'a Address,
        owner_token: &'a Address,
        amount: u64,
        revision: u64,
        staked: u64,
        unstaking: u64,
        withdrawable_at: i64,
        total_withdrawn: u64,
        vault_revision: u64,
        vault_total_staked: u64,
        vault_total_unstaking: u64,
        vault_active_stakes: u64,
        withdrawn_at: i64,
    }
}
