//! What the program's accounts store. Field order is the layout on chain.

mod packet;
mod packet_claim;
mod packet_ids;

pub use packet::{Packet, PacketKind, PacketStatus};
pub use packet_claim::PacketClaim;
pub use packet_ids::PacketIds;

/// Bytes a field takes in borsh.
struct Field;

impl Field {
    const U8: usize = 1;
    const U32: usize = 4;
    const U64: usize = 8;
    const I64: usize = 8;
    /// An address, or 32 random bytes.
    const HASH: usize = 32;
    const ENUM: usize = 1;

    const fn string(max_bytes: usize) -> usize {
        Self::U32 + max_bytes
    }

    const fn option(bytes: usize) -> usize {
        1 + bytes
    }
}
