//! The rules an instruction can break.

program_kit::error_codes! {
    /// As in the IDL.
    pub enum Code {
        6000 PacketAlreadyExists = "The creator already has a packet with this id",
        6001 PacketIdSpent = "The creator has closed a packet with this id or a higher one",
        6002 InvalidCount = "A packet has at least 1 share",
        6003 InvalidAmount = "The total must be at least 1 unit for each share",
        6004 InvalidMessage = "A message has at most 100 bytes",
        6005 InvalidExpiry = "The expiry must be in the future and at most 365 days ahead",
        6006 OracleMissing = "A random packet needs an oracle",
        6007 OracleNotNeeded = "An equal packet has no oracle",
        6008 TokenAccountMissing = "A packet of tokens needs its vault, a token account of the wallet and the token program",
        6009 RandomnessNotNeeded = "An equal packet needs no randomness",
        6010 RandomnessAlreadyRequested = "The packet's randomness has already been requested",
        6011 RandomnessNotRequested = "The packet's randomness has not been requested",
        6012 RandomnessAlreadyFulfilled = "The packet's randomness is already there",
        6013 RandomnessNotReady = "The packet's randomness is not there yet",
        6014 WrongOracle = "The signer is not the oracle of this packet",
        6015 WrongRequest = "The packet asked for another randomness",
        6016 NotPacketCreator = "The signer did not create this packet",
        6017 PacketExpired = "The packet has expired",
        6018 PacketNotExpired = "The packet has not expired",
        6019 PacketExhausted = "Every share of the packet is claimed",
        6020 PacketAlreadyRefunded = "What was left of the packet went back to its creator",
        6021 PacketStillOpen = "The packet is neither fully claimed nor refunded nor expired",
        6022 AlreadyClaimed = "This wallet has already claimed its share of the packet",
        6023 NotClaimPayer = "The signer did not pay for this claim's account",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use program_kit::error::ErrorCode;

    #[test]
    fn codes_equal_the_idl() {
        let idl = include_str!("../../../idl/red-packets.json");
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
