//! What minting one coupon and minting a batch share.

use crate::{
    account::{Account, NewAccount},
    clock,
    count::Count,
    error::{require, Code, Result},
    events::{emit, CouponMinted},
    input::{Input, Inputs},
    pda,
    state::{Coupon, CouponStatus, Merchant, Promotion},
    token::{CouponToken, NewToken},
};

/// A merchant minting coupons of a promotion of theirs.
pub struct Minting {
    pub merchant: Account<Merchant>,
    pub promotion: Account<Promotion>,
    pub authority: Input,
}

/// The accounts of one coupon to be minted.
pub struct NewCoupon {
    pub coupon: Input,
    pub token: NewToken,
    pub recipient: Input,
}

impl NewCoupon {
    pub fn take(inputs: &mut Inputs) -> Result<Self> {
        Ok(Self {
            coupon: inputs.take("coupon")?.writable()?,
            token: NewToken { mint: inputs.take("mint")?, account: inputs.take("token_account")? },
            recipient: inputs.take("recipient")?,
        })
    }
}

impl Minting {
    /// Mints the promotion's next coupon. The promotion is saved by [`Minting::finish`].
    #[inline(never)]
    pub fn mint_next(&mut self, new: &NewCoupon) -> Result<()> {
        let Self { merchant, promotion, authority } = self;
        let now = clock::now()?;
        merchant.require_authority(authority.address())?;
        promotion.require_merchant(merchant.address())?;
        promotion.require_active()?;
        promotion.require_unexpired(now)?;
        require(promotion.minted < promotion.max_supply, Code::SupplyExhausted)?;

        let serial = promotion.minted.to_le_bytes();
        let pda = pda::find(&[pda::COUPON, promotion.address().as_ref(), &serial]);
        let input = new.coupon.at(&pda)?;
        let seeds: &[&[u8]] = &[pda::COUPON, promotion.address().as_ref(), &serial, &[pda.bump]];
        let coupon = NewAccount { input, payer: &authority.view, seeds }.with(Coupon {
            revision: 1,
            promotion: *promotion.address(),
            merchant: *merchant.address(),
            mint: *new.token.mint.address(),
            owner: *new.recipient.address(),
            serial: promotion.minted,
            status: CouponStatus::Active,
            transfers: 0,
            minted_at: now,
            redeemed_at: 0,
            bump: pda.bump,
        })?;
        CouponToken::mint(&coupon, new.token, &authority.view)?;
        promotion.minted.increase(1)?;
        promotion.revision.increase(1)?;

        emit(&CouponMinted {
            coupon: coupon.address(),
            promotion: promotion.address(),
            merchant: merchant.address(),
            mint: &coupon.mint,
            owner: &coupon.owner,
            revision: coupon.revision,
            promotion_revision: promotion.revision,
            promotion_minted: promotion.minted,
            serial: coupon.serial,
            minted_at: coupon.minted_at,
        })
    }

    pub fn finish(mut self) -> Result<()> {
        self.promotion.save()
    }
}
