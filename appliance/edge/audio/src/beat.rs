//! The beat of a device's thread: one frame each 20 ms of the monotonic clock, none twice.

use std::time::Instant;

use crate::limits::{FRAME_TIME, MAX_BEHIND};

/// When the next frame is due.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    next: Instant,
}

impl Beat {
    /// A beat that begins now.
    pub fn new(now: Instant) -> Self {
        Self { next: now }
    }

    /// When to wake.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// How many frames are due at `now`; after a long sleep the oldest are left out.
    pub fn take(&mut self, now: Instant) -> u32 {
        let mut due = 0;
        while self.next <= now {
            if due == MAX_BEHIND {
                self.next = now + FRAME_TIME;
                break;
            }
            due += 1;
            self.next += FRAME_TIME;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn there_are_fifty_frames_a_second_however_the_thread_wakes() {
        let began = Instant::now();
        let mut beat = Beat::new(began);
        let mut frames = 0;
        for ms in (0..10_000).step_by(7) {
            frames += beat.take(began + Duration::from_millis(ms));
        }
        assert_eq!(frames, 500);
    }

    #[test]
    fn thread_that_overslept_does_not_run_after_what_is_gone() {
        let began = Instant::now();
        let mut beat = Beat::new(began);
        let late = began + Duration::from_secs(3_600);
        assert_eq!(beat.take(late), MAX_BEHIND);
        assert_eq!(beat.take(late), 0);
        assert_eq!(beat.next(), late + FRAME_TIME);
    }
}
