//! The wall clock and the identities, made of arguments only.
//!
//! `Centre` is told once what time it is and counts on from there by `now`; the shell tells it
//! again when the host's clock was corrected. Times inside one call are differences of `now`, so a
//! corrected clock never makes a call end before it began. Nothing here asks the host.

use std::time::{Duration, Instant};

use call::Offset;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use uuid::Uuid;

use crate::record::UnixMillis;

/// What the wall clock showed at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    anchor: Instant,
    unix_ms: UnixMillis,
}

impl WallClock {
    /// The clock that shows `unix_ms` at `now`.
    pub(crate) fn new(now: Instant, unix_ms: UnixMillis) -> Self {
        Self {
            anchor: now,
            unix_ms,
        }
    }

    /// When it was told last, from `now`, and what it was told.
    pub(crate) fn told(&self, now: Instant) -> (Offset, UnixMillis) {
        (Offset::of(self.anchor, now), self.unix_ms)
    }

    /// Milliseconds since 1970 UTC at `now`.
    pub(crate) fn at(&self, now: Instant) -> UnixMillis {
        let (ahead, behind) = (
            millis(now.saturating_duration_since(self.anchor)),
            millis(self.anchor.saturating_duration_since(now)),
        );
        self.unix_ms.saturating_add(ahead).saturating_sub(behind)
    }
}

/// Makes identities out of a seed.
#[derive(Debug)]
pub(crate) struct Identities {
    random: ChaCha20Rng,
}

impl Identities {
    /// Identities that follow from `seed` alone.
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self {
            random: ChaCha20Rng::from_seed(seed),
        }
    }

    /// How many words of the random stream were drawn.
    pub(crate) fn drawn(&self) -> u128 {
        self.random.get_word_pos()
    }

    /// Goes on where another one of the same seed stood.
    pub(crate) fn skip_to(&mut self, drawn: u128) {
        self.random.set_word_pos(drawn);
    }

    /// A UUID of version 7 for the moment `unix_ms` (RFC 9562 section 5.7).
    pub(crate) fn uuid_v7(&mut self, unix_ms: UnixMillis) -> Uuid {
        let time = u128::from(u64::try_from(unix_ms).unwrap_or(0) & 0xffff_ffff_ffff) << 80;
        let random =
            (u128::from(self.random.next_u64()) << 64) | u128::from(self.random.next_u64());
        let free = 0x0000_0000_0000_0fff_3fff_ffff_ffff_ffff;
        let version_and_variant = 0x0000_0000_0000_7000_8000_0000_0000_0000;
        Uuid::from_u128(time | (random & free) | version_and_variant)
    }
}

/// Whole milliseconds of `duration`.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// `YYYY/MM/DD` in UTC of `unix_ms`, the recordings' folder of that day.
pub(crate) fn day_folder(unix_ms: UnixMillis) -> String {
    let (year, month, day) = civil(unix_ms.div_euclid(86_400_000));
    format!("{year:04}/{month:02}/{day:02}")
}

/// Year, month and day of a count of days since 1970-01-01, proleptic Gregorian: years are
/// counted from 1 March, so that the leap day is the last of its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_carry_their_names_over_leap_years() {
        let day = |days: i64| day_folder(days * 86_400_000 + 86_399_999);
        assert_eq!(day(0), "1970/01/01");
        assert_eq!(day(-1), "1969/12/31");
        assert_eq!(day(11_016), "2000/02/29");
        assert_eq!(day(11_017), "2000/03/01");
        assert_eq!(day(20_779), "2026/11/22");
        assert_eq!(day(47_540), "2100/02/28");
        assert_eq!(day(47_541), "2100/03/01");
    }

    #[test]
    fn identities_are_version_7_in_order_of_time_and_follow_from_the_seed() {
        let mut one = Identities::new([7; 32]);
        let mut two = Identities::new([7; 32]);
        let first = one.uuid_v7(1_795_383_000_000);
        assert_eq!(first, two.uuid_v7(1_795_383_000_000));
        let second = one.uuid_v7(1_795_383_000_001);
        assert!(first < second);
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(first.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(first.as_u128() >> 80, 1_795_383_000_000);
    }

    #[test]
    fn the_wall_clock_counts_on_from_what_it_was_told() {
        let start = Instant::now();
        let clock = WallClock::new(start, 1_000);
        assert_eq!(clock.at(start + Duration::from_millis(250)), 1_250);
        assert_eq!(
            WallClock::new(start + Duration::from_secs(1), 2_000).at(start),
            1_000
        );
    }
}
