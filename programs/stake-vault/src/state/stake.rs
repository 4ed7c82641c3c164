use super::Field;
use crate::{error::Code, PROGRAM_ID};
use borsh::{BorshDeserialize, BorshSerialize};
use program_kit::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Result},
};
use solana_address::Address;

/// What a wallet has in a vault: active while something is staked. At `["stake", vault, owner]`; never closed.
///
/// `staked + unstaking` is `total_deposited - total_withdrawn`.
#[derive(BorshDeserialize, BorshSerialize, Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    pub revision: u64,
    pub vault: Address,
    pub owner: Address,
    pub staked: u64,
    /// Asked back.
    pub unstaking: u64,
    /// When `unstaking` can be withdrawn; 0 while nothing is asked back.
    pub withdrawable_at: i64,
    pub total_deposited: u64,
    pub total_withdrawn: u64,
    pub first_staked_at: i64,
    /// The latest time.
    pub staked_at: i64,
    pub bump: u8,
}

impl Stake {
    /// Of a wallet that has staked nothing yet.
    pub fn new(vault: Address, owner: Address, bump: u8, now: i64) -> Self {
        Self {
            revision: 0,
            vault,
            owner,
            staked: 0,
            unstaking: 0,
            withdrawable_at: 0,
            total_deposited: 0,
            total_withdrawn: 0,
            first_staked_at: now,
            staked_at: now,
            bump,
        }
    }

    pub fn require_vault(&self, vault: &Address) -> Result<()> {
        require(&self.vault == vault, Code::WrongVault)
    }

    pub fn require_owner(&self, signer: &Address) -> Result<()> {
        require(&self.owner == signer, Code::NotStakeOwner)
    }
}

impl State for Stake {
    const PROGRAM: &'static Address = &PROGRAM_ID;
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Stake");
    const SPACE: usize = discriminator::LENGTH + 5 * Field::U64 + 2 * Field::ADDRESS + 3 * Field::I64 + Field::U8;
}
