//! The SPL tokens a vault holds.

use crate::{error::Code, limits, pda, state::Vault};
use pinocchio_token::{
    instructions::{InitializeAccount3, Transfer},
    state::{Account as TokenAccount, Mint},
};
use program_kit::{
    account::{Account, NewAccount},
    error::{Failure, Result},
    input::Input,
    pda::{sign_as, Pda},
};
use solana_address::Address;

/// A mint whose tokens a vault takes.
pub fn require_mint(input: Input) -> Result<Input> {
    let invalid = |_| Failure::Account { code: Code::InvalidMint.into(), account: input.name };
    let mint = Mint::from_account_view(&input.view).map_err(invalid)?;
    input.check(mint.is_initialized(), Code::InvalidMint)?;
    limits::decimals(mint.decimals())?;
    Ok(input)
}

/// A token account of the vault's mint that belongs to `owner`.
pub struct OwnerToken {
    input: Input,
    amount: u64,
}

impl OwnerToken {
    pub fn of(input: Input, vault: &Vault, owner: &Address) -> Result<Self> {
        let invalid = |_| Failure::Account { code: Code::InvalidTokenAccount.into(), account: input.name };
        let token = TokenAccount::from_account_view(&input.view).map_err(invalid)?;
        input.check(token.is_initialized(), Code::InvalidTokenAccount)?;
        input.check(token.mint() == &vault.mint, Code::WrongMint)?;
        input.check(token.owner() == owner, Code::WrongTokenOwner)?;
        Ok(Self { input, amount: token.amount() })
    }

    pub fn address(&self) -> &Address {
        self.input.address()
    }

    /// Moves tokens into the vault with the signature of `owner`.
    #[inline(never)]
    pub fn pay_in(&self, vault_token: &Input, owner: &Input, amount: u64) -> Result<()> {
        self.input.check(self.amount >= amount, Code::InsufficientTokens)?;
        Transfer::new(&self.input.view, &vault_token.view, &owner.view, amount).invoke()?;
        Ok(())
    }

    /// Moves tokens out of the vault with the vault's own signature.
    #[inline(never)]
    pub fn pay_out(&self, vault: &Account<Vault>, vault_token: &Input, amount: u64) -> Result<()> {
        let seeds: &[&[u8]] = &[pda::VAULT, vault.authority.as_ref(), vault.mint.as_ref(), &[vault.bump]];
        sign_as(seeds, |signers| {
            Transfer::new(&vault_token.view, &self.input.view, vault.view(), amount).invoke_signed(signers)
        })?;
        Ok(())
    }
}

/// Creates the token account of the vault at `vault`, which owns it.
#[inline(never)]
pub fn create_vault_token(vault_token: Input, vault: &Address, mint: &Input, payer: &Input) -> Result<()> {
    let Pda { address, bump } = pda::vault_token(vault);
    let input = vault_token.at(&Pda { address, bump })?;
    let seeds: &[&[u8]] = &[pda::VAULT_TOKEN, vault.as_ref(), &[bump]];
    NewAccount { input, payer: &payer.view, seeds }.allocate(TokenAccount::LEN, &pinocchio_token::ID)?;
    InitializeAccount3::new(&input.view, &mint.view, vault).invoke()?;
    Ok(())
}
