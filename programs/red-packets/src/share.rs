//! How a packet is shared.
//!
//! Whatever the amounts: the shares add up to the total, nobody gets nothing, and the last takes what is left.

use program_kit::pda::sha256;
use solana_address::Address;

/// What is left of a packet before a claim. At least one unit for each claim to come.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    pub amount: u64,
    pub count: u32,
}

/// A share of an equal packet: `floor(total / count)`, and for the last the rest.
pub const fn equal(left: Left, total_amount: u64, count: u32) -> u64 {
    if left.count <= 1 {
        return left.amount;
    }
    total_amount / count as u64
}

/// A share of a random packet: evenly distributed from one unit to twice the average of what is left, but never so much
/// that the others would get less than one each.
pub fn random(left: Left, lot: Lot) -> u64 {
    if left.count <= 1 {
        return left.amount;
    }
    1 + lot.below(most(left))
}

/// The largest share of what is left, where two or more are to come.
///
/// The backend has no checked 64-bit products. With `amount = q * count + r` twice the average is `2 * q + 2 * r / count`:
/// at most `amount`, for `count` is at least 2, and `2 * r` is below 2^33.
const fn most(left: Left) -> u64 {
    let count = left.count as u64;
    let twice_the_average = ((left.amount / count) << 1) + ((left.amount % count) << 1) / count;
    let what_the_others_leave = left.amount - (count - 1);
    if twice_the_average < what_the_others_leave {
        twice_the_average
    } else {
        what_the_others_leave
    }
}

/// 256 random bits of one claim.
#[derive(Clone, Copy)]
pub struct Lot([u8; 32]);

impl Lot {
    /// Of the claim that is the packet's `index`-th.
    pub fn of(randomness: &[u8; 32], packet: &Address, claimer: &Address, index: u32) -> Self {
        Self(sha256(&[randomness, packet.as_ref(), claimer.as_ref(), &index.to_le_bytes()]))
    }

    /// A number below `bound`, each as likely as another: the first of the lot's four words that lies below the largest
    /// multiple of `bound`. That none does is less likely than 1 in 16 for the largest bounds, and than 1 in a million
    /// for every sum of lamports there can be; then the last word decides, with a bias as small.
    fn below(self, bound: u64) -> u64 {
        // 2^64 mod bound, which 64 bits do not hold.
        let surplus = (u64::MAX % bound + 1) % bound;
        let largest = u64::MAX - surplus;
        let mut word = 0;
        for bytes in self.0.chunks_exact(8) {
            word = u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]);
            if word <= largest {
                break;
            }
        }
        word % bound
    }
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

        fn lot(&mut self) -> Lot {
            let mut bytes = [0; 32];
            bytes.chunks_exact_mut(8).for_each(|word| word.copy_from_slice(&self.next().to_le_bytes()));
            Lot(bytes)
        }
    }

    /// The lots that decide at the edges: the smallest and the largest share there is.
    const LEAST: Lot = Lot([0; 32]);
    const MOST: Lot = Lot([0xff; 32]);

    /// Claims everything; the rules hold at every claim.
    fn claim_all(total: u64, count: u32, mut share: impl FnMut(Left) -> u64) -> Vec<u64> {
        let mut left = Left { amount: total, count };
        let mut shares = Vec::new();
        while left.count > 0 {
            let share = share(left);
            assert!(share >= 1, "{share} of {left:?}");
            let others = u64::from(left.count - 1);
            assert!(left.amount - share >= others, "{share} of {left:?}");
            left = Left { amount: left.amount - share, count: left.count - 1 };
            shares.push(share);
        }
        assert_eq!(left.amount, 0, "the last takes what is left");
        assert_eq!(shares.iter().map(|share| u128::from(*share)).sum::<u128>(), u128::from(total));
        shares
    }

    fn totals(random: &mut Random) -> Vec<(u64, u32)> {
        let mut all = vec![(1, 1), (u64::MAX, 1), (2, 2), (3, 2), (u64::MAX, 2), (u64::MAX, 3), (u64::MAX, 1_000)];
        all.extend((0..3_000).map(|_| {
            let count = 1 + (random.next() % 200) as u32;
            (random.next_of_any_magnitude().max(u64::from(count)), count)
        }));
        // Exactly one unit each, and one more.
        all.extend((1..200).flat_map(|count: u32| [(u64::from(count), count), (u64::from(count) + 1, count)]));
        all
    }

    #[test]
    fn equal_shares_add_up_and_the_last_takes_the_rest() {
        for (total, count) in totals(&mut Random(1)) {
            let shares = claim_all(total, count, |left| equal(left, total, count));
            let (last, others) = shares.split_last().unwrap();
            let each = total / u64::from(count);
            assert!(others.iter().all(|share| *share == each));
            assert_eq!(*last, each + total % u64::from(count));
        }
    }

    #[test]
    fn random_shares_add_up_and_nobody_gets_nothing() {
        let mut random_lots = Random(2);
        for (total, count) in totals(&mut Random(3)) {
            claim_all(total, count, |left| random(left, random_lots.lot()));
            claim_all(total, count, |left| random(left, LEAST));
            claim_all(total, count, |left| random(left, MOST));
        }
    }

    #[test]
    fn a_share_never_exceeds_twice_the_average_of_what_is_left() {
        let mut numbers = Random(4);
        for _ in 0..200_000 {
            let count = 2 + (numbers.next() as u32 >> (numbers.next() % 32)) / 2;
            let amount = numbers.next_of_any_magnitude().max(u64::from(count));
            let left = Left { amount, count };
            let twice_the_average = u64::try_from(u128::from(amount) * 2 / u128::from(count)).unwrap();
            assert_eq!(most(left), twice_the_average.min(amount - u64::from(count - 1)), "{left:?}");
            let share = random(left, numbers.lot());
            assert!((1..=most(left)).contains(&share), "{share} of {left:?}");
        }
    }

    #[test]
    fn one_unit_each_leaves_no_choice() {
        for count in [1, 2, 7, u32::MAX] {
            let left = Left { amount: u64::from(count), count };
            assert_eq!(random(left, MOST), 1);
            assert_eq!(random(left, LEAST), 1);
        }
    }

    #[test]
    fn a_lot_reaches_every_number_below_its_bound_equally_often() {
        let mut lots = Random(5);
        let mut hits = [0_u32; 7];
        for _ in 0..70_000 {
            hits[lots.lot().below(7) as usize] += 1;
        }
        assert!(hits.iter().all(|hit| (9_600..10_400).contains(hit)), "{hits:?}");
        assert_eq!(MOST.below(1), 0);
        assert_eq!(Lot([0x80; 32]).below(u64::MAX), 0x8080_8080_8080_8080);
    }

    /// Above the largest multiple of the bound the next word is drawn: with a plain remainder the lower third would come
    /// twice as often as the rest.
    #[test]
    fn a_lot_has_no_bias_towards_small_numbers() {
        let bound = u64::MAX / 4 * 3;
        let mut lots = Random(6);
        let low = (0..30_000).filter(|_| lots.lot().below(bound) < bound / 3).count();
        assert!((9_600..10_400).contains(&low), "{low}");
    }

    #[test]
    fn a_lot_depends_on_all_it_is_drawn_for() {
        let address = |byte| Address::new_from_array([byte; 32]);
        let lots = [
            Lot::of(&[1; 32], &address(2), &address(3), 4),
            Lot::of(&[9; 32], &address(2), &address(3), 4),
            Lot::of(&[1; 32], &address(9), &address(3), 4),
            Lot::of(&[1; 32], &address(2), &address(9), 4),
            Lot::of(&[1; 32], &address(2), &address(3), 9),
        ];
        for (at, lot) in lots.iter().enumerate() {
            assert!(lots[..at].iter().all(|other| other.0 != lot.0));
        }
    }
}
