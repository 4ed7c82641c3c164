//! The program's derived addresses.

use crate::PROGRAM_ID;
use program_kit::pda::{find, Pda};
use solana_address::Address;

pub const VAULT: &[u8] = b"vault";
pub const VAULT_TOKEN: &[u8] = b"vault_token";
pub const STAKE: &[u8] = b"stake";

/// One vault for each authority and mint: nobody can take the place of somebody else's.
pub fn vault(authority: &Address, mint: &Address) -> Pda {
    find(&PROGRAM_ID, &[VAULT, authority.as_ref(), mint.as_ref()])
}

pub fn vault_token(vault: &Address) -> Pda {
    find(&PROGRAM_ID, &[VAULT_TOKEN, vault.as_ref()])
}

pub fn stake(vault: &Address, owner: &Address) -> Pda {
    find(&PROGRAM_ID, &[STAKE, vault.as_ref(), owner.as_ref()])
}
