use super::Field;
use crate::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Code, Result},
    limits::{MAX_CATEGORY_BYTES, MAX_NAME_BYTES},
};
use alloc::string::String;
use borsh::{BorshDeserialize, BorshSerialize};
use solana_address::Address;

/// A business that issues coupons. At `["merchant", authority]`: one per authority.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct Merchant {
    pub revision: u64,
    pub authority: Address,
    pub name: String,
    pub category: String,
    pub promotion_count: u64,
    pub active_promotions: u64,
    pub registered_at: i64,
    pub bump: u8,
}

impl Merchant {
    pub fn require_authority(&self, signer: &Address) -> Result<()> {
        require(&self.authority == signer, Code::WrongMerchant)
    }
}

impl State for Merchant {
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Merchant");
    const SPACE: usize = discriminator::LENGTH
        + 3 * Field::U64
        + Field::ADDRESS
        + Field::string(MAX_NAME_BYTES)
        + Field::string(MAX_CATEGORY_BYTES)
        + Field::I64
        + Field::U8;
}
