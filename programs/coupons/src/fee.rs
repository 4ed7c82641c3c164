//! Money arithmetic.

/// Parts in a whole, for every `_bps` field.
pub const BASIS_POINTS: u16 = 10_000;

/// `floor(amount * numerator / denominator)`, exact for every amount, where `numerator <= denominator` and
/// `denominator > 0`; so the result never exceeds `amount`.
///
/// The backend has neither 128-bit products nor checked 64-bit ones. With `amount = q * denominator + r` the result is
/// `q * numerator + floor(r * numerator / denominator)`: the first product is at most `amount`, the second below 2^32.
pub const fn mul_div(amount: u64, numerator: u16, denominator: u16) -> u64 {
    let (numerator, denominator) = (numerator as u64, denominator as u64);
    let whole = (amount / denominator).wrapping_mul(numerator);
    let rest = (amount % denominator).wrapping_mul(numerator) / denominator;
    whole + rest
}

/// What a merchant earns when a coupon is resold at `price`.
pub const fn resale_fee(price: u64, resale_fee_bps: u16) -> u64 {
    mul_div(price, resale_fee_bps, BASIS_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64: a fixed sequence, so that a failure repeats.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = self.0;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^ (bits >> 31)
        }

        /// Every magnitude equally often, not just the huge ones.
        fn next_of_any_magnitude(&mut self) -> u64 {
            let shift = self.next() % 64;
            self.next() >> shift
        }
    }

    fn by_u128(amount: u64, numerator: u16, denominator: u16) -> u64 {
        u64::try_from(u128::from(amount) * u128::from(numerator) / u128::from(denominator)).unwrap()
    }

    #[test]
    fn equals_the_128_bit_result() {
        let mut random = Random(1);
        for _ in 0..200_000 {
            let amount = random.next_of_any_magnitude();
            let denominator = (random.next() as u16).max(1);
            let numerator = (random.next() % (u64::from(denominator) + 1)) as u16;
            assert_eq!(
                mul_div(amount, numerator, denominator),
                by_u128(amount, numerator, denominator),
                "{amount} * {numerator} / {denominator}"
            );
        }
    }

    #[test]
    fn equals_the_128_bit_result_at_the_edges() {
        for amount in [0, 1, 9_999, 10_000, 10_001, u64::MAX / 10_000, u64::MAX - 1, u64::MAX] {
            for bps in [0, 1, 2_000, 9_999, BASIS_POINTS] {
                assert_eq!(resale_fee(amount, bps), by_u128(amount, bps, BASIS_POINTS));
            }
        }
    }

    #[test]
    fn a_fee_never_exceeds_the_price_and_grows_with_it() {
        let mut random = Random(2);
        for _ in 0..50_000 {
            let price = random.next_of_any_magnitude().max(1);
            let bps = (random.next() % 2_001) as u16;
            assert!(resale_fee(price, bps) <= price);
            assert!(resale_fee(price - 1, bps) <= resale_fee(price, bps));
        }
    }
}
