//! How long to wait before the next connection: doubling, with jitter, so that a thousand boxes
//! do not return to a restarted broker in the same second.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The wait between attempts.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            next: first,
        }
    }

    /// A connection served: the next failure starts from the beginning.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    /// The wait now: between half and all of the current step.
    pub(crate) fn wait(&mut self) -> Duration {
        let step = self.next.min(self.max);
        self.next = step.saturating_mul(2).min(self.max);
        let half = step / 2;
        let share = u32::try_from(chance() % 1024).unwrap_or(0);
        half + half * share / 1024
    }
}

/// The standard library keys its hash maps at random: enough to spread boxes apart.
fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_success() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, 300 * second);
        for step in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let wait = backoff.wait();
            assert!(
                wait >= step * second / 2 && wait <= step * second,
                "{wait:?}"
            );
        }
        backoff.reset();
        assert!(backoff.wait() <= second);
    }
}
