//! The program's derived addresses.

use crate::PROGRAM_ID;
use program_kit::pda::{find, Pda};
use solana_address::Address;

pub const PACKET: &[u8] = b"packet";
pub const VAULT: &[u8] = b"vault";
pub const CLAIM: &[u8] = b"claim";
pub const PACKET_IDS: &[u8] = b"ids";

pub fn packet(creator: &Address, packet_id: u64) -> Pda {
    find(&PROGRAM_ID, &[PACKET, creator.as_ref(), &packet_id.to_le_bytes()])
}

pub fn vault(packet: &Address) -> Pda {
    find(&PROGRAM_ID, &[VAULT, packet.as_ref()])
}

pub fn claim(packet: &Address, claimer: &Address) -> Pda {
    find(&PROGRAM_ID, &[CLAIM, packet.as_ref(), claimer.as_ref()])
}

pub fn packet_ids(creator: &Address) -> Pda {
    find(&PROGRAM_ID, &[PACKET_IDS, creator.as_ref()])
}
