//! The coupon's NFT: an SPL token of supply one.
//!
//! A coupon has one token account for its whole life, at `["token", coupon]`. It changes hands by changing that
//! account's owner, not by moving the token between accounts: that costs no rent, and wallets find it by owner as any
//! other. Creating an associated token account logs 1.1 KB alone: a batch of five would exceed the 10,000 bytes of log a
//! node keeps.
//!
//! Outside this program's instructions the account is frozen, and only the coupon's address can thaw it. So no plain
//! transfer, burn, approval or change of authority gets around the coupon's rules.
//!
//! Every change is one call of the token program's `Batch` (p-token): eight coupons minted by single calls would exceed
//! the 64 instructions a transaction may trace.

use crate::{
    account::{Account, NewAccount},
    error::Result,
    input::Input,
    pda,
    state::Coupon,
};
use core::mem::MaybeUninit;
use pinocchio::{AccountView, ProgramResult};
use pinocchio_token::{
    instructions::{
        AuthorityType, Batch, Burn, CloseAccount, FreezeAccount, InitializeAccount3, InitializeMint2, IntoBatch,
        MintTo, SetAuthority, ThawAccount,
    },
    state::{Account as TokenAccount, Mint},
};
use solana_address::Address;

/// The longest batch, that of minting, takes 11 accounts and 124 bytes.
const MAX_BATCH_ACCOUNTS: usize = 12;
const MAX_BATCH_BYTES: usize = 128;

pub struct CouponToken<'a> {
    coupon: &'a Account<Coupon>,
    mint: AccountView,
    account: AccountView,
}

impl<'a> CouponToken<'a> {
    /// The token of an existing coupon.
    #[inline(never)]
    pub fn of(coupon: &'a Account<Coupon>, mint: Input, account: Input) -> Result<Self> {
        let token = pda::find(&[pda::TOKEN, coupon.address().as_ref()]);
        Ok(Self { coupon, mint: mint.is(&coupon.mint)?.view, account: account.writable()?.at(&token)?.view })
    }

    /// Mints the coupon's one token to its owner, and gives up the right to mint another.
    #[inline(never)]
    pub fn mint(coupon: &'a Account<Coupon>, accounts: NewToken, payer: &AccountView) -> Result<()> {
        let mint_pda = pda::find(&[pda::MINT, coupon.address().as_ref()]);
        let token_pda = pda::find(&[pda::TOKEN, coupon.address().as_ref()]);
        let mint = accounts.mint.writable()?.at(&mint_pda)?;
        let account = accounts.account.writable()?.at(&token_pda)?;
        let seeds: &[&[u8]] = &[pda::MINT, coupon.address().as_ref(), &[mint_pda.bump]];
        NewAccount { input: mint, payer, seeds }.allocate(Mint::LEN, &pinocchio_token::ID)?;
        let seeds: &[&[u8]] = &[pda::TOKEN, coupon.address().as_ref(), &[token_pda.bump]];
        NewAccount { input: account, payer, seeds }.allocate(TokenAccount::LEN, &pinocchio_token::ID)?;

        let Self { mint, account, .. } = &Self { coupon, mint: mint.view, account: account.view };
        let (authority, authority_address) = (coupon.view(), coupon.address());
        as_coupon(coupon, |batch| {
            InitializeMint2::new(mint, 0, authority_address, Some(authority_address)).into_batch(batch)?;
            InitializeAccount3::new(account, mint, &coupon.owner).into_batch(batch)?;
            MintTo::new(mint, account, authority, 1).into_batch(batch)?;
            SetAuthority::new(mint, authority, AuthorityType::MintTokens, None).into_batch(batch)?;
            FreezeAccount::new(account, mint, authority).into_batch(batch)
        })
    }

    /// Makes `to` the owner. `authority` is the present owner: a signer of the transaction, or the coupon itself.
    #[inline(never)]
    pub fn hand_over(&self, authority: &AccountView, to: &Address) -> Result<()> {
        let Self { coupon, mint, account } = self;
        as_coupon(coupon, |batch| {
            ThawAccount::new(account, mint, coupon.view()).into_batch(batch)?;
            SetAuthority::new(account, authority, AuthorityType::AccountOwner, Some(to)).into_batch(batch)?;
            FreezeAccount::new(account, mint, coupon.view()).into_batch(batch)
        })
    }

    /// Burns the token and closes its account; the rent goes to `owner`, who signs the transaction.
    ///
    /// The empty mint stays: the token program closes none.
    #[inline(never)]
    pub fn burn(&self, owner: &AccountView) -> Result<()> {
        let Self { coupon, mint, account } = self;
        as_coupon(coupon, |batch| {
            ThawAccount::new(account, mint, coupon.view()).into_batch(batch)?;
            Burn::new(account, mint, owner, 1).into_batch(batch)?;
            CloseAccount::new(account, owner, owner).into_batch(batch)
        })
    }
}

/// The accounts of a token to be minted.
#[derive(Clone, Copy)]
pub struct NewToken {
    pub mint: Input,
    pub account: Input,
}

/// Runs token instructions with the signature of the coupon's address: it is the mint's freeze authority, and the
/// token's owner while listed.
fn as_coupon<'a>(
    coupon: &Account<Coupon>,
    fill: impl for<'buffer> FnOnce(&mut Batch<'a, 'buffer>) -> ProgramResult,
) -> Result<()> {
    let mut data = [const { MaybeUninit::uninit() }; MAX_BATCH_BYTES];
    let mut instruction_accounts = [const { MaybeUninit::uninit() }; MAX_BATCH_ACCOUNTS];
    let mut accounts = [const { MaybeUninit::uninit() }; MAX_BATCH_ACCOUNTS];
    let mut batch = Batch::new(&mut data, &mut instruction_accounts, &mut accounts)?;
    fill(&mut batch)?;
    let serial = coupon.serial.to_le_bytes();
    let seeds: &[&[u8]] = &[pda::COUPON, coupon.promotion.as_ref(), &serial, &[coupon.bump]];
    // SAFETY: account data is only borrowed inside `Account::load` and `Account::save`.
    pda::sign_as(seeds, |signers| unsafe { batch.invoke_signed_unchecked(signers) })?;
    Ok(())
}
