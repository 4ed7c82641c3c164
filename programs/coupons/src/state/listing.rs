use super::Field;
use crate::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Code, Result},
};
use borsh::{BorshDeserialize, BorshSerialize};
use solana_address::Address;

/// A coupon for sale. At `["listing", coupon]`; gone once sold or cancelled.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct Listing {
    /// The coupon's revision at the last change of the listing: it keeps rising when a listing at the same address is
    /// closed and another opened, even within one slot.
    pub revision: u64,
    pub coupon: Address,
    pub promotion: Address,
    pub seller: Address,
    /// Lamports.
    pub price: u64,
    pub listed_at: i64,
    pub bump: u8,
}

impl Listing {
    pub fn require_coupon(&self, coupon: &Address) -> Result<()> {
        require(&self.coupon == coupon, Code::CouponNotListed)
    }

    pub fn require_seller(&self, seller: &Address) -> Result<()> {
        require(&self.seller == seller, Code::NotSeller)
    }
}

impl State for Listing {
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Listing");
    const SPACE: usize = discriminator::LENGTH + 2 * Field::U64 + 3 * Field::ADDRESS + Field::I64 + Field::U8;
}
