//! The program's own accounts: discriminator, then borsh.

use crate::{
    discriminator::{self, Discriminator},
    error::{Code, Result},
    input::Input,
    pda, PROGRAM_ID,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::ops::{Deref, DerefMut};
use pinocchio::AccountView;
use pinocchio_system::create_account_with_minimum_balance_signed;
use solana_address::Address;

/// What an account stores.
pub trait State: BorshSerialize + BorshDeserialize {
    const DISCRIMINATOR: Discriminator;
    /// Bytes allocated, discriminator included: enough for the longest strings.
    const SPACE: usize;
}

/// An account of this program with its decoded state. Changes reach the chain by [`Account::save`].
pub struct Account<T> {
    input: Input,
    state: T,
}

impl<T: State> Account<T> {
    /// Owner and discriminator prove that this program wrote the account, and it only ever creates accounts at their
    /// derived addresses: an address need not be derived again, only compared where accounts name each other.
    #[inline(never)]
    pub fn load(input: Input) -> Result<Self> {
        input.check(!input.is_vacant(), Code::AccountNotInitialized)?;
        input.check(input.view.owned_by(&PROGRAM_ID), Code::AccountOwnedByWrongProgram)?;
        let data = input.view.try_borrow()?;
        let (found, mut fields) =
            data.split_at_checked(discriminator::LENGTH).ok_or(input.failure(Code::AccountDiscriminatorNotFound))?;
        input.check(found == T::DISCRIMINATOR, Code::AccountDiscriminatorMismatch)?;
        let state = T::deserialize(&mut fields).map_err(|_| input.failure(Code::AccountDidNotDeserialize))?;
        Ok(Self { input, state })
    }

    #[inline(never)]
    pub fn save(&mut self) -> Result<()> {
        let too_small = self.input.failure(Code::AccountDidNotSerialize);
        let mut data = self.input.view.try_borrow_mut()?;
        let Some((head, mut fields)) = data.split_at_mut_checked(discriminator::LENGTH) else {
            return Err(too_small);
        };
        head.copy_from_slice(&T::DISCRIMINATOR);
        self.state.serialize(&mut fields).map_err(|_| too_small)
    }

    /// Removes the account and gives its rent to `receiver`. Comes after every CPI of the instruction: the runtime
    /// compares balances at each one.
    pub fn close(mut self, receiver: &AccountView) -> Result<()> {
        let mut receiver = *receiver;
        let lamports = receiver.lamports().checked_add(self.input.view.lamports()).ok_or(Code::ArithmeticOverflow)?;
        receiver.set_lamports(lamports);
        self.input.view.set_lamports(0);
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
    /// As one of this program's own.
    #[inline(never)]
    pub fn with<T: State>(&self, state: T) -> Result<Account<T>> {
        self.allocate(T::SPACE, &PROGRAM_ID)?;
        let mut account = Account { input: self.input, state };
        account.save()?;
        Ok(account)
    }

    /// Empty, and owned by `program`. Works on an address somebody sent lamports to beforehand: a plain
    /// `CreateAccount` would fail there, and the next coupon's address is no secret.
    #[inline(never)]
    pub fn allocate(&self, space: usize, program: &Address) -> Result<()> {
        let mut view = self.input.view;
        pda::sign_as(self.seeds, |signers| {
            create_account_with_minimum_balance_signed(&mut view, space, program, self.payer, None, signers)
        })?;
        Ok(())
    }
}
