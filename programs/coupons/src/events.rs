//! Events: what each change made of the accounts it touched, as absolute values under their new revisions.

use crate::{
    discriminator::{self, Discriminator, EVENT_TAG},
    error::{Code, Result},
    input::{Input, Inputs},
    pda, PROGRAM_ID,
};
use alloc::vec::Vec;
use borsh::BorshSerialize;
use pinocchio::{
    cpi::invoke_signed,
    instruction::{InstructionAccount, InstructionView},
};
use solana_address::Address;

pub trait Event: BorshSerialize {
    const DISCRIMINATOR: Discriminator;
}

/// Anchor's `emit!`: a `Program data:` log line.
pub fn emit(event: &impl Event) -> Result<()> {
    sbpf_runtime::log::data(&encode(&[], event)?);
    Ok(())
}

/// The accounts `event_authority` and `program` of an instruction that emits by self-CPI.
pub struct SelfCpi {
    authority: Input,
    bump: u8,
}

impl SelfCpi {
    pub fn take(inputs: &mut Inputs) -> Result<Self> {
        let pda = pda::find(&[pda::EVENT_AUTHORITY]);
        let authority = inputs.take("event_authority")?.at(&pda)?;
        inputs.program("program", &PROGRAM_ID)?;
        Ok(Self { authority, bump: pda.bump })
    }

    /// Anchor's `emit_cpi!`: the event is the data of an inner instruction, where no log limit cuts it off.
    pub fn emit(&self, event: &impl Event) -> Result<()> {
        let data = encode(&EVENT_TAG, event)?;
        let accounts = [InstructionAccount::readonly_signer(self.authority.address())];
        let instruction = InstructionView { program_id: &PROGRAM_ID, accounts: &accounts, data: &data };
        pda::sign_as(&[pda::EVENT_AUTHORITY, &[self.bump]], |signers| {
            invoke_signed(&instruction, &[&self.authority.view], signers)
        })?;
        Ok(())
    }
}

/// The other end of [`SelfCpi::emit`]. Only this program can sign as its event authority, so nobody else's data passes
/// for an event of ours.
#[inline(never)]
pub fn accept_self_cpi(inputs: &mut Inputs) -> Result<()> {
    let authority = inputs.take("event_authority")?;
    authority.check(authority.view.is_signer(), Code::ConstraintSigner)?;
    authority.at(&pda::find(&[pda::EVENT_AUTHORITY]))?;
    Ok(())
}

fn encode(prefix: &[u8], event: &impl Event) -> Result<Vec<u8>> {
    /// The longest event, `PromotionCreated`, takes 464 bytes: the bump allocator frees nothing, so do not grow.
    const CAPACITY: usize = 512;
    let mut bytes = Vec::with_capacity(CAPACITY);
    bytes.extend_from_slice(prefix);
    bytes.extend_from_slice(discriminator_of(event));
    event.serialize(&mut bytes).map_err(|_| Code::AccountDidNotSerialize)?;
    Ok(bytes)
}

const fn discriminator_of<E: Event>(_event: &E) -> &'static Discriminator {
    &E::DISCRIMINATOR
}

macro_rules! events {
    ($($(#[$attribute:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$attribute])*
        #[derive(BorshSerialize)]
        pub struct $name<'a> {
            $(pub $field: $type,)*
        }

        impl Event for $name<'_> {
            const DISCRIMINATOR: Discriminator = discriminator::of_event(stringify!($name));
        }
    )*};
}

events! {
    MerchantRegistered {
        merchant: &'a Address,
        authority: &'a Address,
        revision: u64,
        name: &'a str,
        category: &'a str,
        registered_at: i64,
    }

    PromotionCreated {
        promotion: &'a Address,
        merchant: &'a Address,
        revision: u64,
        merchant_revision: u64,
        merchant_promotion_count: u64,
        merchant_active_promotions: u64,
        promotion_id: u64,
        title: &'a str,
        description: &'a str,
        discount_bps: u16,
        max_supply: u32,
        resale_fee_bps: u16,
        expires_at: i64,
        created_at: i64,
    }

    PromotionUpdated {
        promotion: &'a Address,
        merchant: &'a Address,
        revision: u64,
        title: &'a str,
        description: &'a str,
        discount_bps: u16,
        max_supply: u32,
        expires_at: i64,
        updated_at: i64,
    }

    PromotionClosed {
        promotion: &'a Address,
        merchant: &'a Address,
        revision: u64,
        merchant_revision: u64,
        merchant_active_promotions: u64,
        closed_at: i64,
    }

    CouponMinted {
        coupon: &'a Address,
        promotion: &'a Address,
        merchant: &'a Address,
        mint: &'a Address,
        owner: &'a Address,
        revision: u64,
        promotion_revision: u64,
        promotion_minted: u32,
        serial: u32,
        minted_at: i64,
    }

    CouponTransferred {
        coupon: &'a Address,
        promotion: &'a Address,
        from: &'a Address,
        to: &'a Address,
        revision: u64,
        transfers: u32,
        transferred_at: i64,
    }

    CouponRedeemed {
        coupon: &'a Address,
        promotion: &'a Address,
        merchant: &'a Address,
        owner: &'a Address,
        revision: u64,
        promotion_revision: u64,
        promotion_redeemed: u32,
        redeemed_at: i64,
    }

    /// The listing's revision is the coupon's, here and in `ListingCancelled`.
    CouponListed {
        coupon: &'a Address,
        listing: &'a Address,
        promotion: &'a Address,
        seller: &'a Address,
        price: u64,
        revision: u64,
        listed_at: i64,
    }

    /// By self-CPI.
    CouponSold {
        coupon: &'a Address,
        listing: &'a Address,
        promotion: &'a Address,
        merchant: &'a Address,
        seller: &'a Address,
        buyer: &'a Address,
        price: u64,
        fee: u64,
        revision: u64,
        promotion_revision: u64,
        promotion_sales: u32,
        promotion_sales_volume: u64,
        transfers: u32,
        sold_at: i64,
    }

    ListingCancelled {
        coupon: &'a Address,
        listing: &'a Address,
        promotion: &'a Address,
        seller: &'a Address,
        revision: u64,
        cancelled_at: i64,
    }

    /// `previous_stars` is 0 for a first rating.
    PromotionRated {
        rating: &'a Address,
        promotion: &'a Address,
        rater: &'a Address,
        stars: u8,
        previous_stars: u8,
        revision: u64,
        promotion_revision: u64,
        promotion_rating_count: u32,
        promotion_rating_sum: u64,
        rated_at: i64,
    }

    /// By self-CPI.
    CommentAdded {
        comment: &'a Address,
        promotion: &'a Address,
        author: &'a Address,
        index: u32,
        text: &'a str,
        revision: u64,
        promotion_revision: u64,
        promotion_comment_count: u32,
        created_at: i64,
    }

    CouponClosed {
        coupon: &'a Address,
        promotion: &'a Address,
        owner: &'a Address,
        mint: &'a Address,
        revision: u64,
        promotion_revision: u64,
        promotion_closed_coupons: u32,
        closed_at: i64,
    }
}
