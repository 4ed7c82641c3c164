use super::minting::{Minting, NewCoupon};
use crate::{
    error::{require, Code, Result},
    input::{arguments, Inputs},
    limits::MAX_BATCH,
};

/// Coupon, mint, token account, recipient.
const ACCOUNTS_PER_COUPON: usize = 4;

#[inline(never)]
pub fn mint_coupons_batch(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let count: u8 = arguments(data)?;
    let merchant = inputs.take("merchant")?.load()?;
    let promotion = inputs.take("promotion")?.writable()?.load()?;
    let authority = inputs.take("authority")?.signer()?.writable()?;
    inputs.system_program()?;
    inputs.token_program()?;

    require((1..=MAX_BATCH).contains(&count), Code::InvalidBatch)?;
    require(inputs.remaining() == count as usize * ACCOUNTS_PER_COUPON, Code::InvalidBatch)?;
    let mut minting = Minting { merchant, promotion, authority };
    for _ in 0..count {
        minting.mint_next(&NewCoupon::take(inputs)?)?;
    }
    minting.finish()
}
