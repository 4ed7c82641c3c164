use crate::{error::Code, events::VaultInitialized, limits, pda, state::Vault, token};
use borsh::BorshDeserialize;
use program_kit::{
    account::NewAccount,
    clock,
    error::{require, Result},
    event::emit,
    input::{arguments, Inputs},
};

#[derive(BorshDeserialize)]
struct Arguments {
    minimum_stake: u64,
    cooldown_seconds: u32,
}

#[inline(never)]
pub fn initialize_vault(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let Arguments { minimum_stake, cooldown_seconds } = arguments(data)?;
    let vault = inputs.take("vault")?.writable()?;
    let vault_token = inputs.take("vault_token")?.writable()?;
    let mint = token::require_mint(inputs.take("mint")?)?;
    let authority = inputs.take("authority")?.signer()?.writable()?;
    inputs.token_program()?;
    inputs.system_program()?;

    limits::minimum_stake(minimum_stake)?;
    limits::cooldown(cooldown_seconds)?;
    let pda = pda::vault(authority.address(), mint.address());
    let vault = vault.at(&pda)?;
    require(vault.is_vacant(), Code::VaultAlreadyExists)?;

    token::create_vault_token(vault_token, vault.address(), &mint, &authority)?;
    let seeds: &[&[u8]] = &[pda::VAULT, authority.address().as_ref(), mint.address().as_ref(), &[pda.bump]];
    let vault = NewAccount { input: vault, payer: &authority.view, seeds }.with(Vault {
        revision: 1,
        authority: *authority.address(),
        mint: *mint.address(),
        vault_token: *vault_token.address(),
        minimum_stake,
        cooldown_seconds,
        total_staked: 0,
        total_unstaking: 0,
        active_stakes: 0,
        initialized_at: clock::now()?,
        bump: pda.bump,
    })?;

    emit(&VaultInitialized {
        vault: vault.address(),
        authority: &vault.authority,
        mint: &vault.mint,
        vault_token: &vault.vault_token,
        revision: vault.revision,
        minimum_stake: vault.minimum_stake,
        cooldown_seconds: vault.cooldown_seconds,
        initialized_at: vault.initialized_at,
    })
}
