//! `router`: a program for tests. It calls other programs by CPI, and misleads those who read logs carelessly.

#![cfg_attr(not(test), no_std)]
// Only the entry point leads to most of the code, and the host has none.
#![cfg_attr(test, allow(dead_code))]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use borsh::BorshDeserialize;
use pinocchio::{
    cpi::invoke_with_bounds,
    error::ProgramError,
    instruction::{InstructionAccount, InstructionView},
    AccountView, ProgramResult,
};
use sbpf_runtime::log;
use sha2_const_stable::Sha256;

/// How many accounts a forwarded instruction may name.
const MAX_ACCOUNTS: usize = 24;

/// Leads the data of a self-CPI that carries an event. A router that calls itself with it leaves an inner instruction
/// just like those of `emit_cpi!`, but of the wrong program.
const EVENT_TAG: [u8; 8] = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];

#[cfg(not(test))]
mod entry {
    use pinocchio::{default_allocator, program_entrypoint, AccountView, ProgramResult};
    use solana_address::Address;

    program_entrypoint!(enter, 32);
    default_allocator!();

    #[inline(always)]
    fn enter(_program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
        crate::dispatch(accounts, data)
    }
}

#[inline(never)]
pub fn dispatch(accounts: &[AccountView], data: &[u8]) -> ProgramResult {
    let (discriminator, arguments) = data.split_first_chunk::<8>().ok_or(ProgramError::InvalidInstructionData)?;
    match *discriminator {
        EVENT_TAG => Ok(()),
        FORWARD => forward(accounts, &parse::<Vec<u8>>(arguments)?),
        FORWARD_CHATTY => {
            let (log_bytes, data): (u32, Vec<u8>) = parse(arguments)?;
            chatter(log_bytes as usize);
            forward(accounts, &data)
        }
        LOG_DATA => {
            log::data(&parse::<Vec<u8>>(arguments)?);
            Ok(())
        }
        LOG_TEXT => {
            log::text(&parse::<String>(arguments)?);
            Ok(())
        }
        _ => Err(ProgramError::InvalidInstructionData),
    }
}

const FORWARD: [u8; 8] = discriminator("forward");
const FORWARD_CHATTY: [u8; 8] = discriminator("forward_chatty");
const LOG_DATA: [u8; 8] = discriminator("log_data");
const LOG_TEXT: [u8; 8] = discriminator("log_text");

const fn discriminator(name: &str) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = Sha256::new().update(b"global:").update(name.as_bytes()).finalize();
    [a, b, c, d, e, f, g, h]
}

/// Calls the program of the first account with the other accounts and `data`.
fn forward(accounts: &[AccountView], data: &[u8]) -> ProgramResult {
    let (target, accounts) = accounts.split_first().ok_or(ProgramError::NotEnoughAccountKeys)?;
    let metas: Vec<InstructionAccount> = accounts
        .iter()
        .map(|account| InstructionAccount::new(account.address(), account.is_writable(), account.is_signer()))
        .collect();
    log::text("router will invoke now");
    let instruction = InstructionView { program_id: target.address(), accounts: &metas, data };
    invoke_with_bounds::<MAX_ACCOUNTS, _>(&instruction, accounts)?;
    log::text("router did invoke and success followed");
    Ok(())
}

/// Logs `bytes` bytes, in lines of which nodes keep whole ones only.
fn chatter(mut bytes: usize) {
    const LINE: &str = "the router is chatting away, and says the words invoke, success and consumed once a line";
    while bytes > 0 {
        let length = bytes.min(LINE.len());
        log::text(&LINE[..length]);
        bytes -= length;
    }
}

fn parse<T: BorshDeserialize>(mut arguments: &[u8]) -> Result<T, ProgramError> {
    T::deserialize(&mut arguments).map_err(|_| ProgramError::InvalidInstructionData)
}
