//! What `core` expects of a platform, by Solana syscalls, and logging.
//!
//! The linker knows no libc: the compiler's calls of `memcpy` and its kin would stay unresolved.

#![cfg_attr(not(test), no_std)]

pub mod log;

#[cfg(target_arch = "bpf")]
mod memory;

/// A panic is a bug of the program: say so and abort the transaction.
#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    log::text("program panicked");
    unsafe { pinocchio::syscalls::abort() }
}
