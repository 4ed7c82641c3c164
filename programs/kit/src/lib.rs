//! Anchor's formats on pinocchio: what a program needs to look like an Anchor program from outside.
//!
//! A program implements [`State`](account::State) for its accounts, lists its errors with [`error_codes!`] and its
//! events with [`events!`], and hands what the runtime calls it with to [`dispatch!`].

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod account;
pub mod clock;
pub mod count;
pub mod discriminator;
pub mod dispatch;
pub mod error;
pub mod event;
pub mod input;
pub mod pda;

// For `dispatch!`.
#[doc(hidden)]
pub use sbpf_runtime::log::text as log_text;
