//! What the caller hands in: accounts in the order of the IDL, each checked as it is taken, and arguments.

use crate::{
    account::{Account, State},
    error::{AnchorCode, ErrorCode, Failure, Result},
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
            None => Err(Failure::Account { code: AnchorCode::AccountNotEnoughKeys.into(), account: name }),
        }
    }

    /// The next account, if the caller has one for this place: Anchor's clients put `program` itself there where not.
    pub fn take_optional(&mut self, name: &'static str, program: &Address) -> Result<Option<Input>> {
        let input = self.take(name)?;
        Ok((input.address() != program).then_some(input))
    }

    pub fn system_program(&mut self) -> Result<()> {
        self.program("system_program", &pinocchio_system::ID)
    }

    pub fn token_program(&mut self) -> Result<()> {
        self.program("token_program", &pinocchio_token::ID)
    }

    /// The next account must be the program `address`.
    pub fn program(&mut self, name: &'static str, address: &Address) -> Result<()> {
        self.take(name)?.is_program(address)
    }
}

/// One account, with the name that failures report.
#[derive(Clone, Copy)]
pub struct Input {
    pub view: AccountView,
    pub name: &'static str,
}

impl Input {
    pub fn check(&self, condition: bool, code: impl Into<ErrorCode>) -> Result<()> {
        if condition {
            Ok(())
        } else {
            Err(self.failure(code))
        }
    }

    pub fn failure(&self, code: impl Into<ErrorCode>) -> Failure {
        Failure::Account { code: code.into(), account: self.name }
    }

    pub fn signer(self) -> Result<Self> {
        self.check(self.view.is_signer(), AnchorCode::AccountNotSigner)?;
        Ok(self)
    }

    pub fn writable(self) -> Result<Self> {
        self.check(self.view.is_writable(), AnchorCode::ConstraintMut)?;
        Ok(self)
    }

    /// Must stand at the address derived for it.
    pub fn at(self, pda: &Pda) -> Result<Self> {
        self.check(self.view.address() == &pda.address, AnchorCode::ConstraintSeeds)?;
        Ok(self)
    }

    /// Must be the account that another account names.
    pub fn is(self, address: &Address) -> Result<Self> {
        self.check(self.view.address() == address, AnchorCode::ConstraintAddress)?;
        Ok(self)
    }

    /// Must be the program `address`; CPIs name it themselves, so nothing is returned.
    pub fn is_program(&self, address: &Address) -> Result<()> {
        self.check(self.view.address() == address, AnchorCode::InvalidProgramId)
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
    T::deserialize(&mut data).map_err(|_| AnchorCode::InstructionDidNotDeserialize.into())
}
