//! From instruction data to the instruction.

use crate::{instructions, PROGRAM_ID};
use pinocchio::{AccountView, ProgramResult};

#[inline(never)]
pub fn dispatch(accounts: &[AccountView], data: &[u8]) -> ProgramResult {
    program_kit::dispatch! { &PROGRAM_ID, accounts, data; instructions {
        initialize_vault "InitializeVault",
        update_vault "UpdateVault",
        stake "Stake",
        request_unstake "RequestUnstake",
        withdraw "Withdraw",
    }}
}
