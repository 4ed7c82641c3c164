//! One file for each instruction. Each takes its accounts in the order of the IDL, checks, changes, emits, pays.

mod claim;
mod close_claim;
mod close_packet;
mod create_packet;
mod fulfil_randomness;
mod refund;
mod request_randomness;

pub use claim::claim;
pub use close_claim::close_claim;
pub use close_packet::close_packet;
pub use create_packet::create_packet;
pub use fulfil_randomness::fulfil_randomness;
pub use refund::refund;
pub use request_randomness::request_randomness;
