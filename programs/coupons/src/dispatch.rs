//! From instruction data to the instruction.

use crate::{
    discriminator::{self, Discriminator, EVENT_TAG},
    error::{Code, Result},
    events,
    input::Inputs,
    instructions,
};
use pinocchio::{AccountView, ProgramResult};

#[inline(never)]
pub fn dispatch(accounts: &[AccountView], data: &[u8]) -> ProgramResult {
    run(accounts, data).map_err(|failure| failure.report())
}

macro_rules! run_by_discriminator {
    ($found:ident, $inputs:ident, $arguments:ident; $($instruction:ident $label:literal,)*) => {
        $(
            if $found == const { discriminator::of_instruction(stringify!($instruction)) } {
                sbpf_runtime::log::text(concat!("Instruction: ", $label));
                return instructions::$instruction($inputs, $arguments);
            }
        )*
    };
}

fn run(accounts: &[AccountView], data: &[u8]) -> Result<()> {
    let inputs = &mut Inputs::new(accounts);
    let (found, arguments) = data.split_first_chunk::<{ discriminator::LENGTH }>().ok_or(Code::InstructionMissing)?;
    let found: Discriminator = *found;
    if found == EVENT_TAG {
        return events::accept_self_cpi(inputs);
    }
    run_by_discriminator! { found, inputs, arguments;
        register_merchant "RegisterMerchant",
        create_promotion "CreatePromotion",
        update_promotion "UpdatePromotion",
        close_promotion "ClosePromotion",
        mint_coupon "MintCoupon",
        mint_coupons_batch "MintCouponsBatch",
        transfer_coupon "TransferCoupon",
        redeem_coupon "RedeemCoupon",
        list_coupon "ListCoupon",
        buy_coupon "BuyCoupon",
        cancel_listing "CancelListing",
        rate_promotion "RatePromotion",
        add_comment "AddComment",
        close_coupon "CloseCoupon",
    }
    Err(Code::InstructionFallbackNotFound.into())
}
