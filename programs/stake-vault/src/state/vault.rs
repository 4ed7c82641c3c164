use super::Field;
use crate::{error::Code, PROGRAM_ID};
use borsh::{BorshDeserialize, BorshSerialize};
use program_kit::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Result},
};
use solana_address::Address;

/// The terms of a vault and the sums of its stakes. At `["vault", authority, mint]`.
#[derive(BorshDeserialize, BorshSerialize, Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    pub revision: u64,
    pub authority: Address,
    pub mint: Address,
    /// At `["vault_token", vault]`, owned by the vault. Holds `total_staked + total_unstaking`, and what anyone sends
    /// there on their own.
    pub vault_token: Address,
    /// Millionths of a token.
    pub minimum_stake: u64,
    pub cooldown_seconds: u32,
    pub total_staked: u64,
    pub total_unstaking: u64,
    /// Stakes with something staked.
    pub active_stakes: u64,
    pub initialized_at: i64,
    pub bump: u8,
}

impl Vault {
    pub fn require_authority(&self, signer: &Address) -> Result<()> {
        require(&self.authority == signer, Code::WrongAuthority)
    }
}

impl State for Vault {
    const PROGRAM: &'static Address = &PROGRAM_ID;
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Vault");
    const SPACE: usize =
        discriminator::LENGTH + 5 * Field::U64 + 3 * Field::ADDRESS + Field::U32 + Field::I64 + Field::U8;
}
