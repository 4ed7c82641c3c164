use crate::{
    clock,
    count::Count,
    error::Result,
    events::{emit, CouponTransferred},
    input::Inputs,
    state::Coupon,
    token::CouponToken,
};

#[inline(never)]
pub fn transfer_coupon(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut coupon = inputs.take("coupon")?.writable()?.load::<Coupon>()?;
    let mint = inputs.take("mint")?;
    let token_account = inputs.take("token_account")?;
    let recipient = inputs.take("recipient")?;
    let owner = inputs.take("owner")?.signer()?;
    inputs.token_program()?;

    coupon.require_owner(owner.address())?;
    coupon.require_active()?;

    CouponToken::of(&coupon, mint, token_account)?.hand_over(&owner.view, recipient.address())?;
    coupon.owner = *recipient.address();
    coupon.transfers.increase(1)?;
    coupon.revision.increase(1)?;
    coupon.save()?;

    emit(&CouponTransferred {
        coupon: coupon.address(),
        promotion: &coupon.promotion,
        from: owner.address(),
        to: &coupon.owner,
        revision: coupon.revision,
        transfers: coupon.transfers,
        transferred_at: clock::now()?,
    })
}
