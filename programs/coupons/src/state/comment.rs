use super::Field;
use crate::{
    account::State,
    discriminator::{self, Discriminator},
    limits::MAX_COMMENT_BYTES,
};
use alloc::string::String;
use borsh::{BorshDeserialize, BorshSerialize};
use solana_address::Address;

/// A remark on a promotion. At `["comment", promotion, index]`.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct Comment {
    pub revision: u64,
    pub promotion: Address,
    pub author: Address,
    pub index: u32,
    pub text: String,
    pub created_at: i64,
    pub bump: u8,
}

impl State for Comment {
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Comment");
    const SPACE: usize = discriminator::LENGTH
        + Field::U64
        + 2 * Field::ADDRESS
        + Field::U32
        + Field::string(MAX_COMMENT_BYTES)
        + Field::I64
        + Field::U8;
}
