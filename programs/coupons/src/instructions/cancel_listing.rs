use crate::{
    clock,
    count::Count,
    error::{require, Code, Result},
    events::{emit, ListingCancelled},
    input::Inputs,
    state::{Coupon, CouponStatus, Listing},
    token::CouponToken,
};

/// Works after the promotion's end too: a coupon for sale must never be stuck.
#[inline(never)]
pub fn cancel_listing(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut coupon = inputs.take("coupon")?.writable()?.load::<Coupon>()?;
    let listing = inputs.take("listing")?.writable()?;
    let mint = inputs.take("mint")?;
    let token_account = inputs.take("token_account")?;
    let seller = inputs.take("seller")?.signer()?.writable()?;
    inputs.token_program()?;

    require(coupon.status == CouponStatus::Listed, Code::CouponNotListed)?;
    let listing = listing.load::<Listing>()?;
    listing.require_coupon(coupon.address())?;
    listing.require_seller(seller.address())?;

    CouponToken::of(&coupon, mint, token_account)?.hand_over(coupon.view(), seller.address())?;
    coupon.status = CouponStatus::Active;
    coupon.revision.increase(1)?;
    coupon.save()?;

    emit(&ListingCancelled {
        coupon: coupon.address(),
        listing: listing.address(),
        promotion: &listing.promotion,
        seller: seller.address(),
        revision: coupon.revision,
        cancelled_at: clock::now()?,
    })?;
    listing.close(&seller.view)
}
