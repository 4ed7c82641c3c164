//! Every way an instruction can fail, logged in the words Anchor clients parse.

use alloc::string::String;
use pinocchio::error::ProgramError;

pub type Result<T> = core::result::Result<T, Failure>;

/// An error as clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    pub number: u32,
    pub name: &'static str,
    pub message: &'static str,
}

/// Declares an enum of errors: `/// Docs. pub enum Code { 6000 Name = "message", … }`.
#[macro_export]
macro_rules! error_codes {
    ($(#[$attribute:meta])* pub enum $codes:ident { $($number:literal $name:ident = $message:literal,)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum $codes {
            $($name = $number,)*
        }

        #[cfg(test)]
        impl $codes {
            #[allow(dead_code)]
            pub const ALL: &'static [$codes] = &[$($codes::$name,)*];
        }

        impl From<$codes> for $crate::error::ErrorCode {
            fn from(code: $codes) -> Self {
                match code {
                    $($codes::$name => Self { number: $number, name: stringify!($name), message: $message },)*
                }
            }
        }

        impl From<$codes> for $crate::error::Failure {
            fn from(code: $codes) -> Self {
                Self::Rule(code.into())
            }
        }
    };
}

error_codes! {
    /// Anchor's own: the names and numbers mean here what they mean there.
    pub enum AnchorCode {
        100 InstructionMissing = "Instruction discriminator not provided",
        101 InstructionFallbackNotFound = "Fallback functions are not supported",
        102 InstructionDidNotDeserialize = "The program could not deserialize the given instruction",
        2000 ConstraintMut = "A mut constraint was violated",
        2002 ConstraintSigner = "A signer constraint was violated",
        2006 ConstraintSeeds = "A seeds constraint was violated",
        2012 ConstraintAddress = "An address constraint was violated",
        2014 ConstraintTokenMint = "A token mint constraint was violated",
        2015 ConstraintTokenOwner = "A token owner constraint was violated",
        3001 AccountDiscriminatorNotFound = "No discriminator was found on the account",
        3002 AccountDiscriminatorMismatch = "Account discriminator did not match what was expected",
        3003 AccountDidNotDeserialize = "Failed to deserialize the account",
        3004 AccountDidNotSerialize = "Failed to serialize the account",
        3005 AccountNotEnoughKeys = "Not enough account keys given to the instruction",
        3007 AccountOwnedByWrongProgram = "The given account is owned by a different program than expected",
        3008 InvalidProgramId = "Program ID was not as expected",
        3010 AccountNotSigner = "The given account did not sign",
        3012 AccountNotInitialized = "The program expected this account to be already initialized",
    }
}

/// Why an instruction stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A rule of the program was broken.
    Rule(ErrorCode),
    /// An account as such is not what the instruction needs.
    Account { code: ErrorCode, account: &'static str },
    /// The runtime, or a program called, refused.
    Runtime(ProgramError),
}

impl From<ProgramError> for Failure {
    fn from(error: ProgramError) -> Self {
        Failure::Runtime(error)
    }
}

impl Failure {
    /// Logs the failure and returns what the runtime is to be told.
    pub fn report(self) -> ProgramError {
        let code = match self {
            Failure::Rule(code) | Failure::Account { code, .. } => code,
            Failure::Runtime(error) => return error,
        };
        sbpf_runtime::log::text(&self.log_line(&code));
        ProgramError::Custom(code.number)
    }

    fn log_line(&self, code: &ErrorCode) -> String {
        let mut line = String::with_capacity(256);
        match self {
            Failure::Account { account, .. } => {
                line.push_str("AnchorError caused by account: ");
                line.push_str(account);
            }
            _ => line.push_str("AnchorError occurred"),
        }
        line.push_str(". Error Code: ");
        line.push_str(code.name);
        line.push_str(". Error Number: ");
        push_number(&mut line, code.number);
        line.push_str(". Error Message: ");
        line.push_str(code.message);
        line.push('.');
        line
    }
}

/// Fails with `code` unless `condition` holds.
pub fn require(condition: bool, code: impl Into<Failure>) -> Result<()> {
    if condition {
        Ok(())
    } else {
        Err(code.into())
    }
}

/// Without `core::fmt`, whose machinery would be most of a program's size.
fn push_number(line: &mut String, number: u32) {
    let mut divisor = 1;
    while number / divisor >= 10 {
        divisor *= 10;
    }
    while divisor > 0 {
        line.push((b'0' + (number / divisor % 10) as u8) as char);
        divisor /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: ErrorCode = ErrorCode { number: 6024, name: "InvalidStars", message: "A rating has 1 to 5 stars" };

    #[test]
    fn speaks_as_anchor_does() {
        assert_eq!(
            Failure::Rule(CODE).log_line(&CODE),
            "AnchorError occurred. Error Code: InvalidStars. Error Number: 6024. \
             Error Message: A rating has 1 to 5 stars."
        );
        let code = AnchorCode::AccountNotSigner.into();
        assert_eq!(
            Failure::Account { code, account: "buyer" }.log_line(&code),
            "AnchorError caused by account: buyer. Error Code: AccountNotSigner. Error Number: 3010. \
             Error Message: The given account did not sign."
        );
    }

    #[test]
    fn tells_the_runtime_the_number() {
        assert_eq!(Failure::Rule(CODE).report(), ProgramError::Custom(6024));
        assert_eq!(Failure::Runtime(ProgramError::InvalidSeeds).report(), ProgramError::InvalidSeeds);
    }

    #[test]
    fn writes_numbers() {
        for number in [0, 7, 10, 99, 100, 2006, 6000, u32::MAX] {
            let mut line = String::new();
            push_number(&mut line, number);
            assert_eq!(line, number.to_string());
        }
    }
}
