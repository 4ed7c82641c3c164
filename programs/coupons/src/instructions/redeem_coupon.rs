use crate::{
    clock,
    count::Count,
    error::{require, Code, Result},
    events::{emit, CouponRedeemed},
    input::Inputs,
    state::{Coupon, CouponStatus, Merchant, Promotion},
    token::CouponToken,
};

/// Holder and merchant both sign: neither can use up a coupon without the other.
#[inline(never)]
pub fn redeem_coupon(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut coupon = inputs.take("coupon")?.writable()?.load::<Coupon>()?;
    let mut promotion = inputs.take("promotion")?.writable()?.load::<Promotion>()?;
    let merchant = inputs.take("merchant")?.load::<Merchant>()?;
    let mint = inputs.take("mint")?.writable()?;
    let token_account = inputs.take("token_account")?;
    let owner = inputs.take("owner")?.signer()?.writable()?;
    let merchant_authority = inputs.take("merchant_authority")?.signer()?;
    inputs.token_program()?;
    let now = clock::now()?;

    coupon.require_promotion(promotion.address())?;
    require(&coupon.merchant == merchant.address(), Code::WrongMerchant)?;
    merchant.require_authority(merchant_authority.address())?;
    coupon.require_owner(owner.address())?;
    coupon.require_active()?;
    promotion.require_unexpired(now)?;

    CouponToken::of(&coupon, mint, token_account)?.burn(&owner.view)?;
    coupon.status = CouponStatus::Redeemed;
    coupon.redeemed_at = now;
    coupon.revision.increase(1)?;
    coupon.save()?;
    promotion.redeemed.increase(1)?;
    promotion.revision.increase(1)?;
    promotion.save()?;

    emit(&CouponRedeemed {
        coupon: coupon.address(),
        promotion: promotion.address(),
        merchant: merchant.address(),
        owner: &coupon.owner,
        revision: coupon.revision,
        promotion_revision: promotion.revision,
        promotion_redeemed: promotion.redeemed,
        redeemed_at: coupon.redeemed_at,
    })
}
