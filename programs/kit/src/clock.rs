//! The chain's clock.

use crate::error::Result;
use pinocchio::sysvars::{clock::Clock, Sysvar};

/// Unix seconds, as the cluster agrees on them.
pub fn now() -> Result<i64> {
    Ok(Clock::get()?.unix_timestamp)
}
