//! `stake-vault`: wallets stake tokens in a vault, and get them back after a cooldown.
//!
//! A vault takes tokens of one mint with 6 decimals, as USDC has. What a wallet asks back stops counting as staked and
//! can be withdrawn when the vault's cooldown is over; the rest stays staked. Speaks Anchor's formats (discriminators,
//! borsh, events, error logs), so that Anchor clients work with `idl/stake-vault.json`.
//!
//! Two rules serve whoever mirrors the chain into a database:
//! - every account carries a `revision` that each change increments, and its own sums and counts;
//! - every event carries the addresses it touched, their new revisions and their new absolute values.

#![cfg_attr(not(test), no_std)]
// Only the entry point leads to most of the code, and the host has none.
#![cfg_attr(test, allow(dead_code))]

mod dispatch;
mod error;
mod events;
mod instructions;
mod limits;
mod movements;
mod pda;
mod state;
mod token;

use solana_address::Address;

/// The address of the development deployment (`stake-vault-dev-keypair.json`).
const PROGRAM_ID: Address = Address::from_str_const("5Q8zPXQnMhVPPfChMEXjUq27pJ8PjXcQYCebrHJu7dV6");

#[cfg(not(test))]
mod entry {
    use pinocchio::{default_allocator, program_entrypoint, AccountView, ProgramResult};
    use solana_address::Address;

    /// The largest instruction, `withdraw`, names 8.
    const MAX_ACCOUNTS: usize = 16;

    program_entrypoint!(enter, MAX_ACCOUNTS);
    default_allocator!();

    // Inlined because a call may carry five registers at most, and two slices and a result take more.
    #[inline(always)]
    fn enter(_program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
        crate::dispatch::dispatch(accounts, data)
    }
}
