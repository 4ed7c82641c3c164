//! Where a packet's money lies, and how it gets in and out.
//!
//! Lamports lie in the packet itself, above its rent. Tokens lie in a token account at `["vault", packet]` that the
//! packet owns. Anybody can send more to either: nobody's share grows by that, and the creator gets it when the packet
//! is closed.

use crate::{error::Code, pda, state::Packet, PROGRAM_ID};
use pinocchio::{cpi::Signer, AccountView, ProgramResult};
use pinocchio_token::{
    instructions::{CloseAccount, InitializeAccount3, Transfer, TransferChecked},
    state::{Account as TokenAccount, Mint},
};
use program_kit::{
    account::{Account, NewAccount},
    error::{AnchorCode, Result},
    input::{Input, Inputs},
    pda::sign_as,
};
use solana_address::Address;

pub const LAMPORTS_DECIMALS: u8 = 9;

/// The optional accounts of an instruction on a packet of tokens.
pub struct TokenAccounts {
    vault: Input,
    /// Of the wallet that pays or is paid.
    wallet: Input,
}

impl TokenAccounts {
    /// Takes `vault`, the account called `wallet` and `token_program`. None unless all three are there.
    pub fn take(inputs: &mut Inputs, wallet: &'static str) -> Result<Option<Self>> {
        let vault = inputs.take_optional("vault", &PROGRAM_ID)?;
        let wallet = inputs.take_optional(wallet, &PROGRAM_ID)?;
        let token_program = inputs.take_optional("token_program", &PROGRAM_ID)?;
        let (Some(vault), Some(wallet), Some(token_program)) = (vault, wallet, token_program) else {
            return Ok(None);
        };
        token_program.is_program(&pinocchio_token::ID)?;
        Ok(Some(Self { vault, wallet }))
    }

    /// The wallet's account must be one of `mint` and belong to `owner`.
    fn check_wallet(&self, mint: &Address, owner: &Address) -> Result<()> {
        let wallet = self.wallet.writable()?;
        wallet.check(is_of_token_program(&wallet.view, TokenAccount::LEN), AnchorCode::AccountOwnedByWrongProgram)?;
        let account = TokenAccount::from_account_view(&wallet.view)?;
        wallet.check(account.mint() == mint, AnchorCode::ConstraintTokenMint)?;
        wallet.check(account.owner() == owner, AnchorCode::ConstraintTokenOwner)
    }
}

/// A mint that a packet is to be made of.
pub struct PacketMint {
    input: Input,
    accounts: TokenAccounts,
    pub decimals: u8,
}

impl PacketMint {
    #[inline(never)]
    pub fn new(input: Input, accounts: Option<TokenAccounts>, creator: &Address) -> Result<Self> {
        let accounts = accounts.ok_or(Code::TokenAccountMissing)?;
        input.check(is_of_token_program(&input.view, Mint::LEN), AnchorCode::AccountOwnedByWrongProgram)?;
        let decimals = Mint::from_account_view(&input.view)?.decimals();
        accounts.check_wallet(input.address(), creator)?;
        Ok(Self { input, accounts, decimals })
    }

    pub fn address(&self) -> &Address {
        self.input.address()
    }

    /// Where the vault of the packet at `packet` will be.
    #[inline(never)]
    pub fn vault_of(&self, packet: &Address) -> Result<Address> {
        let pda = pda::vault(packet);
        self.accounts.vault.writable()?.at(&pda)?;
        Ok(pda.address)
    }

    /// Opens the packet's vault and moves its whole sum there.
    #[inline(never)]
    pub fn fill(&self, packet: &Account<Packet>, creator: &AccountView) -> Result<()> {
        let vault = self.accounts.vault;
        let pda = pda::vault(packet.address());
        let seeds: &[&[u8]] = &[pda::VAULT, packet.address().as_ref(), &[pda.bump]];
        NewAccount { input: vault, payer: creator, seeds }.allocate(TokenAccount::LEN, &pinocchio_token::ID)?;
        InitializeAccount3::new(&vault.view, &self.input.view, packet.address()).invoke()?;
        let (from, mint, to) = (&self.accounts.wallet.view, &self.input.view, &vault.view);
        TransferChecked::new(from, mint, to, creator, packet.total_amount, packet.decimals).invoke()?;
        Ok(())
    }
}

/// A packet's money on its way to a wallet.
pub enum Payout {
    Lamports { to: Input },
    Tokens(TokenAccounts),
}

impl Payout {
    /// To `to`, or to its token account.
    #[inline(never)]
    pub fn new(packet: &Account<Packet>, to: Input, accounts: Option<TokenAccounts>) -> Result<Self> {
        let Some(mint) = &packet.mint else {
            return Ok(Self::Lamports { to });
        };
        let accounts = accounts.ok_or(Code::TokenAccountMissing)?;
        accounts.vault.writable()?.is(&packet.vault)?;
        accounts.check_wallet(mint, to.address())?;
        Ok(Self::Tokens(accounts))
    }

    /// Comes after every CPI of the instruction: the runtime compares balances at each one.
    #[inline(never)]
    pub fn pay(&self, packet: &Account<Packet>, amount: u64) -> Result<()> {
        match self {
            Self::Lamports { to } => packet.move_lamports(&to.view, amount),
            Self::Tokens(TokenAccounts { vault, wallet }) => as_packet(packet, |signers| {
                Transfer::new(&vault.view, &wallet.view, packet.view(), amount).invoke_signed(signers)
            }),
        }
    }

    /// Empties and closes the vault, of whose rent `rent_receiver` is to have the lamports. Lamports need nothing: they
    /// go with the packet.
    #[inline(never)]
    pub fn close_vault(&self, packet: &Account<Packet>, rent_receiver: &AccountView) -> Result<()> {
        let Self::Tokens(TokenAccounts { vault, wallet }) = self else {
            return Ok(());
        };
        let surplus = TokenAccount::from_account_view(&vault.view)?.amount();
        as_packet(packet, |signers| {
            if surplus > 0 {
                Transfer::new(&vault.view, &wallet.view, packet.view(), surplus).invoke_signed(signers)?;
            }
            CloseAccount::new(&vault.view, rent_receiver, packet.view()).invoke_signed(signers)
        })
    }
}

fn is_of_token_program(view: &AccountView, length: usize) -> bool {
    view.owned_by(&pinocchio_token::ID) && view.data_len() == length
}

/// Calls the token program with the signature of the packet's address, which owns the vault.
fn as_packet(packet: &Account<Packet>, call: impl FnOnce(&[Signer]) -> ProgramResult) -> Result<()> {
    let id = packet.packet_id.to_le_bytes();
    let seeds: &[&[u8]] = &[pda::PACKET, packet.creator.as_ref(), &id, &[packet.bump]];
    sign_as(seeds, call)?;
    Ok(())
}
