use crate::{
    events::Staked,
    movements, pda,
    state::{Stake, Vault},
    token::OwnerToken,
};
use program_kit::{
    account::NewAccount,
    clock,
    error::Result,
    event::emit,
    input::{arguments, Inputs},
};

#[inline(never)]
pub fn stake(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let amount: u64 = arguments(data)?;
    let mut vault = inputs.take("vault")?.writable()?.load::<Vault>()?;
    let stake = inputs.take("stake")?.writable()?;
    let vault_token = inputs.take("vault_token")?.writable()?.is(&vault.vault_token)?;
    let owner_token = inputs.take("owner_token")?.writable()?;
    let owner = inputs.take("owner")?.signer()?.writable()?;
    inputs.token_program()?;
    inputs.system_program()?;
    let now = clock::now()?;

    let pda = pda::stake(vault.address(), owner.address());
    let stake = stake.at(&pda)?;
    let mut stake = if stake.is_vacant() {
        let seeds: &[&[u8]] = &[pda::STAKE, vault.address().as_ref(), owner.address().as_ref(), &[pda.bump]];
        let new = Stake::new(*vault.address(), *owner.address(), pda.bump, now);
        NewAccount { input: stake, payer: &owner.view, seeds }.with(new)?
    } else {
        stake.load::<Stake>()?
    };
    movements::deposit(&mut vault, &mut stake, amount, now)?;
    OwnerToken::of(owner_token, &vault, owner.address())?.pay_in(&vault_token, &owner, amount)?;
    stake.save()?;
    vault.save()?;

    emit(&Staked {
        stake: stake.address(),
        vault: vault.address(),
        owner: &stake.owner,
        amount,
        revision: stake.revision,
        staked: stake.staked,
        unstaking: stake.unstaking,
        withdrawable_at: stake.withdrawable_at,
        total_deposited: stake.total_deposited,
        first_staked_at: stake.first_staked_at,
        vault_revision: vault.revision,
        vault_total_staked: vault.total_staked,
        vault_total_unstaking: vault.total_unstaking,
        vault_active_stakes: vault.active_stakes,
        staked_at: stake.staked_at,
    })
}
