//! One file for each instruction. Each takes its accounts in the order of the IDL, checks, changes, emits.

mod initialize_vault;
mod request_unstake;
mod stake;
mod update_vault;
mod withdraw;

pub use initialize_vault::initialize_vault;
pub use request_unstake::request_unstake;
pub use stake::stake;
pub use update_vault::update_vault;
pub use withdraw::withdraw;
