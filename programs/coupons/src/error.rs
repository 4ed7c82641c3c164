//! Every way an instruction can fail, logged in the words Anchor clients parse.

use alloc::string::String;
use pinocchio::error::ProgramError;

pub type Result<T> = core::result::Result<T, Failure>;

macro_rules! codes {
    ($($number:literal $name:ident = $message:literal,)*) => {
        /// Numbers below 6000 are Anchor's own and mean here what they mean there; ours are those of the IDL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Code {
            $($name = $number,)*
        }

        impl Code {
            pub const fn name(self) -> &'static str {
                match self {
                    $(Code::$name => stringify!($name),)*
                }
            }

            pub const fn message(self) -> &'static str {
                match self {
                    $(Code::$name => $message,)*
                }
            }

            #[cfg(test)]
            const ALL: &'static [Code] = &[$(Code::$name,)*];
        }
    };
}

codes! {
    100 InstructionMissing = "Instruction discriminator not provided",
    101 InstructionFallbackNotFound = "Fallback functions are not supported",
    102 InstructionDidNotDeserialize = "The program could not deserialize the given instruction",
    2000 ConstraintMut = "A mut constraint was violated",
    2002 ConstraintSigner = "A signer constraint was violated",
    2006 ConstraintSeeds = "A seeds constraint was violated",
    2012 ConstraintAddress = "An address constraint was violated",
    3001 AccountDiscriminatorNotFound = "No discriminator was found on the account",
    3002 AccountDiscriminatorMismatch = "Account discriminator did not match what was expected",
    3003 AccountDidNotDeserialize = "Failed to deserialize the account",
    3004 AccountDidNotSerialize = "Failed to serialize the account",
    3005 AccountNotEnoughKeys = "Not enough account keys given to the instruction",
    3007 AccountOwnedByWrongProgram = "The given account is owned by a different program than expected",
    3008 InvalidProgramId = "Program ID was not as expected",
    3010 AccountNotSigner = "The given account did not sign",
    3012 AccountNotInitialized = "The program expected this account to be already initialized",

    6000 MerchantAlreadyRegistered = "This authority has already registered a merchant",
    6001 PromotionAlreadyExists = "The merchant already has a promotion with this id",
    6002 InvalidName = "A merchant name has 1 to 50 bytes",
    6003 InvalidCategory = "A merchant category has 1 to 30 bytes",
    6004 InvalidTitle = "A promotion title has 1 to 80 bytes",
    6005 InvalidDescription = "A promotion description has at most 200 bytes",
    6006 InvalidDiscount = "A discount is 1 to 10000 basis points",
    6007 InvalidSupply = "The supply must be at least 1 and not below what is already minted",
    6008 InvalidResaleFee = "A resale fee is at most 2000 basis points",
    6009 ExpiryNotInFuture = "The expiry must be in the future",
    6010 PromotionNotActive = "The promotion is closed",
    6011 PromotionExpired = "The promotion has expired",
    6012 SupplyExhausted = "The promotion has no coupon left to mint",
    6013 InvalidBatch = "A batch mints 1 to 8 coupons and names four accounts for each",
    6014 WrongMerchant = "The account belongs to another merchant",
    6015 WrongPromotion = "The account belongs to another promotion",
    6016 NotCouponOwner = "The signer does not own this coupon",
    6017 CouponIsListed = "The coupon is listed for sale",
    6018 CouponNotListed = "The coupon is not listed for sale",
    6019 CouponAlreadyRedeemed = "The coupon has already been redeemed",
    6020 InvalidPrice = "The price must be above zero",
    6021 PriceAboveMaximum = "The price is above the buyer's maximum",
    6022 SelfPurchase = "The seller cannot buy their own coupon",
    6023 NotSeller = "The account is not the seller of this listing",
    6024 InvalidStars = "A rating has 1 to 5 stars",
    6025 InvalidComment = "A comment has 1 to 200 bytes",
    6026 CouponStillUsable = "An unredeemed coupon can be closed only when its promotion has expired or is closed",
    6027 ArithmeticOverflow = "A sum or count would overflow",
}

/// Why an instruction stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A rule of this program was broken.
    Rule(Code),
    /// An account as such is not what the instruction needs.
    Account { code: Code, account: &'static str },
    /// The runtime refused.
    Runtime(ProgramError),
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Failure::Rule(code)
    }
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
        sbpf_runtime::log::text(&self.log_line(code));
        ProgramError::Custom(code as u32)
    }

    fn log_line(&self, code: Code) -> String {
        let mut line = String::with_capacity(256);
        match self {
            Failure::Account { account, .. } => {
                line.push_str("AnchorError caused by account: ");
                line.push_str(account);
            }
            _ => line.push_str("AnchorError occurred"),
        }
        line.push_str(". Error Code: ");
        line.push_str(code.name());
        line.push_str(". Error Number: ");
        push_number(&mut line, code as u32);
        line.push_str(". Error Message: ");
        line.push_str(code.message());
        line.push('.');
        line
    }
}

/// Fails with `code` unless `condition` holds.
pub fn require(condition: bool, code: Code) -> Result<()> {
    if condition {
        Ok(())
    } else {
        Err(code.into())
    }
}

/// Without `core::fmt`, whose machinery would be most of the program's size.
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

    #[test]
    fn own_codes_equal_the_idl() {
        let idl = include_str!("../../../idl/coupons.json");
        let own: Vec<_> = Code::ALL.iter().filter(|code| **code as u32 >= 6000).collect();
        assert_eq!(own.len(), idl.matches("\"msg\"").count());
        for code in own {
            let at = idl.find(&format!("\"code\": {},", *code as u32)).unwrap_or_else(|| panic!("{}", code.name()));
            let entry = &idl[at..at + idl[at..].find('}').unwrap()];
            assert!(entry.contains(&format!("\"name\": \"{}\"", code.name())), "{entry}");
            assert!(entry.contains(&format!("\"msg\": \"{}\"", code.message())), "{entry}");
        }
    }

    #[test]
    fn speaks_as_anchor_does() {
        assert_eq!(
            Failure::Rule(Code::InvalidStars).log_line(Code::InvalidStars),
            "AnchorError occurred. Error Code: InvalidStars. Error Number: 6024. \
             Error Message: A rating has 1 to 5 stars."
        );
        let code = Code::AccountNotSigner;
        assert_eq!(
            Failure::Account { code, account: "buyer" }.log_line(code),
            "AnchorError caused by account: buyer. Error Code: AccountNotSigner. Error Number: 3010. \
             Error Message: The given account did not sign."
        );
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
