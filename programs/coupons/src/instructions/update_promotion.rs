use crate::{
    clock,
    count::Count,
    error::Result,
    events::{emit, PromotionUpdated},
    input::{arguments, Inputs},
    limits,
    state::{Merchant, Promotion},
};
use alloc::string::String;
use borsh::BorshDeserialize;

#[derive(BorshDeserialize)]
struct Arguments {
    title: Option<String>,
    description: Option<String>,
    discount_bps: Option<u16>,
    max_supply: Option<u32>,
    expires_at: Option<i64>,
}

impl Arguments {
    fn apply(self, promotion: &mut Promotion, now: i64) -> Result<()> {
        if let Some(title) = self.title {
            limits::title(&title)?;
            promotion.title = title;
        }
        if let Some(description) = self.description {
            limits::description(&description)?;
            promotion.description = description;
        }
        if let Some(discount_bps) = self.discount_bps {
            limits::discount(discount_bps)?;
            promotion.discount_bps = discount_bps;
        }
        if let Some(max_supply) = self.max_supply {
            limits::supply(max_supply, promotion.minted)?;
            promotion.max_supply = max_supply;
        }
        if let Some(expires_at) = self.expires_at {
            limits::expiry(expires_at, now)?;
            promotion.expires_at = expires_at;
        }
        Ok(())
    }
}

#[inline(never)]
pub fn update_promotion(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let arguments: Arguments = arguments(data)?;
    let merchant = inputs.take("merchant")?.load::<Merchant>()?;
    let mut promotion = inputs.take("promotion")?.writable()?.load::<Promotion>()?;
    let authority = inputs.take("authority")?.signer()?;
    let now = clock::now()?;

    merchant.require_authority(authority.address())?;
    promotion.require_merchant(merchant.address())?;
    promotion.require_active()?;
    arguments.apply(&mut promotion, now)?;
    promotion.revision.increase(1)?;
    promotion.save()?;

    emit(&PromotionUpdated {
        promotion: promotion.address(),
        merchant: merchant.address(),
        revision: promotion.revision,
        title: &promotion.title,
        description: &promotion.description,
        discount_bps: promotion.discount_bps,
        max_supply: promotion.max_supply,
        expires_at: promotion.expires_at,
        updated_at: now,
    })
}
