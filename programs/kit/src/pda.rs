//! Program-derived addresses.

use pinocchio::cpi::{Seed, Signer};
use solana_address::Address;

/// The longest seeds: a prefix, two more parts, the bump.
const MAX_SEEDS: usize = 4;

#[derive(Clone, Copy)]
pub struct Pda {
    pub address: Address,
    pub bump: u8,
}

/// The canonical address of `seeds`: hashing it here costs a quarter of the runtime's own search.
#[inline(never)]
pub fn find(program: &Address, seeds: &[&[u8]]) -> Pda {
    const DOMAIN: &[u8] = b"ProgramDerivedAddress";
    /// Besides the seeds: the program and the domain.
    const MAX_PARTS: usize = MAX_SEEDS + 2;
    let mut bump = [u8::MAX];
    loop {
        let mut parts: [&[u8]; MAX_PARTS] = [&[]; MAX_PARTS];
        parts[..seeds.len()].copy_from_slice(seeds);
        parts[seeds.len()] = &bump;
        parts[seeds.len() + 1] = program.as_ref();
        parts[seeds.len() + 2] = DOMAIN;
        let address = Address::new_from_array(sha256(&parts[..seeds.len() + 3]));
        if !address.is_on_curve() {
            return Pda { address, bump: bump[0] };
        }
        // Cannot reach zero: 255 hashes in a row on the curve are as likely as guessing a private key.
        bump[0] -= 1;
    }
}

/// Of the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = [0; 32];
    #[cfg(target_arch = "bpf")]
    unsafe {
        pinocchio::syscalls::sol_sha256(parts.as_ptr().cast(), parts.len() as u64, hash.as_mut_ptr())
    };
    #[cfg(not(target_arch = "bpf"))]
    hash.copy_from_slice(
        &parts.iter().fold(sha2_const_stable::Sha256::new(), |hash, part| hash.update(part)).finalize(),
    );
    hash
}

/// Calls `sign` with the signature of the address that `seeds`, bump included, belong to.
pub fn sign_as<T>(seeds: &[&[u8]], sign: impl FnOnce(&[Signer]) -> T) -> T {
    let mut parts: [Seed; MAX_SEEDS] = core::array::from_fn(|_| Seed::from([].as_slice()));
    for (part, seed) in parts.iter_mut().zip(seeds) {
        *part = Seed::from(*seed);
    }
    sign(&[Signer::from(&parts[..seeds.len()])])
}
