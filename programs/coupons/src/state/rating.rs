use super::Field;
use crate::{
    account::State,
    discriminator::{self, Discriminator},
};
use borsh::{BorshDeserialize, BorshSerialize};
use solana_address::Address;

/// A wallet's opinion of a promotion. At `["rating", promotion, rater]`.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct Rating {
    pub revision: u64,
    pub promotion: Address,
    pub rater: Address,
    pub stars: u8,
    pub rated_at: i64,
    pub bump: u8,
}

impl State for Rating {
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Rating");
    const SPACE: usize = discriminator::LENGTH + Field::U64 + 2 * Field::ADDRESS + 2 * Field::U8 + Field::I64;
}
