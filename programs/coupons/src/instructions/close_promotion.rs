use crate::{
    clock,
    count::Count,
    error::{Code, Result},
    events::{emit, PromotionClosed},
    input::Inputs,
    state::{Merchant, Promotion, PromotionStatus},
};

#[inline(never)]
pub fn close_promotion(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut merchant = inputs.take("merchant")?.writable()?.load::<Merchant>()?;
    let mut promotion = inputs.take("promotion")?.writable()?.load::<Promotion>()?;
    let authority = inputs.take("authority")?.signer()?;

    merchant.require_authority(authority.address())?;
    promotion.require_merchant(merchant.address())?;
    promotion.require_active()?;

    promotion.status = PromotionStatus::Closed;
    promotion.revision.increase(1)?;
    promotion.save()?;
    merchant.active_promotions = merchant.active_promotions.checked_sub(1).ok_or(Code::ArithmeticOverflow)?;
    merchant.revision.increase(1)?;
    merchant.save()?;

    emit(&PromotionClosed {
        promotion: promotion.address(),
        merchant: merchant.address(),
        revision: promotion.revision,
        merchant_revision: merchant.revision,
        merchant_active_promotions: merchant.active_promotions,
        closed_at: clock::now()?,
    })
}
