use crate::{
    account::NewAccount,
    clock,
    count::Count,
    error::{require, Code, Result},
    events::{emit, PromotionCreated},
    input::{arguments, Inputs},
    limits, pda,
    state::{Merchant, Promotion, PromotionStatus},
};
use alloc::string::String;
use borsh::BorshDeserialize;

#[derive(BorshDeserialize)]
struct Arguments {
    promotion_id: u64,
    title: String,
    description: String,
    discount_bps: u16,
    max_supply: u32,
    resale_fee_bps: u16,
    expires_at: i64,
}

impl Arguments {
    fn validate(&self, now: i64) -> Result<()> {
        limits::title(&self.title)?;
        limits::description(&self.description)?;
        limits::discount(self.discount_bps)?;
        limits::supply(self.max_supply, 0)?;
        limits::resale_fee(self.resale_fee_bps)?;
        limits::expiry(self.expires_at, now)
    }
}

#[inline(never)]
pub fn create_promotion(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let arguments: Arguments = arguments(data)?;
    let mut merchant = inputs.take("merchant")?.writable()?.load::<Merchant>()?;
    let promotion = inputs.take("promotion")?.writable()?;
    let authority = inputs.take("authority")?.signer()?.writable()?;
    inputs.system_program()?;
    let now = clock::now()?;

    merchant.require_authority(authority.address())?;
    arguments.validate(now)?;
    let id = arguments.promotion_id.to_le_bytes();
    let pda = pda::find(&[pda::PROMOTION, merchant.address().as_ref(), &id]);
    let promotion = promotion.at(&pda)?;
    require(promotion.is_vacant(), Code::PromotionAlreadyExists)?;

    merchant.revision.increase(1)?;
    merchant.promotion_count.increase(1)?;
    merchant.active_promotions.increase(1)?;
    merchant.save()?;

    let seeds: &[&[u8]] = &[pda::PROMOTION, merchant.address().as_ref(), &id, &[pda.bump]];
    let promotion = NewAccount { input: promotion, payer: &authority.view, seeds }.with(Promotion {
        revision: 1,
        merchant: *merchant.address(),
        promotion_id: arguments.promotion_id,
        title: arguments.title,
        description: arguments.description,
        discount_bps: arguments.discount_bps,
        max_supply: arguments.max_supply,
        minted: 0,
        redeemed: 0,
        closed_coupons: 0,
        resale_fee_bps: arguments.resale_fee_bps,
        expires_at: arguments.expires_at,
        status: PromotionStatus::Active,
        rating_count: 0,
        rating_sum: 0,
        comment_count: 0,
        sales: 0,
        sales_volume: 0,
        created_at: now,
        bump: pda.bump,
    })?;

    emit(&PromotionCreated {
        promotion: promotion.address(),
        merchant: merchant.address(),
        revision: promotion.revision,
        merchant_revision: merchant.revision,
        merchant_promotion_count: merchant.promotion_count,
        merchant_active_promotions: merchant.active_promotions,
        promotion_id: promotion.promotion_id,
        title: &promotion.title,
        description: &promotion.description,
        discount_bps: promotion.discount_bps,
        max_supply: promotion.max_supply,
        resale_fee_bps: promotion.resale_fee_bps,
        expires_at: promotion.expires_at,
        created_at: promotion.created_at,
    })
}
