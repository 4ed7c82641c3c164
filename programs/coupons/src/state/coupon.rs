use super::Field;
use crate::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Code, Result},
};
use borsh::{BorshDeserialize, BorshSerialize};
use solana_address::Address;

#[derive(BorshDeserialize, BorshSerialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponStatus {
    Active,
    Listed,
    Redeemed,
}

/// One coupon. At `["coupon", promotion, serial]`; serials are never reused, so neither is the address.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct Coupon {
    pub revision: u64,
    pub promotion: Address,
    pub merchant: Address,
    pub mint: Address,
    /// The seller, while listed.
    pub owner: Address,
    pub serial: u32,
    pub status: CouponStatus,
    pub transfers: u32,
    pub minted_at: i64,
    /// 0 until redeemed.
    pub redeemed_at: i64,
    pub bump: u8,
}

impl Coupon {
    pub fn require_owner(&self, signer: &Address) -> Result<()> {
        require(&self.owner == signer, Code::NotCouponOwner)
    }

    pub fn require_promotion(&self, promotion: &Address) -> Result<()> {
        require(&self.promotion == promotion, Code::WrongPromotion)
    }

    /// In its owner's hands: neither for sale nor used up.
    pub fn require_active(&self) -> Result<()> {
        match self.status {
            CouponStatus::Active => Ok(()),
            CouponStatus::Listed => Err(Code::CouponIsListed.into()),
            CouponStatus::Redeemed => Err(Code::CouponAlreadyRedeemed.into()),
        }
    }
}

impl State for Coupon {
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Coupon");
    const SPACE: usize = discriminator::LENGTH
        + Field::U64
        + 4 * Field::ADDRESS
        + 2 * Field::U32
        + Field::STATUS
        + 2 * Field::I64
        + Field::U8;
}
