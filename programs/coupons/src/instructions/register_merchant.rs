use crate::{
    account::NewAccount,
    clock,
    error::{require, Code, Result},
    events::{emit, MerchantRegistered},
    input::{arguments, Inputs},
    limits, pda,
    state::Merchant,
};
use alloc::string::String;
use borsh::BorshDeserialize;

#[derive(BorshDeserialize)]
struct Arguments {
    name: String,
    category: String,
}

#[inline(never)]
pub fn register_merchant(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let Arguments { name, category } = arguments(data)?;
    let merchant = inputs.take("merchant")?.writable()?;
    let authority = inputs.take("authority")?.signer()?.writable()?;
    inputs.system_program()?;

    limits::name(&name)?;
    limits::category(&category)?;
    let pda = pda::find(&[pda::MERCHANT, authority.address().as_ref()]);
    let merchant = merchant.at(&pda)?;
    require(merchant.is_vacant(), Code::MerchantAlreadyRegistered)?;

    let seeds: &[&[u8]] = &[pda::MERCHANT, authority.address().as_ref(), &[pda.bump]];
    let merchant = NewAccount { input: merchant, payer: &authority.view, seeds }.with(Merchant {
        revision: 1,
        authority: *authority.address(),
        name,
        category,
        promotion_count: 0,
        active_promotions: 0,
        registered_at: clock::now()?,
        bump: pda.bump,
    })?;

    emit(&MerchantRegistered {
        merchant: merchant.address(),
        authority: &merchant.authority,
        revision: merchant.revision,
        name: &merchant.name,
        category: &merchant.category,
        registered_at: merchant.registered_at,
    })
}
