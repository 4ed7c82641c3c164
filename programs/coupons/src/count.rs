//! Counters that never wrap.

use crate::error::{Code, Result};

pub trait Count: Sized {
    /// Adds `by`, or fails with [`Code::ArithmeticOverflow`] and changes nothing.
    fn increase(&mut self, by: Self) -> Result<()>;
}

macro_rules! count {
    ($($number:ty),*) => {$(
        impl Count for $number {
            fn increase(&mut self, by: Self) -> Result<()> {
                *self = self.checked_add(by).ok_or(Code::ArithmeticOverflow)?;
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
    fn stops_at_the_maximum_and_keeps_its_value() {
        let mut count = u32::MAX - 1;
        assert!(count.increase(1).is_ok());
        assert!(count.increase(1).is_err());
        assert_eq!(count, u32::MAX);
    }
}
