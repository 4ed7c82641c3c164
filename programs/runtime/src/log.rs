//! The two ways a program speaks. On the host (unit tests) both are silent.

/// Logs `Program log: {message}`.
pub fn text(message: &str) {
    #[cfg(target_arch = "bpf")]
    unsafe {
        pinocchio::syscalls::sol_log_(message.as_ptr(), message.len() as u64)
    };
    #[cfg(not(target_arch = "bpf"))]
    core::hint::black_box(message);
}

/// Logs `Program data: {base64 of payload}`.
pub fn data(payload: &[u8]) {
    let fields = [payload];
    #[cfg(target_arch = "bpf")]
    unsafe {
        pinocchio::syscalls::sol_log_data(fields.as_ptr().cast(), fields.len() as u64)
    };
    #[cfg(not(target_arch = "bpf"))]
    core::hint::black_box(fields);
}
