//! What the program's accounts store. Field order is the layout on chain.

mod stake;
mod vault;

pub use stake::Stake;
pub use vault::Vault;

/// Bytes a field takes in borsh.
struct Field;

impl Field {
    const U8: usize = 1;
    const U32: usize = 4;
    const U64: usize = 8;
    const I64: usize = 8;
    const ADDRESS: usize = 32;
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use program_kit::{account::State, discriminator};
    use solana_address::Address;

    /// An empty vault.
    pub fn vault(minimum_stake: u64, cooldown_seconds: u32) -> Vault {
        Vault {
            revision: 1,
            authority: Address::default(),
            mint: Address::default(),
            vault_token: Address::default(),
            minimum_stake,
            cooldown_seconds,
            total_staked: 0,
            total_unstaking: 0,
            active_stakes: 0,
            initialized_at: 0,
            bump: 255,
        }
    }

    #[test]
    fn space_is_what_the_fields_take() {
        let stake = Stake::new(Address::default(), Address::default(), 255, 0);
        assert_eq!(Stake::SPACE, discriminator::LENGTH + borsh::to_vec(&stake).unwrap().len());
        assert_eq!(Vault::SPACE, discriminator::LENGTH + borsh::to_vec(&vault(1, 0)).unwrap().len());
    }
}
