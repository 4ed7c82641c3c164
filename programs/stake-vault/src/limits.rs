//! The bounds of the values a vault's authority chooses.

use crate::error::Code;
use program_kit::error::{require, Result};

/// As USDC: amounts are millionths.
pub const DECIMALS: u8 = 6;

/// An authority can make stakers wait, not lock them in.
pub const MAX_COOLDOWN_SECONDS: u32 = 365 * 24 * 60 * 60;

pub fn minimum_stake(amount: u64) -> Result<()> {
    require(amount > 0, Code::InvalidMinimumStake)
}

pub fn cooldown(seconds: u32) -> Result<()> {
    require(seconds <= MAX_COOLDOWN_SECONDS, Code::InvalidCooldown)
}

pub fn decimals(decimals: u8) -> Result<()> {
    require(decimals == DECIMALS, Code::WrongDecimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Code) -> Result<()> {
        Err(code.into())
    }

    #[test]
    fn values_are_bounded() {
        assert_eq!(minimum_stake(0), refused(Code::InvalidMinimumStake));
        assert_eq!(minimum_stake(1), Ok(()));
        assert_eq!(minimum_stake(u64::MAX), Ok(()));
        assert_eq!(cooldown(0), Ok(()));
        assert_eq!(cooldown(31_536_000), Ok(()));
        assert_eq!(cooldown(31_536_001), refused(Code::InvalidCooldown));
        assert_eq!(decimals(5), refused(Code::WrongDecimals));
        assert_eq!(decimals(6), Ok(()));
        assert_eq!(decimals(9), refused(Code::WrongDecimals));
    }
}
