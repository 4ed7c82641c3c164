//! What the caller hands in: accounts in the order of the IDL, each checked as it is taken, and arguments.

use crate::{
    account::{Account, State},
    error::{Code, Failure, Result},
    pda::Pda,
};
use borsh::BorshDeserialize;
use pinocchio::AccountView;
use solana_address::Address;

/// The accounts of an instruction, taken one by one.
pub struct Inputs<'a> {
    rest: core::slice::Iter<'a, AccountView>,
}

impl<'a> Inputs<'a> {
    pub fn new(accounts: &'a [AccountView]) -> Self {
        Self { rest: accounts.iter() }
    }

    /// The next account; `name` is what the IDL calls it.
    pub fn take(&mut self, name: &'static str) -> Result<Input> {
        match self.rest.next() {
            Some(view) => Ok(Input { view: *view, name }),
            None => Err(Failure::Account { code: Code::AccountNotEnoughKeys, account: name }),
        }
    }

    pub fn system_program(&mut self) -> Result<()> {
        self.program("system_program", &pinocchio_system::ID)
    }

    pub fn token_program(&mut self) -> Result<()> {
        self.program("token_program", &pinocchio_token::ID)
    }

    /// The next account must be the program `address`; CPIs name it themselves, so nothing is returned.
    pub fn program(&mut self, name: &'static str, address: &Address) -> Result<()> {
        let input = self.take(name)?;
        input.check(input.view.address() == address, Code::InvalidProgramId)
    }

    pub fn remaining(&self) -> usize {
        self.rest.len()
    }
}

/// One account, with the name that failures report.
#[derive(Clone, Copy)]
pub struct Input {
    pub view: AccountView,
    pub name: &'static str,
}

impl Input {
    pub fn check(&self, condition: bool, code: Code) -> Result<()> {
        if condition {
            Ok(())
        } else {
            Err(self.failure(code))
        }
    }

    pub fn failure(&self, code: Code) -> Failure {
        Failure::Account { code, account: self.name }
    }

    pub fn signer(self) -> Result<Self> {
        self.check(self.view.is_signer(), Code::AccountNotSigner)?;
        Ok(self)
    }

    pub fn writable(self) -> Result<Self> {
        self.check(self.view.is_writable(), Code::ConstraintMut)?;
        Ok(self)
    }

    /// Must stand at the address derived for it.
    pub fn at(self, pda: &Pda) -> Result<Self> {
        self.check(self.view.address() == &pda.address, Code::ConstraintSeeds)?;
        Ok(self)
    }

    /// Must be the account that another account names.
    pub fn is(self, address: &Address) -> Result<Self> {
        self.check(self.view.address() == address, Code::ConstraintAddress)?;
        Ok(self)
    }

    /// Nobody has created the account yet. It may hold lamports: anyone can send some to an address known in advance.
    pub fn is_vacant(&self) -> bool {
        self.view.owned_by(&pinocchio_system::ID) && self.view.is_data_empty()
    }

    pub fn load<T: State>(self) -> Result<Account<T>> {
        Account::load(self)
    }

    pub fn address(&self) -> &Address {
        self.view.address()
    }
}

/// Decodes an instruction's arguments. Bytes after them are ignored, as Anchor does.
pub fn arguments<T: BorshDeserialize>(mut data: &[u8]) -> Result<T> {
    T::deserialize(&mut data).map_err(|_| Code::InstructionDidNotDeserialize.into())
}
