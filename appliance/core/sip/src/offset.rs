//! A moment told from another one, so that it can be written down: an `Instant` means nothing in
//! the next run of a program.
//!
//! Who writes says which moment all offsets of a value count from; who reads says which moment of
//! its own that was.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Nanoseconds after a moment; negative is before it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Offset(i64);

impl Offset {
    /// `at` told from `base`.
    pub fn of(at: Instant, base: Instant) -> Self {
        let nanos = |d: Duration| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX);
        let ahead = nanos(at.saturating_duration_since(base));
        let behind = nanos(base.saturating_duration_since(at));
        Self(ahead.saturating_sub(behind))
    }

    /// The moment itself where offsets count from `base`; `base` where no clock reaches so far.
    pub fn at(self, base: Instant) -> Instant {
        let length = Duration::from_nanos(self.0.unsigned_abs());
        let at = if self.0 < 0 {
            base.checked_sub(length)
        } else {
            base.checked_add(length)
        };
        at.unwrap_or(base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_back_to_the_nanosecond_from_either_side() {
        let base = Instant::now();
        for at in [
            base,
            base + Duration::new(3, 7),
            base.checked_sub(Duration::new(5, 999_999_999))
                .unwrap_or(base),
        ] {
            assert_eq!(Offset::of(at, base).at(base), at);
        }
    }

    #[test]
    fn an_offset_beyond_all_clocks_is_the_moment_itself() {
        let base = Instant::now();
        assert_eq!(Offset(i64::MIN).at(base).max(base), base);
        assert!(Offset(i64::MAX).at(base) >= base);
    }
}
