use super::*;
use crate::state::tests::vault;
use program_kit::error::Failure;
use solana_address::Address;

const NOW: i64 = 1_700_000_000;
const HOUR: u32 = 3_600;
const MINIMUM: u64 = 100;

fn stake() -> Stake {
    Stake::new(Address::default(), Address::default(), 255, NOW)
}

fn refused<T>(code: Code) -> Result<T> {
    Err(code.into())
}

#[test]
fn a_life_of_a_stake() {
    let (vault, stake) = (&mut vault(MINIMUM, HOUR), &mut stake());
    deposit(vault, stake, 250, NOW).unwrap();
    assert_eq!((stake.staked, stake.unstaking, stake.revision), (250, 0, 1));
    assert_eq!((vault.total_staked, vault.active_stakes, vault.revision), (250, 1, 2));

    request_unstake(vault, stake, 150, NOW + 10).unwrap();
    assert_eq!((stake.staked, stake.unstaking, stake.withdrawable_at), (100, 150, NOW + 3_610));
    assert_eq!((vault.total_staked, vault.total_unstaking, vault.active_stakes), (100, 150, 1));

    assert_eq!(withdraw(vault, stake, NOW + 3_609), refused(Code::CooldownNotOver));
    assert_eq!(withdraw(vault, stake, NOW + 3_610), Ok(150));
    assert_eq!((stake.staked, stake.unstaking, stake.withdrawable_at), (100, 0, 0));
    assert_eq!((stake.total_deposited, stake.total_withdrawn, stake.revision), (250, 150, 3));
    assert_eq!((vault.total_staked, vault.total_unstaking, vault.revision), (100, 0, 4));
    assert_eq!(withdraw(vault, stake, NOW + 9_999), refused(Code::NothingToWithdraw));

    request_unstake(vault, stake, 100, NOW + 9_999).unwrap();
    assert_eq!((stake.staked, vault.active_stakes), (0, 0));
}

#[test]
fn what_is_staked_is_the_minimum_or_nothing() {
    let (vault, stake) = (&mut vault(MINIMUM, HOUR), &mut stake());
    assert_eq!(deposit(vault, &mut stake.clone(), 0, NOW), refused(Code::InvalidAmount));
    assert_eq!(deposit(vault, &mut stake.clone(), 99, NOW), refused(Code::BelowMinimumStake));
    deposit(vault, stake, 100, NOW).unwrap();
    deposit(vault, stake, 1, NOW).unwrap();
    assert_eq!(request_unstake(vault, &mut stake.clone(), 0, NOW), refused(Code::InvalidAmount));
    assert_eq!(request_unstake(vault, &mut stake.clone(), 2, NOW), refused(Code::BelowMinimumStake));
    assert_eq!(request_unstake(vault, &mut stake.clone(), 102, NOW), refused(Code::InsufficientStake));
    request_unstake(vault, stake, 101, NOW).unwrap();
}

#[test]
fn a_raised_minimum_keeps_nobody_from_leaving() {
    let (vault, stake) = (&mut vault(MINIMUM, HOUR), &mut stake());
    deposit(vault, stake, 100, NOW).unwrap();
    vault.minimum_stake = 1_000;
    assert_eq!(deposit(&mut vault.clone(), &mut stake.clone(), 1, NOW), refused(Code::BelowMinimumStake));
    assert_eq!(request_unstake(&mut vault.clone(), &mut stake.clone(), 1, NOW), refused(Code::BelowMinimumStake));
    request_unstake(vault, stake, 100, NOW).unwrap();
    assert_eq!(withdraw(vault, stake, NOW + i64::from(HOUR)), Ok(100));
}

#[test]
fn a_second_request_joins_the_first_and_both_wait_for_the_later_time() {
    let (vault, stake) = (&mut vault(1, HOUR), &mut stake());
    deposit(vault, stake, 100, NOW).unwrap();
    request_unstake(vault, stake, 10, NOW).unwrap();
    request_unstake(vault, stake, 20, NOW + 60).unwrap();
    assert_eq!((stake.unstaking, stake.withdrawable_at), (30, NOW + 3_660));

    vault.cooldown_seconds = 1;
    request_unstake(vault, stake, 5, NOW + 61).unwrap();
    assert_eq!((stake.unstaking, stake.withdrawable_at), (35, NOW + 3_660));
}

#[test]
fn what_is_ready_is_not_made_to_wait_again() {
    let (vault, stake) = (&mut vault(1, HOUR), &mut stake());
    deposit(vault, stake, 100, NOW).unwrap();
    request_unstake(vault, stake, 10, NOW).unwrap();
    let ready_at = NOW + i64::from(HOUR);
    assert_eq!(request_unstake(vault, &mut stake.clone(), 1, ready_at), refused(Code::WithdrawalReady));
    withdraw(vault, stake, ready_at).unwrap();
    request_unstake(vault, stake, 1, ready_at).unwrap();
}

#[test]
fn sums_do_not_wrap() {
    let overflow = Err(Failure::Runtime(ProgramError::ArithmeticOverflow));
    let (vault, stake) = (&mut vault(1, HOUR), &mut stake());
    deposit(vault, stake, u64::MAX, NOW).unwrap();
    assert_eq!(deposit(&mut vault.clone(), &mut stake.clone(), 1, NOW), overflow);
    assert_eq!(deposit(vault, &mut self::stake(), 1, NOW), overflow);
    assert_eq!(request_unstake(&mut vault.clone(), stake, 1, i64::MAX), overflow);
}

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

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A request as the test remembers it, to know what may leave the vault when.
struct Request {
    amount: u64,
    over_at: i64,
}

/// A wallet's tokens and what it asked back, beside what the program keeps of it.
struct Staker {
    stake: Stake,
    wallet: u64,
    pending: Vec<Request>,
}

const ENDOWMENT: u64 = 1_000;

/// Random movements of several wallets under changing terms. A refused one is dropped with all it changed, as an
/// instruction is.
#[test]
fn holds_its_sums_and_its_cooldown_whatever_is_asked_of_it() {
    let (mut deposits, mut requests, mut joined, mut withdrawals, mut early) = (0, 0, 0, 0, 0);
    for seed in 0..400 {
        let random = &mut Random(seed);
        let mut vault = vault(1 + random.below(200), random.below(100) as u32);
        let mut stakers: Vec<Staker> =
            (0..3).map(|_| Staker { stake: stake(), wallet: ENDOWMENT, pending: Vec::new() }).collect();
        let mut now = NOW;
        for _ in 0..200 {
            now += random.below(40) as i64;
            if random.below(20) == 0 {
                vault.minimum_stake = 1 + random.below(200);
                vault.cooldown_seconds = random.below(100) as u32;
            }
            let at = random.below(3) as usize;
            let staker = &mut stakers[at];
            let (mut vault_after, mut stake_after) = (vault.clone(), staker.stake.clone());
            let amount = random.below(300);
            let revisions = (vault.revision, staker.stake.revision);
            let done = match random.below(3) {
                0 if amount <= staker.wallet => {
                    let done = deposit(&mut vault_after, &mut stake_after, amount, now).is_ok();
                    if done {
                        staker.wallet -= amount;
                        deposits += 1;
                    }
                    done
                }
                1 => {
                    let done = request_unstake(&mut vault_after, &mut stake_after, amount, now).is_ok();
                    if done {
                        joined += usize::from(!staker.pending.is_empty());
                        let over_at = now + i64::from(vault.cooldown_seconds);
                        staker.pending.push(Request { amount, over_at });
                        requests += 1;
                    }
                    done
                }
                2 => match withdraw(&mut vault_after, &mut stake_after, now) {
                    Ok(paid) => {
                        assert!(staker.pending.iter().all(|request| request.over_at <= now), "seed {seed}: too early");
                        assert_eq!(paid, staker.pending.iter().map(|request| request.amount).sum::<u64>());
                        staker.pending.clear();
                        staker.wallet += paid;
                        withdrawals += 1;
                        true
                    }
                    Err(_) => {
                        // Refused only while there is nothing, or something that has to wait.
                        assert!(
                            staker.pending.is_empty() || staker.pending.iter().any(|request| request.over_at > now)
                        );
                        early += usize::from(!staker.pending.is_empty());
                        false
                    }
                },
                _ => false,
            };
            if done {
                (vault, staker.stake) = (vault_after, stake_after);
                assert_eq!((vault.revision, staker.stake.revision), (revisions.0 + 1, revisions.1 + 1));
            }
            assert_sums(&vault, &stakers, seed);
        }
    }
    for count in [deposits, requests, joined, withdrawals, early] {
        assert!(
            count > 500,
            "{deposits} deposits, {requests} requests ({joined} joined), {withdrawals} withdrawals, {early} early"
        );
    }
}

fn assert_sums(vault: &Vault, stakers: &[Staker], seed: u64) {
    let sum = |of: fn(&Stake) -> u64| stakers.iter().map(|staker| of(&staker.stake)).sum::<u64>();
    assert_eq!(vault.total_staked, sum(|stake| stake.staked), "seed {seed}");
    assert_eq!(vault.total_unstaking, sum(|stake| stake.unstaking), "seed {seed}");
    assert_eq!(vault.active_stakes, sum(|stake| u64::from(stake.staked > 0)), "seed {seed}");
    for Staker { stake, wallet, pending } in stakers {
        assert_eq!(stake.staked + stake.unstaking, stake.total_deposited - stake.total_withdrawn, "seed {seed}");
        assert_eq!(wallet + stake.staked + stake.unstaking, ENDOWMENT, "seed {seed}");
        assert_eq!(stake.unstaking == 0, stake.withdrawable_at == 0, "seed {seed}");
        assert!(pending.iter().all(|request| request.over_at <= stake.withdrawable_at), "seed {seed}");
    }
}
