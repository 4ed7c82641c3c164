//! What each change made of the accounts it touched, as absolute values under their new revisions.

use crate::state::{PacketKind, PacketStatus};
use solana_address::Address;

program_kit::events! {
    PacketCreated {
        packet: &'a Address,
        creator: &'a Address,
        vault: &'a Address,
        revision: u64,
        packet_id: u64,
        kind: PacketKind,
        mint: Option<Address>,
        decimals: u8,
        total_amount: u64,
        count: u32,
        remaining_amount: u64,
        remaining_count: u32,
        message: &'a str,
        oracle: Option<Address>,
        expires_at: i64,
        created_at: i64,
    }

    PacketVrfRequested {
        packet: &'a Address,
        creator: &'a Address,
        oracle: &'a Address,
        request_id: [u8; 32],
        revision: u64,
        requested_at: i64,
    }

    /// By self-CPI.
    PacketRandomReady {
        packet: &'a Address,
        oracle: &'a Address,
        request_id: [u8; 32],
        randomness: [u8; 32],
        revision: u64,
        ready_at: i64,
    }

    PacketClaimed {
        claim: &'a Address,
        packet: &'a Address,
        claimer: &'a Address,
        payer: &'a Address,
        amount: u64,
        index: u32,
        revision: u64,
        packet_revision: u64,
        packet_status: PacketStatus,
        packet_remaining_amount: u64,
        packet_remaining_count: u32,
        packet_claimed_amount: u64,
        packet_claimed_count: u32,
        claimed_at: i64,
    }

    /// By self-CPI.
    PacketRefunded {
        packet: &'a Address,
        creator: &'a Address,
        amount: u64,
        unclaimed_count: u32,
        revision: u64,
        remaining_amount: u64,
        remaining_count: u32,
        claimed_amount: u64,
        claimed_count: u32,
        refunded_at: i64,
    }

    PacketClaimClosed {
        claim: &'a Address,
        packet: &'a Address,
        claimer: &'a Address,
        payer: &'a Address,
        revision: u64,
        closed_at: i64,
    }

    PacketClosed {
        packet: &'a Address,
        creator: &'a Address,
        packet_ids: &'a Address,
        revision: u64,
        packet_ids_revision: u64,
        packet_ids_highest_closed_id: u64,
        packet_ids_closed_packets: u64,
        closed_at: i64,
    }
}
