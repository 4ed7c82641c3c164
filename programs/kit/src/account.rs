//! A program's own accounts: discriminator, then borsh.

use crate::{
    discriminator::{self, Discriminator},
    error::{AnchorCode, Result},
    input::Input,
    pda,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::ops::{Deref, DerefMut};
use pinocchio::{error::ProgramError, AccountView};
use pinocchio_system::create_account_with_minimum_balance_signed;
use solana_address::Address;

/// What an account stores.
pub trait State: BorshSerialize + BorshDeserialize {
    /// The program whose account it is.
    const PROGRAM: &'static Address;
    const DISCRIMINATOR: Discriminator;
    /// Bytes allocated, discriminator included: enough for the longest strings.
    const SPACE: usize;
}

/// An account of the program with its decoded state. Changes reach the chain by [`Account::save`].
pub struct Account<T> {
    input: Input,
    state: T,
}

impl<T: State> Account<T> {
    /// Owner and discriminator prove that the program wrote the account, and it only ever creates accounts at their
    /// derived addresses: an address need not be derived again, only compared where accounts name each other.
    #[inline(never)]
    pub fn load(input: Input) -> Result<Self> {
        input.check(!input.is_vacant(), AnchorCode::AccountNotInitialized)?;
        input.check(input.view.owned_by(T::PROGRAM), AnchorCode::AccountOwnedByWrongProgram)?;
        let data = input.view.try_borrow()?;
        let (found, mut fields) = data
            .split_at_checked(discriminator::LENGTH)
            .ok_or(input.failure(AnchorCode::AccountDiscriminatorNotFound))?;
        input.check(found == T::DISCRIMINATOR, AnchorCode::AccountDiscriminatorMismatch)?;
        let state = T::deserialize(&mut fields).map_err(|_| input.failure(AnchorCode::AccountDidNotDeserialize))?;
        Ok(Self { input, state })
    }

    #[inline(never)]
    pub fn save(&mut self) -> Result<()> {
        let too_small = self.input.failure(AnchorCode::AccountDidNotSerialize);
        let mut data = self.input.view.try_borrow_mut()?;
        let Some((head, mut fields)) = data.split_at_mut_checked(discriminator::LENGTH) else {
            return Err(too_small);
        };
        head.copy_from_slice(&T::DISCRIMINATOR);
        self.state.serialize(&mut fields).map_err(|_| too_small)
    }

    /// Gives some of the account's lamports to `receiver`; that the rent stays is the runtime's own check. Comes after
    /// every CPI of the instruction: the runtime compares balances at each one.
    pub fn move_lamports(&self, receiver: &AccountView, lamports: u64) -> Result<()> {
        let (mut from, mut to) = (self.input.view, *receiver);
        let left = from.lamports().checked_sub(lamports).ok_or(ProgramError::ArithmeticOverflow)?;
        from.set_lamports(left);
        let received = to.lamports().checked_add(lamports).ok_or(ProgramError::ArithmeticOverflow)?;
        to.set_lamports(received);
        Ok(())
    }

    /// Removes the account and gives all its lamports to `receiver`. Comes last, as [`Account::move_lamports`].
    pub fn close(mut self, receiver: &AccountView) -> Result<()> {
        self.move_lamports(receiver, self.input.view.lamports())?;
        self.input.view.close()?;
        Ok(())
    }

    pub fn address(&self) -> &Address {
        self.input.address()
    }

    pub fn view(&self) -> &AccountView {
        &self.input.view
    }
}

impl<T> Deref for Account<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state
    }
}

impl<T> DerefMut for Account<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state
    }
}

/// An account to create at a derived address.
pub struct NewAccount<'a> {
    pub input: Input,
    pub payer: &'a AccountView,
    /// Of the new account's address, bump included.
    pub seeds: &'a [&'a [u8]],
}

impl NewAccount<'_> {
    /// As one of the program's own.
    #[inline(never)]
    pub fn with<T: State>(&self, state: T) -> Result<Account<T>> {
        self.allocate(T::SPACE, T::PROGRAM)?;
        let mut account = Account { input: self.input, state };
        account.save()?;
        Ok(account)
    }

    /// Empty, and owned by `program`. Works on an address somebody sent lamports to beforehand: a plain
    /// `CreateAccount` would fail there, and derived addresses are no secret.
    #[inline(never)]
    pub fn allocate(&self, space: usize, program: &Address) -> Result<()> {
        let mut view = self.input.view;
        pda::sign_as(self.seeds, |signers| {
            create_account_with_minimum_balance_signed(&mut view, space, program, self.payer, None, signers)
        })?;
        Ok(())
    }
}
