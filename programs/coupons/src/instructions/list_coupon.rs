use crate::{
    account::{Account, NewAccount},
    clock,
    count::Count,
    error::{Code, Result},
    events::{emit, CouponListed, ListingCancelled},
    input::{arguments, Input, Inputs},
    limits, pda,
    state::{Coupon, CouponStatus, Listing, Promotion},
    token::CouponToken,
};

#[inline(never)]
pub fn list_coupon(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let price: u64 = arguments(data)?;
    let coupon = inputs.take("coupon")?.writable()?.load::<Coupon>()?;
    let promotion = inputs.take("promotion")?.load::<Promotion>()?;
    let listing = inputs.take("listing")?.writable()?;
    let mint = inputs.take("mint")?;
    let token_account = inputs.take("token_account")?;
    let owner = inputs.take("owner")?.signer()?.writable()?;
    inputs.system_program()?;
    inputs.token_program()?;
    let now = clock::now()?;

    limits::price(price)?;
    coupon.require_promotion(promotion.address())?;
    coupon.require_owner(owner.address())?;
    promotion.require_unexpired(now)?;
    let offer = Offer { coupon, owner, price, now };
    match offer.coupon.status {
        CouponStatus::Active => offer.open(Opening { listing, mint, token_account }),
        CouponStatus::Listed => offer.reopen(listing.load::<Listing>()?),
        CouponStatus::Redeemed => Err(Code::CouponAlreadyRedeemed.into()),
    }
}

struct Offer {
    coupon: Account<Coupon>,
    owner: Input,
    price: u64,
    now: i64,
}

struct Opening {
    listing: Input,
    mint: Input,
    token_account: Input,
}

impl Offer {
    /// Opens a listing and puts the token in the coupon's own keeping.
    #[inline(never)]
    fn open(mut self, accounts: Opening) -> Result<()> {
        let coupon = &mut self.coupon;
        let pda = pda::find(&[pda::LISTING, coupon.address().as_ref()]);
        let input = accounts.listing.at(&pda)?;
        CouponToken::of(coupon, accounts.mint, accounts.token_account)?
            .hand_over(&self.owner.view, coupon.address())?;
        coupon.status = CouponStatus::Listed;
        coupon.revision.increase(1)?;
        coupon.save()?;

        let seeds: &[&[u8]] = &[pda::LISTING, coupon.address().as_ref(), &[pda.bump]];
        let listing = NewAccount { input, payer: &self.owner.view, seeds }.with(Listing {
            revision: coupon.revision,
            coupon: *coupon.address(),
            promotion: coupon.promotion,
            seller: coupon.owner,
            price: self.price,
            listed_at: self.now,
            bump: pda.bump,
        })?;
        emit_listed(&listing)
    }

    /// Cancels the listing and opens it anew at another price: two changes, two revisions, two events.
    #[inline(never)]
    fn reopen(mut self, mut listing: Account<Listing>) -> Result<()> {
        listing.require_coupon(self.coupon.address())?;
        self.coupon.revision.increase(1)?;
        emit(&ListingCancelled {
            coupon: self.coupon.address(),
            listing: listing.address(),
            promotion: &listing.promotion,
            seller: &listing.seller,
            revision: self.coupon.revision,
            cancelled_at: self.now,
        })?;

        self.coupon.revision.increase(1)?;
        self.coupon.save()?;
        listing.revision = self.coupon.revision;
        listing.price = self.price;
        listing.listed_at = self.now;
        listing.save()?;
        emit_listed(&listing)
    }
}

fn emit_listed(listing: &Account<Listing>) -> Result<()> {
    emit(&CouponListed {
        coupon: &listing.coupon,
        listing: listing.address(),
        promotion: &listing.promotion,
        seller: &listing.seller,
        price: listing.price,
        revision: listing.revision,
        listed_at: listing.listed_at,
    })
}
