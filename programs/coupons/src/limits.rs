//! The bounds of every value a caller chooses.

use crate::{
    error::{require, Code, Result},
    fee::BASIS_POINTS,
};

pub const MAX_NAME_BYTES: usize = 50;
pub const MAX_CATEGORY_BYTES: usize = 30;
pub const MAX_TITLE_BYTES: usize = 80;
pub const MAX_DESCRIPTION_BYTES: usize = 200;
pub const MAX_COMMENT_BYTES: usize = 200;
pub const MAX_RESALE_FEE_BPS: u16 = 2_000;
pub const MAX_STARS: u8 = 5;
/// At 11,000 compute units and 0.8 KB of log a coupon, a full batch needs no raised limit and keeps its whole log. For
/// distinct recipients the packet holds six.
pub const MAX_BATCH: u8 = 8;

pub fn name(name: &str) -> Result<()> {
    require(has_bytes(name, 1, MAX_NAME_BYTES), Code::InvalidName)
}

pub fn category(category: &str) -> Result<()> {
    require(has_bytes(category, 1, MAX_CATEGORY_BYTES), Code::InvalidCategory)
}

pub fn title(title: &str) -> Result<()> {
    require(has_bytes(title, 1, MAX_TITLE_BYTES), Code::InvalidTitle)
}

pub fn description(description: &str) -> Result<()> {
    require(has_bytes(description, 0, MAX_DESCRIPTION_BYTES), Code::InvalidDescription)
}

pub fn comment(text: &str) -> Result<()> {
    require(has_bytes(text, 1, MAX_COMMENT_BYTES), Code::InvalidComment)
}

pub fn discount(bps: u16) -> Result<()> {
    require((1..=BASIS_POINTS).contains(&bps), Code::InvalidDiscount)
}

/// Never below what is already minted, and never nothing.
pub fn supply(max_supply: u32, minted: u32) -> Result<()> {
    require(max_supply >= minted.max(1), Code::InvalidSupply)
}

pub fn resale_fee(bps: u16) -> Result<()> {
    require(bps <= MAX_RESALE_FEE_BPS, Code::InvalidResaleFee)
}

pub fn expiry(expires_at: i64, now: i64) -> Result<()> {
    require(expires_at > now, Code::ExpiryNotInFuture)
}

pub fn price(lamports: u64) -> Result<()> {
    require(lamports > 0, Code::InvalidPrice)
}

pub fn stars(stars: u8) -> Result<()> {
    require((1..=MAX_STARS).contains(&stars), Code::InvalidStars)
}

fn has_bytes(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> String {
        "x".repeat(bytes)
    }

    fn refused(code: Code) -> Result<()> {
        Err(code.into())
    }

    #[test]
    fn texts_are_bounded_in_bytes() {
        for (check, least, most, code) in [
            (name as fn(&str) -> Result<()>, 1, 50, Code::InvalidName),
            (category, 1, 30, Code::InvalidCategory),
            (title, 1, 80, Code::InvalidTitle),
            (description, 0, 200, Code::InvalidDescription),
            (comment, 1, 200, Code::InvalidComment),
        ] {
            assert_eq!(check(&text(least)), Ok(()));
            assert_eq!(check(&text(most)), Ok(()));
            assert_eq!(check(&text(most + 1)), refused(code));
            assert_eq!(check(""), if least == 0 { Ok(()) } else { refused(code) });
        }
        assert_eq!(name(&"é".repeat(25)), Ok(()));
        assert_eq!(name(&"é".repeat(26)), refused(Code::InvalidName));
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!(discount(0), refused(Code::InvalidDiscount));
        assert_eq!(discount(1), Ok(()));
        assert_eq!(discount(10_000), Ok(()));
        assert_eq!(discount(10_001), refused(Code::InvalidDiscount));
        assert_eq!(resale_fee(0), Ok(()));
        assert_eq!(resale_fee(2_000), Ok(()));
        assert_eq!(resale_fee(2_001), refused(Code::InvalidResaleFee));
        assert_eq!(price(0), refused(Code::InvalidPrice));
        assert_eq!(price(1), Ok(()));
        assert_eq!(stars(0), refused(Code::InvalidStars));
        assert_eq!(stars(1), Ok(()));
        assert_eq!(stars(5), Ok(()));
        assert_eq!(stars(6), refused(Code::InvalidStars));
    }

    #[test]
    fn supply_covers_what_is_minted() {
        assert_eq!(supply(0, 0), refused(Code::InvalidSupply));
        assert_eq!(supply(1, 0), Ok(()));
        assert_eq!(supply(6, 7), refused(Code::InvalidSupply));
        assert_eq!(supply(7, 7), Ok(()));
    }

    #[test]
    fn expiry_lies_in_the_future() {
        assert_eq!(expiry(100, 100), refused(Code::ExpiryNotInFuture));
        assert_eq!(expiry(101, 100), Ok(()));
    }
}
