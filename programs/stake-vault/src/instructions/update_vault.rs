use crate::{events::VaultUpdated, limits, state::Vault};
use borsh::BorshDeserialize;
use program_kit::{
    clock,
    count::Count,
    error::Result,
    event::emit,
    input::{arguments, Inputs},
};

#[derive(BorshDeserialize)]
struct Arguments {
    minimum_stake: Option<u64>,
    cooldown_seconds: Option<u32>,
}

impl Arguments {
    fn apply(self, vault: &mut Vault) -> Result<()> {
        if let Some(minimum_stake) = self.minimum_stake {
            limits::minimum_stake(minimum_stake)?;
            vault.minimum_stake = minimum_stake;
        }
        if let Some(cooldown_seconds) = self.cooldown_seconds {
            limits::cooldown(cooldown_seconds)?;
            vault.cooldown_seconds = cooldown_seconds;
        }
        Ok(())
    }
}

/// New terms hold for later movements: what is asked back already keeps its time.
#[inline(never)]
pub fn update_vault(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let arguments: Arguments = arguments(data)?;
    let mut vault = inputs.take("vault")?.writable()?.load::<Vault>()?;
    let authority = inputs.take("authority")?.signer()?;

    vault.require_authority(authority.address())?;
    arguments.apply(&mut vault)?;
    vault.revision.increase(1)?;
    vault.save()?;

    emit(&VaultUpdated {
        vault: vault.address(),
        authority: &vault.authority,
        revision: vault.revision,
        minimum_stake: vault.minimum_stake,
        cooldown_seconds: vault.cooldown_seconds,
        updated_at: clock::now()?,
    })
}
