use crate::{
    clock,
    count::Count,
    error::{require, Code, Result},
    events::{CouponSold, SelfCpi},
    fee::resale_fee,
    input::{arguments, Input, Inputs},
    state::{Coupon, CouponStatus, Listing, Merchant, Promotion},
    token::CouponToken,
};
use pinocchio_system::instructions::Transfer;

#[inline(never)]
pub fn buy_coupon(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let max_price: u64 = arguments(data)?;
    let mut coupon = inputs.take("coupon")?.writable()?.load::<Coupon>()?;
    let listing = inputs.take("listing")?.writable()?;
    let mut promotion = inputs.take("promotion")?.writable()?.load::<Promotion>()?;
    let merchant = inputs.take("merchant")?.load::<Merchant>()?;
    let mint = inputs.take("mint")?;
    let token_account = inputs.take("token_account")?;
    let seller = inputs.take("seller")?.writable()?;
    let authority = inputs.take("authority")?.writable()?;
    let buyer = inputs.take("buyer")?.signer()?.writable()?;
    inputs.system_program()?;
    inputs.token_program()?;
    let self_cpi = SelfCpi::take(inputs)?;
    let now = clock::now()?;

    require(coupon.status == CouponStatus::Listed, Code::CouponNotListed)?;
    let listing = listing.load::<Listing>()?;
    listing.require_coupon(coupon.address())?;
    listing.require_seller(seller.address())?;
    coupon.require_promotion(promotion.address())?;
    require(&coupon.merchant == merchant.address(), Code::WrongMerchant)?;
    merchant.require_authority(authority.address())?;
    require(buyer.address() != seller.address(), Code::SelfPurchase)?;
    promotion.require_unexpired(now)?;
    require(listing.price <= max_price, Code::PriceAboveMaximum)?;

    let price = listing.price;
    let fee = resale_fee(price, promotion.resale_fee_bps);
    pay(&buyer, &authority, fee)?;
    pay(&buyer, &seller, price - fee)?;

    CouponToken::of(&coupon, mint, token_account)?.hand_over(coupon.view(), buyer.address())?;
    coupon.owner = *buyer.address();
    coupon.status = CouponStatus::Active;
    coupon.transfers.increase(1)?;
    coupon.revision.increase(1)?;
    coupon.save()?;
    promotion.sales.increase(1)?;
    promotion.sales_volume.increase(price)?;
    promotion.revision.increase(1)?;
    promotion.save()?;

    self_cpi.emit(&CouponSold {
        coupon: coupon.address(),
        listing: listing.address(),
        promotion: promotion.address(),
        merchant: merchant.address(),
        seller: seller.address(),
        buyer: buyer.address(),
        price,
        fee,
        revision: coupon.revision,
        promotion_revision: promotion.revision,
        promotion_sales: promotion.sales,
        promotion_sales_volume: promotion.sales_volume,
        transfers: coupon.transfers,
        sold_at: now,
    })?;
    listing.close(&seller.view)
}

fn pay(from: &Input, to: &Input, lamports: u64) -> Result<()> {
    if lamports > 0 {
        Transfer { from: &from.view, to: &to.view, lamports }.invoke()?;
    }
    Ok(())
}
