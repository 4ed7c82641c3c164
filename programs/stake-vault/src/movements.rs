//! What moves between a wallet, its stake and the vault's sums: the rules, without tokens and accounts.
//!
//! A movement that is refused changes nothing that is kept: its instruction fails as a whole.

use crate::{
    error::Code,
    state::{Stake, Vault},
};
use pinocchio::error::ProgramError;
use program_kit::{
    count::Count,
    error::{require, Result},
};

/// Adds `amount` to what is staked.
pub fn deposit(vault: &mut Vault, stake: &mut Stake, amount: u64, now: i64) -> Result<()> {
    require(amount > 0, Code::InvalidAmount)?;
    let before = stake.staked;
    stake.staked.increase(amount)?;
    require(stake.staked >= vault.minimum_stake, Code::BelowMinimumStake)?;
    stake.total_deposited.increase(amount)?;
    stake.staked_at = now;
    stake.revision.increase(1)?;

    vault.total_staked.increase(amount)?;
    if before == 0 {
        vault.active_stakes.increase(1)?;
    }
    vault.revision.increase(1)
}

/// Asks `amount` back: it stops being staked, and can be withdrawn when the cooldown is over.
///
/// A request while another one waits joins it, and both wait for the later of the two times: a shorter cooldown of the
/// vault never shortens the wait of what was asked back before. What is ready is not made to wait again: it has to be
/// withdrawn first.
pub fn request_unstake(vault: &mut Vault, stake: &mut Stake, amount: u64, now: i64) -> Result<()> {
    require(amount > 0, Code::InvalidAmount)?;
    require(amount <= stake.staked, Code::InsufficientStake)?;
    require(stake.unstaking == 0 || now < stake.withdrawable_at, Code::WithdrawalReady)?;
    let over_at = now.checked_add(i64::from(vault.cooldown_seconds)).ok_or(ProgramError::ArithmeticOverflow)?;
    stake.staked.decrease(amount)?;
    require(stake.staked == 0 || stake.staked >= vault.minimum_stake, Code::BelowMinimumStake)?;
    stake.unstaking.increase(amount)?;
    stake.withdrawable_at = stake.withdrawable_at.max(over_at);
    stake.revision.increase(1)?;

    vault.total_staked.decrease(amount)?;
    vault.total_unstaking.increase(amount)?;
    if stake.staked == 0 {
        vault.active_stakes.decrease(1)?;
    }
    vault.revision.increase(1)
}

/// Takes out all that was asked back, and returns how much that is. What is staked stays.
pub fn withdraw(vault: &mut Vault, stake: &mut Stake, now: i64) -> Result<u64> {
    require(stake.unstaking > 0, Code::NothingToWithdraw)?;
    require(now >= stake.withdrawable_at, Code::CooldownNotOver)?;
    let amount = stake.unstaking;
    stake.unstaking = 0;
    stake.withdrawable_at = 0;
    stake.total_withdrawn.increase(amount)?;
    stake.revision.increase(1)?;

    vault.total_unstaking.decrease(amount)?;
    vault.revision.increase(1)?;
    Ok(amount)
}

#[cfg(test)]
mod tests;
