//! When a card that is missing is tried again: soon at first, then ever less often.

use std::time::{Duration, Instant};

use crate::limits::{FIRST_PAUSE, LONGEST_PAUSE, STEADY};

/// The tries of one card.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reopen {
    next: Instant,
    pause: Duration,
    opened: Option<Instant>,
}

impl Reopen {
    /// A card that is tried at once.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            next: now,
            pause: FIRST_PAUSE,
            opened: None,
        }
    }

    /// When it is tried next.
    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    /// It was opened.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.opened = Some(now);
    }

    /// It could not be opened, or went.
    pub(crate) fn lost(&mut self, now: Instant) {
        let steady = |since: Instant| now.saturating_duration_since(since) >= STEADY;
        if self.opened.take().is_some_and(steady) {
            self.pause = FIRST_PAUSE;
        }
        self.next = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_that_is_missing_for_a_day_is_tried_every_half_minute() {
        let began = Instant::now();
        let mut reopen = Reopen::new(began);
        let mut tries = 0;
        while reopen.next() < began + Duration::from_secs(86_400) {
            tries += 1;
            let now = reopen.next();
            reopen.lost(now);
        }
        assert!((2_880..2_890).contains(&tries), "{tries}");
    }

    #[test]
    fn card_that_worked_is_back_soon_and_one_that_flickers_is_not() {
        let began = Instant::now();
        let mut reopen = Reopen::new(began);
        for _ in 0..8 {
            let now = reopen.next();
            reopen.opened(now);
            reopen.lost(now + Duration::from_secs(1));
        }
        let now = reopen.next();
        assert!(now > began + LONGEST_PAUSE);
        reopen.opened(now);
        let gone = now + Duration::from_secs(60);
        reopen.lost(gone);
        assert_eq!(reopen.next(), gone + FIRST_PAUSE);
    }
}
