use super::Field;
use crate::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Code, Result},
    limits::{MAX_DESCRIPTION_BYTES, MAX_TITLE_BYTES},
};
use alloc::string::String;
use borsh::{BorshDeserialize, BorshSerialize};
use solana_address::Address;

#[derive(BorshDeserialize, BorshSerialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromotionStatus {
    Active,
    Closed,
}

/// An offer and its coupons. At `["promotion", merchant, promotion_id]`.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct Promotion {
    pub revision: u64,
    pub merchant: Address,
    /// Chosen by the merchant.
    pub promotion_id: u64,
    pub title: String,
    pub description: String,
    pub discount_bps: u16,
    pub max_supply: u32,
    /// Also the serial of the next coupon.
    pub minted: u32,
    pub redeemed: u32,
    pub closed_coupons: u32,
    pub resale_fee_bps: u16,
    pub expires_at: i64,
    pub status: PromotionStatus,
    pub rating_count: u32,
    pub rating_sum: u64,
    /// Also the index of the next comment.
    pub comment_count: u32,
    pub sales: u32,
    /// Lamports.
    pub sales_volume: u64,
    pub created_at: i64,
    pub bump: u8,
}

impl Promotion {
    pub fn require_active(&self) -> Result<()> {
        require(self.status == PromotionStatus::Active, Code::PromotionNotActive)
    }

    pub fn require_unexpired(&self, now: i64) -> Result<()> {
        require(!self.has_expired(now), Code::PromotionExpired)
    }

    pub fn has_expired(&self, now: i64) -> bool {
        now >= self.expires_at
    }

    pub fn require_merchant(&self, merchant: &Address) -> Result<()> {
        require(&self.merchant == merchant, Code::WrongMerchant)
    }
}

impl State for Promotion {
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Promotion");
    const SPACE: usize = discriminator::LENGTH
        + 4 * Field::U64
        + Field::ADDRESS
        + Field::string(MAX_TITLE_BYTES)
        + Field::string(MAX_DESCRIPTION_BYTES)
        + 2 * Field::U16
        + 7 * Field::U32
        + 2 * Field::I64
        + Field::STATUS
        + Field::U8;
}
