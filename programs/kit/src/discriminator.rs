//! Anchor's discriminators: the first eight bytes of `sha256("{namespace}:{name}")`.

use sha2_const_stable::Sha256;

pub const LENGTH: usize = 8;

pub type Discriminator = [u8; LENGTH];

/// Leads the data of a self-CPI that carries an event (Anchor's `EVENT_IX_TAG_LE`).
pub const EVENT_TAG: Discriminator = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];

/// `name` is in `snake_case`.
pub const fn of_instruction(name: &str) -> Discriminator {
    first_bytes(Sha256::new().update(b"global:").update(name.as_bytes()).finalize())
}

/// `name` is in `PascalCase`.
pub const fn of_account(name: &str) -> Discriminator {
    first_bytes(Sha256::new().update(b"account:").update(name.as_bytes()).finalize())
}

/// `name` is in `PascalCase`.
pub const fn of_event(name: &str) -> Discriminator {
    first_bytes(Sha256::new().update(b"event:").update(name.as_bytes()).finalize())
}

const fn first_bytes(hash: [u8; 32]) -> Discriminator {
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is known from every Anchor program that has an `initialize`.
    #[test]
    fn equals_anchors() {
        assert_eq!(of_instruction("initialize"), [175, 175, 109, 31, 13, 152, 155, 237]);
        assert_eq!(EVENT_TAG, [228, 69, 165, 46, 81, 203, 154, 29]);
    }
}
