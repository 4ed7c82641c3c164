//! The memory functions the compiler may call on its own.

use pinocchio::syscalls::{sol_memcmp_, sol_memcpy_, sol_memmove_, sol_memset_};

#[no_mangle]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    sol_memcpy_(to, from, bytes as u64);
    to
}

#[no_mangle]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    sol_memmove_(to, from, bytes as u64);
    to
}

#[no_mangle]
unsafe extern "C" fn memset(to: *mut u8, value: i32, bytes: usize) -> *mut u8 {
    sol_memset_(to, value as u8, bytes as u64);
    to
}

#[no_mangle]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, bytes: usize) -> i32 {
    let mut ordering = 0;
    sol_memcmp_(left, right, bytes as u64, &mut ordering);
    ordering
}
