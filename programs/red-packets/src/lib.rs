//! `red-packets`: sums of money that whoever comes first shares.
//!
//! A creator puts lamports or SPL tokens into a packet; a fixed number of wallets claim a share each, equal or random;
//! what nobody claimed goes back after the expiry. Speaks Anchor's formats (discriminators, borsh, events, error logs),
//! so that Anchor clients work with `idl/red-packets.json`.
//!
//! Two rules serve whoever mirrors the chain into a database:
//! - every account carries a `revision` that each change increments, and its own sums and counts;
//! - every event carries the addresses it touched, their new revisions and their new absolute values.

#![cfg_attr(not(test), no_std)]
// Only the entry point leads to most of the code, and the host has none.
#![cfg_attr(test, allow(dead_code))]

extern crate alloc;

mod error;
mod events;
mod instructions;
mod limits;
mod pda;
mod share;
mod state;
mod vault;

use pinocchio::{AccountView, ProgramResult};
use solana_address::Address;

/// The address of the development deployment (`red-packets-dev-keypair.json`).
const PROGRAM_ID: Address = Address::from_str_const("5i4pWk5ZUUH1BC188mQdnuGQ6bPneXD4Yh5G3bPFTfRQ");

#[cfg(not(test))]
mod entry {
    use pinocchio::{default_allocator, program_entrypoint, AccountView, ProgramResult};
    use solana_address::Address;

    /// The largest instruction names 8; a client may append others.
    const MAX_ACCOUNTS: usize = 16;

    program_entrypoint!(enter, MAX_ACCOUNTS);
    default_allocator!();

    // Inlined because a call may carry five registers at most, and two slices and a result take more.
    #[inline(always)]
    fn enter(_program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
        crate::dispatch(accounts, data)
    }
}

#[inline(never)]
fn dispatch(accounts: &[AccountView], data: &[u8]) -> ProgramResult {
    program_kit::dispatch! { &PROGRAM_ID, accounts, data; instructions {
        create_packet "CreatePacket",
        request_randomness "RequestRandomness",
        fulfil_randomness "FulfilRandomness",
        claim "Claim",
        refund "Refund",
        close_claim "CloseClaim",
        close_packet "ClosePacket",
    }}
}
