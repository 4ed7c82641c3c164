use crate::{
    events::Withdrawn,
    movements,
    state::{Stake, Vault},
    token::OwnerToken,
    PROGRAM_ID,
};
use program_kit::{clock, error::Result, event::SelfCpi, input::Inputs};

#[inline(never)]
pub fn withdraw(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut vault = inputs.take("vault")?.writable()?.load::<Vault>()?;
    let mut stake = inputs.take("stake")?.writable()?.load::<Stake>()?;
    let vault_token = inputs.take("vault_token")?.writable()?.is(&vault.vault_token)?;
    let owner_token = inputs.take("owner_token")?.writable()?;
    let owner = inputs.take("owner")?.signer()?;
    inputs.token_program()?;
    let self_cpi = SelfCpi::take(inputs, &PROGRAM_ID)?;
    let now = clock::now()?;

    stake.require_vault(vault.address())?;
    stake.require_owner(owner.address())?;
    let amount = movements::withdraw(&mut vault, &mut stake, now)?;
    let owner_token = OwnerToken::of(owner_token, &vault, owner.address())?;
    owner_token.pay_out(&vault, &vault_token, amount)?;
    stake.save()?;
    vault.save()?;

    self_cpi.emit(&Withdrawn {
        stake: stake.address(),
        vault: vault.address(),
        owner: &stake.owner,
        owner_token: owner_token.address(),
        amount,
        revision: stake.revision,
        staked: stake.staked,
        unstaking: stake.unstaking,
        withdrawable_at: stake.withdrawable_at,
        total_withdrawn: stake.total_withdrawn,
        vault_revision: vault.revision,
        vault_total_staked: vault.total_staked,
        vault_total_unstaking: vault.total_unstaking,
        vault_active_stakes: vault.active_stakes,
        withdrawn_at: now,
    })
}
