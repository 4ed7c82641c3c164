use super::Field;
use crate::{error::Code, limits::MAX_MESSAGE_BYTES, PROGRAM_ID};
use alloc::string::String;
use borsh::{BorshDeserialize, BorshSerialize};
use program_kit::{
    account::State,
    discriminator::{self, Discriminator},
    error::{require, Result},
};
use solana_address::Address;

#[derive(BorshDeserialize, BorshSerialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    Equal,
    Random,
}

#[derive(BorshDeserialize, BorshSerialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketStatus {
    Open,
    /// Every share is claimed.
    Exhausted,
    /// What was left went back to the creator.
    Refunded,
}

/// A sum to be shared. At `["packet", creator, packet_id]`; ids are never reused, so neither is the address.
///
/// `claimed_amount + remaining_amount + refunded_amount` is `total_amount` at all times.
#[derive(BorshDeserialize, BorshSerialize)]
pub struct Packet {
    pub revision: u64,
    pub creator: Address,
    /// Chosen by the creator.
    pub packet_id: u64,
    pub kind: PacketKind,
    pub status: PacketStatus,
    /// In the smallest unit of the mint, or in lamports.
    pub total_amount: u64,
    /// Shares it is divided into.
    pub count: u32,
    pub remaining_amount: u64,
    /// 0 once nothing can be claimed any more.
    pub remaining_count: u32,
    pub claimed_amount: u64,
    /// Also the index of the next claim.
    pub claimed_count: u32,
    pub refunded_amount: u64,
    /// None: lamports.
    pub mint: Option<Address>,
    /// Of the mint; 9 for lamports.
    pub decimals: u8,
    /// Where the money lies: the token account at `["vault", packet]`, or the packet itself for lamports.
    pub vault: Address,
    /// Who may fulfil the request for randomness. None for an equal packet.
    pub oracle: Option<Address>,
    /// None until requested.
    pub request_id: Option<[u8; 32]>,
    /// None until fulfilled.
    pub randomness: Option<[u8; 32]>,
    pub message: String,
    pub expires_at: i64,
    pub created_at: i64,
    /// When it was exhausted or refunded; 0 until then.
    pub settled_at: i64,
    pub bump: u8,
}

impl Packet {
    pub fn require_creator(&self, signer: &Address) -> Result<()> {
        require(&self.creator == signer, Code::NotPacketCreator)
    }

    /// Something is left to be claimed or refunded.
    pub fn require_open(&self) -> Result<()> {
        match self.status {
            PacketStatus::Open => Ok(()),
            PacketStatus::Exhausted => Err(Code::PacketExhausted.into()),
            PacketStatus::Refunded => Err(Code::PacketAlreadyRefunded.into()),
        }
    }

    pub fn require_unexpired(&self, now: i64) -> Result<()> {
        require(!self.has_expired(now), Code::PacketExpired)
    }

    pub fn has_expired(&self, now: i64) -> bool {
        now >= self.expires_at
    }

    /// Nobody will ever claim from it again.
    pub fn is_over(&self, now: i64) -> bool {
        self.status != PacketStatus::Open || self.has_expired(now)
    }
}

impl State for Packet {
    const PROGRAM: &'static Address = &PROGRAM_ID;
    const DISCRIMINATOR: Discriminator = discriminator::of_account("Packet");
    const SPACE: usize = discriminator::LENGTH
        + 6 * Field::U64
        + 3 * Field::U32
        + 2 * Field::HASH
        + 4 * Field::option(Field::HASH)
        + 2 * Field::ENUM
        + Field::string(MAX_MESSAGE_BYTES)
        + 3 * Field::I64
        + 2 * Field::U8;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{PacketClaim, PacketIds};

    fn bytes<T: State>(state: &T) -> usize {
        discriminator::LENGTH + borsh::to_vec(state).unwrap().len()
    }

    #[test]
    fn the_space_is_what_the_longest_state_takes() {
        let address = Address::new_from_array([7; 32]);
        let packet = Packet {
            revision: 1,
            creator: address,
            packet_id: 1,
            kind: PacketKind::Random,
            status: PacketStatus::Refunded,
            total_amount: 1,
            count: 1,
            remaining_amount: 1,
            remaining_count: 1,
            claimed_amount: 0,
            claimed_count: 0,
            refunded_amount: 0,
            mint: Some(address),
            decimals: 9,
            vault: address,
            oracle: Some(address),
            request_id: Some([1; 32]),
            randomness: Some([1; 32]),
            message: "x".repeat(MAX_MESSAGE_BYTES),
            expires_at: 1,
            created_at: 1,
            settled_at: 1,
            bump: 1,
        };
        assert_eq!(bytes(&packet), Packet::SPACE);
        let claim = PacketClaim {
            revision: 1,
            packet: address,
            claimer: address,
            payer: address,
            index: 0,
            amount: 1,
            claimed_at: 1,
            bump: 1,
        };
        assert_eq!(bytes(&claim), PacketClaim::SPACE);
        let ids = PacketIds { revision: 1, creator: address, highest_closed_id: 1, closed_packets: 1, bump: 1 };
        assert_eq!(bytes(&ids), PacketIds::SPACE);
    }
}
