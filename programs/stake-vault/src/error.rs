//! The rules an instruction can break.

program_kit::error_codes! {
    /// As in the IDL.
    pub enum Code {
        6000 VaultAlreadyExists = "This authority already has a vault for this mint",
        6001 InvalidMint = "The account is not a mint of the token program",
        6002 WrongDecimals = "The mint must have 6 decimals",
        6003 InvalidMinimumStake = "The minimum stake must be above zero",
        6004 InvalidCooldown = "A cooldown is at most 365 days",
        6005 WrongAuthority = "The signer is not the authority of this vault",
        6006 InvalidAmount = "The amount must be above zero",
        6007 BelowMinimumStake = "What is staked must be at least the vault's minimum, or nothing",
        6008 InsufficientStake = "The amount is more than what is staked",
        6009 WithdrawalReady = "An earlier request is over its cooldown: withdraw it first",
        6010 NothingToWithdraw = "Nothing was asked back",
        6011 CooldownNotOver = "The cooldown is not over",
        6012 WrongVault = "The stake belongs to another vault",
        6013 NotStakeOwner = "The signer does not own this stake",
        6014 InvalidTokenAccount = "The account is not a token account of the token program",
        6015 WrongMint = "The token account is of another mint than the vault",
        6016 WrongTokenOwner = "The token account belongs to another wallet",
        6017 InsufficientTokens = "The token account holds less than the amount",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use program_kit::error::ErrorCode;

    #[test]
    fn codes_equal_the_idl() {
        let idl = include_str!("../../../idl/stake-vault.json");
        assert_eq!(Code::ALL.len(), idl.matches("\"msg\"").count());
        for code in Code::ALL {
            let ErrorCode { number, name, message } = (*code).into();
            let at = idl.find(&format!("\"code\": {number},")).unwrap_or_else(|| panic!("{name}"));
            let entry = &idl[at..at + idl[at..].find('}').unwrap()];
            assert!(entry.contains(&format!("\"name\": \"{name}\"")), "{entry}");
            assert!(entry.contains(&format!("\"msg\": \"{message}\"")), "{entry}");
        }
    }
}
