use crate::{
    events::UnstakeRequested,
    movements,
    state::{Stake, Vault},
};
use program_kit::{
    clock,
    error::Result,
    event::emit,
    input::{arguments, Inputs},
};

#[inline(never)]
pub fn request_unstake(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let amount: u64 = arguments(data)?;
    let mut vault = inputs.take("vault")?.writable()?.load::<Vault>()?;
    let mut stake = inputs.take("stake")?.writable()?.load::<Stake>()?;
    let owner = inputs.take("owner")?.signer()?;
    let now = clock::now()?;

    stake.require_vault(vault.address())?;
    stake.require_owner(owner.address())?;
    movements::request_unstake(&mut vault, &mut stake, amount, now)?;
    stake.save()?;
    vault.save()?;

    emit(&UnstakeRequested {
        stake: stake.address(),
        vault: vault.address(),
        owner: &stake.owner,
        amount,
        revision: stake.revision,
        staked: stake.staked,
        unstaking: stake.unstaking,
        withdrawable_at: stake.withdrawable_at,
        vault_revision: vault.revision,
        vault_total_staked: vault.total_staked,
        vault_total_unstaking: vault.total_unstaking,
        vault_active_stakes: vault.active_stakes,
        requested_at: now,
    })
}
