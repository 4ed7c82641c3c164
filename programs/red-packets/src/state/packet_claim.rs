use super::Field;
use crate::{error::Code, PROGRAM_ID};
use borsh::{BorshDeserialize, BorshSerialize};
use program_kit::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Result},
};
use solana_address::Address;

/// A wallet's share of a packet. At `["claim", packet, claimer]`: there can be no second.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct PacketClaim {
    pub revision: u64,
    pub packet: Address,
    pub claimer: Address,
    /// Who paid for this account, and gets its rent back.
    pub payer: Address,
    /// How many had claimed before.
    pub index: u32,
    pub amount: u64,
    pub claimed_at: i64,
    pub bump: u8,
}

impl PacketClaim {
    pub fn require_payer(&self, signer: &Address) -> Result<()> {
        require(&self.payer == signer, Code::NotClaimPayer)
    }
}

impl State for PacketClaim {
    const PROGRAM: &'static Address = &PROGRAM_ID;
    const DISCRIMINATOR: Discriminator = discriminator::of_account("PacketClaim");
    const SPACE: usize = discriminator::LENGTH + 2 * Field::U64 + 3 * Field::HASH + Field::U32 + Field::I64 + Field::U8;
}
