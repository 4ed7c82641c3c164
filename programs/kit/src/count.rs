//! Counters and sums that never wrap.

use crate::error::Result;
use pinocchio::error::ProgramError;

pub trait Count: Sized {
    /// Adds `by`, or fails and changes nothing.
    fn increase(&mut self, by: Self) -> Result<()>;

    /// Takes `by` away, or fails and changes nothing.
    fn decrease(&mut self, by: Self) -> Result<()>;
}

macro_rules! count {
    ($($number:ty),*) => {$(
        impl Count for $number {
            fn increase(&mut self, by: Self) -> Result<()> {
                *self = self.checked_add(by).ok_or(ProgramError::ArithmeticOverflow)?;
                Ok(())
            }

            fn decrease(&mut self, by: Self) -> Result<()> {
                *self = self.checked_sub(by).ok_or(ProgramError::ArithmeticOverflow)?;
                Ok(())
            }
        }
    )*};
}

count!(u32, u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_bounds_and_keeps_its_value() {
        let mut count = u32::MAX - 1;
        assert!(count.increase(1).is_ok());
        assert!(count.increase(1).is_err());
        assert_eq!(count, u32::MAX);

        let mut sum = 1_u64;
        assert!(sum.decrease(1).is_ok());
        assert!(sum.decrease(1).is_err());
        assert_eq!(sum, 0);
    }
}
