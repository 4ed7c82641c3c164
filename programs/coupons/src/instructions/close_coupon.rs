use crate::{
    clock,
    count::Count,
    error::{require, Code, Result},
    events::{emit, CouponClosed},
    input::Inputs,
    state::{Coupon, CouponStatus, Promotion, PromotionStatus},
    token::CouponToken,
};

#[inline(never)]
pub fn close_coupon(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut coupon = inputs.take("coupon")?.writable()?.load::<Coupon>()?;
    let mut promotion = inputs.take("promotion")?.writable()?.load::<Promotion>()?;
    let mint = inputs.take("mint")?.writable()?;
    let token_account = inputs.take("token_account")?;
    let owner = inputs.take("owner")?.signer()?.writable()?;
    inputs.token_program()?;
    let now = clock::now()?;

    coupon.require_promotion(promotion.address())?;
    coupon.require_owner(owner.address())?;
    match coupon.status {
        // Redeeming burned the token already.
        CouponStatus::Redeemed => {}
        CouponStatus::Listed => return Err(Code::CouponIsListed.into()),
        CouponStatus::Active => {
            let is_over = promotion.status == PromotionStatus::Closed || promotion.has_expired(now);
            require(is_over, Code::CouponStillUsable)?;
            CouponToken::of(&coupon, mint, token_account)?.burn(&owner.view)?;
        }
    }
    coupon.revision.increase(1)?;
    promotion.closed_coupons.increase(1)?;
    promotion.revision.increase(1)?;
    promotion.save()?;

    emit(&CouponClosed {
        coupon: coupon.address(),
        promotion: promotion.address(),
        owner: owner.address(),
        mint: &coupon.mint,
        revision: coupon.revision,
        promotion_revision: promotion.revision,
        promotion_closed_coupons: promotion.closed_coupons,
        closed_at: now,
    })?;
    coupon.close(&owner.view)
}
