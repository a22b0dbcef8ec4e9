//! The time of the day at the branch, out of the wall clock and the site's time zone.

use crate::record::UnixMillis;

const DAY_MS: i64 = 86_400_000;

/// A moment as the clocks of the branch show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Days since 1970-01-01.
    pub(crate) day: i64,
    /// Monday is 0.
    pub(crate) weekday: usize,
    /// Minute of the day.
    pub(crate) minute: u16,
}

impl Moment {
    /// The moment `unix_ms`, where clocks are `offset` minutes ahead of UTC.
    pub(crate) fn at(unix_ms: UnixMillis, offset: i32) -> Self {
        let local = unix_ms.saturating_add(i64::from(offset) * 60_000);
        let day = local.div_euclid(DAY_MS);
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let minute = u16::try_from(local.rem_euclid(DAY_MS) / 60_000).unwrap_or(0);
        Self {
            day,
            weekday,
            minute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_ahead_of_utc_show_the_next_day_earlier() {
        // 2026-11-22 17:30 UTC, a Sunday.
        let unix_ms = 20_779 * DAY_MS + 17 * 3_600_000 + 30 * 60_000;
        let (utc, beijing) = (Moment::at(unix_ms, 0), Moment::at(unix_ms, 480));
        assert_eq!((utc.day, utc.weekday, utc.minute), (20_779, 6, 1_050));
        assert_eq!(
            (beijing.day, beijing.weekday, beijing.minute),
            (20_780, 0, 90)
        );
    }
}
