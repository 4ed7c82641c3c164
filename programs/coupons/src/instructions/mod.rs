//! One file for each instruction. Each takes its accounts in the order of the IDL, checks, changes, emits.

mod add_comment;
mod buy_coupon;
mod cancel_listing;
mod close_coupon;
mod close_promotion;
mod create_promotion;
mod list_coupon;
mod mint_coupon;
mod mint_coupons_batch;
mod minting;
mod rate_promotion;
mod redeem_coupon;
mod register_merchant;
mod transfer_coupon;
mod update_promotion;

pub use add_comment::add_comment;
pub use buy_coupon::buy_coupon;
pub use cancel_listing::cancel_listing;
pub use close_coupon::close_coupon;
pub use close_promotion::close_promotion;
pub use create_promotion::create_promotion;
pub use list_coupon::list_coupon;
pub use mint_coupon::mint_coupon;
pub use mint_coupons_batch::mint_coupons_batch;
pub use rate_promotion::rate_promotion;
pub use redeem_coupon::redeem_coupon;
pub use register_merchant::register_merchant;
pub use transfer_coupon::transfer_coupon;
pub use update_promotion::update_promotion;
