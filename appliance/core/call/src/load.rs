//! Whether the box keeps up: a box that is late with its own deadlines takes no new calls.
//!
//! Fed by `Switchboard` with how late each deadline is met. Running calls are not asked: what is
//! inside a call is always served, so that a burst of new ones cannot hurt it.

use std::time::Instant;

use crate::limits::{LATE, SHED_FOR};

/// How the box keeps up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    shed_until: Option<Instant>,
    /// How many of a hundred calls our neighbours should leave out while it does not keep up.
    percent: u8,
}

impl Load {
    /// Takes note of the earliest deadline that is not met yet at `now`.
    pub(crate) fn note(&mut self, now: Instant, next: Option<Instant>) {
        let late = next.map(|at| now.saturating_duration_since(at));
        if late.is_some_and(|late| late >= LATE) {
            let before = if self.is_high(now) { self.percent } else { 0 };
            let late = late.unwrap_or_default().as_millis();
            // Half of them at once, all where it is twice as late.
            let wanted = late.saturating_mul(50) / LATE.as_millis().max(1);
            let wanted = u8::try_from(wanted.min(100)).unwrap_or(100);
            self.percent = before.max(wanted);
            self.shed_until = Some(now + SHED_FOR);
        }
    }

    /// How many of a hundred calls our neighbours should leave out at `now` (RFC 7339).
    pub(crate) fn relief(&self, now: Instant) -> u8 {
        if self.is_high(now) { self.percent } else { 0 }
    }

    /// Until when new calls are turned away.
    pub(crate) fn shed_until(&self) -> Option<Instant> {
        self.shed_until
    }

    /// Turns new calls away until then.
    pub(crate) fn go_on(&mut self, shed_until: Instant) {
        self.shed_until = Some(shed_until);
    }

    /// Whether new calls are turned away at `now`.
    pub(crate) fn is_high(&self, now: Instant) -> bool {
        self.shed_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_box_that_is_late_takes_no_calls_until_it_has_caught_up() {
        let start = Instant::now();
        let mut load = Load::default();
        load.note(start, None);
        load.note(start, Some(start + Duration::from_secs(1)));
        load.note(start + LATE / 2, Some(start));
        assert!(!load.is_high(start + LATE / 2));
        load.note(start + LATE, Some(start));
        assert!(load.is_high(start + LATE));
        assert!(!load.is_high(start + LATE + SHED_FOR));
    }
}
