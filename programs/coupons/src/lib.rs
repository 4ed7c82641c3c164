//! `coupons`: a marketplace of discount coupons.
//!
//! Merchants open promotions and mint coupons, each an SPL token of supply one; holders give away, sell and redeem
//! them; anyone rates and comments. Speaks Anchor's formats (discriminators, borsh, events, error logs), so that
//! Anchor clients work with `idl/coupons.json`.
//!
//! Two rules serve whoever mirrors the chain into a database:
//! - every account carries a `revision` that each change increments, and its own sums and counts;
//! - every event carries the addresses it touched, their new revisions and their new absolute values.

#![cfg_attr(not(test), no_std)]
// Only the entry point leads to most of the code, and the host has none.
#![cfg_attr(test, allow(dead_code))]

extern crate alloc;

mod account;
mod clock;
mod count;
mod discriminator;
mod dispatch;
mod error;
mod events;
mod fee;
mod input;
mod instructions;
mod limits;
mod pda;
mod state;
mod token;

use solana_address::Address;

/// The address of the development deployment (`coupons-dev-keypair.json`).
const PROGRAM_ID: Address = Address::from_str_const("2U7G18mRwqf1gVRiy942GXZx1ywwcBQW8dpfeXKwGov4");

#[cfg(not(test))]
mod entry {
    use pinocchio::{default_allocator, program_entrypoint, AccountView, ProgramResult};
    use solana_address::Address;

    /// The largest instruction, a batch of eight, names 37. The array of them must leave room on the 4 KB stack frame.
    const MAX_ACCOUNTS: usize = 64;

    program_entrypoint!(enter, MAX_ACCOUNTS);
    default_allocator!();

    // Inlined because a call may carry five registers at most, and two slices and a result take more.
    #[inline(always)]
    fn enter(_program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
        crate::dispatch::dispatch(accounts, data)
    }
}
