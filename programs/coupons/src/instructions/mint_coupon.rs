use super::minting::{Minting, NewCoupon};
use crate::{error::Result, input::Inputs};

#[inline(never)]
pub fn mint_coupon(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let merchant = inputs.take("merchant")?.load()?;
    let promotion = inputs.take("promotion")?.writable()?.load()?;
    let new = NewCoupon::take(inputs)?;
    let authority = inputs.take("authority")?.signer()?.writable()?;
    inputs.system_program()?;
    inputs.token_program()?;

    let mut minting = Minting { merchant, promotion, authority };
    minting.mint_next(&new)?;
    minting.finish()
}
