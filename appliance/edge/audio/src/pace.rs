//! Whether a card has a clock of its own: ALSA's `null` and `file` take and give all they are asked for.

use crate::limits::SWALLOWED;

/// What was seen of one card.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    swallowed: u32,
}

impl Pace {
    /// `moved` frames were written (read), and the buffer held (lacked) so many before and after it.
    pub(crate) fn saw(&mut self, moved: usize, before: usize, after: usize) {
        if moved == 0 {
            return;
        }
        let stayed = after.saturating_sub(before);
        self.swallowed = if stayed < moved / 2 {
            self.swallowed.saturating_add(1)
        } else {
            0
        };
    }

    /// Whether the last frame stayed in the buffer.
    pub(crate) fn stays(&self) -> bool {
        self.swallowed == 0
    }

    /// Whether it paces, as far as is known.
    pub(crate) fn paces(&self) -> bool {
        self.swallowed < SWALLOWED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_that_swallows_does_not_pace_until_it_keeps_something() {
        let mut pace = Pace::default();
        pace.saw(160, 320, 470);
        assert!(pace.paces() && pace.stays());
        for _ in 0..SWALLOWED {
            pace.saw(160, 0, 0);
        }
        assert!(!pace.paces() && !pace.stays());
        pace.saw(160, 0, 160);
        assert!(pace.paces());
    }
}
