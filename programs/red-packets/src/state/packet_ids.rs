use super::Field;
use crate::{error::Code, PROGRAM_ID};
use borsh::{BorshDeserialize, BorshSerialize};
use program_kit::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Result},
};
use solana_address::Address;

/// Which ids of a creator are spent: those up to the highest of a closed packet. At `["ids", creator]`, from the first
/// closed packet on.
///
/// Without it a packet could come back at the address of a closed one, with revisions that start again and with the
/// claims of its predecessor.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct PacketIds {
    pub revision: u64,
    pub creator: Address,
    pub highest_closed_id: u64,
    pub closed_packets: u64,
    pub bump: u8,
}

impl PacketIds {
    pub fn require_unspent(&self, packet_id: u64) -> Result<()> {
        require(packet_id > self.highest_closed_id, Code::PacketIdSpent)
    }
}

impl State for PacketIds {
    const PROGRAM: &'static Address = &PROGRAM_ID;
    const DISCRIMINATOR: Discriminator = discriminator::of_account("PacketIds");
    const SPACE: usize = discriminator::LENGTH + 3 * Field::U64 + Field::HASH + Field::U8;
}
