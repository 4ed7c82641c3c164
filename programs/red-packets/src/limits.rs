//! The bounds of every value a caller chooses.

use crate::error::Code;
use program_kit::error::{require, Result};

pub const MAX_MESSAGE_BYTES: usize = 100;
/// What nobody claims stays locked until the expiry: seconds mistaken for milliseconds must not mean for ever.
pub const MAX_LIFETIME_SECONDS: i64 = 365 * 24 * 60 * 60;

/// Every share is at least one unit.
pub fn shares(total_amount: u64, count: u32) -> Result<()> {
    require(count > 0, Code::InvalidCount)?;
    require(total_amount >= u64::from(count), Code::InvalidAmount)
}

pub fn message(text: &str) -> Result<()> {
    require(text.len() <= MAX_MESSAGE_BYTES, Code::InvalidMessage)
}

pub fn expiry(expires_at: i64, now: i64) -> Result<()> {
    let latest = now.saturating_add(MAX_LIFETIME_SECONDS);
    require(expires_at > now && expires_at <= latest, Code::InvalidExpiry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Code) -> Result<()> {
        Err(code.into())
    }

    #[test]
    fn every_share_has_a_unit() {
        assert_eq!(shares(0, 0), refused(Code::InvalidCount));
        assert_eq!(shares(5, 0), refused(Code::InvalidCount));
        assert_eq!(shares(0, 1), refused(Code::InvalidAmount));
        assert_eq!(shares(2, 3), refused(Code::InvalidAmount));
        assert_eq!(shares(3, 3), Ok(()));
        assert_eq!(shares(u64::MAX, u32::MAX), Ok(()));
    }

    #[test]
    fn messages_are_bounded_in_bytes() {
        assert_eq!(message(""), Ok(()));
        assert_eq!(message(&"福".repeat(33)), Ok(()));
        assert_eq!(message(&"x".repeat(100)), Ok(()));
        assert_eq!(message(&"福".repeat(34)), refused(Code::InvalidMessage));
    }

    #[test]
    fn expiry_lies_within_a_year() {
        assert_eq!(expiry(100, 100), refused(Code::InvalidExpiry));
        assert_eq!(expiry(101, 100), Ok(()));
        assert_eq!(expiry(100 + MAX_LIFETIME_SECONDS, 100), Ok(()));
        assert_eq!(expiry(101 + MAX_LIFETIME_SECONDS, 100), refused(Code::InvalidExpiry));
        assert_eq!(expiry(i64::MAX, 100), refused(Code::InvalidExpiry));
        assert_eq!(expiry(i64::MIN, 100), refused(Code::InvalidExpiry));
    }
}
