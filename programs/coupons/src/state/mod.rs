//! What the program's accounts store. Field order is the layout on chain.

mod comment;
mod coupon;
mod listing;
mod merchant;
mod promotion;
mod rating;

pub use comment::Comment;
pub use coupon::{Coupon, CouponStatus};
pub use listing::Listing;
pub use merchant::Merchant;
pub use promotion::{Promotion, PromotionStatus};
pub use rating::Rating;

/// Bytes a field takes in borsh.
struct Field;

impl Field {
    const U8: usize = 1;
    const U16: usize = 2;
    const U32: usize = 4;
    const U64: usize = 8;
    const I64: usize = 8;
    const ADDRESS: usize = 32;
    const STATUS: usize = 1;

    const fn string(max_bytes: usize) -> usize {
        Self::U32 + max_bytes
    }
}
