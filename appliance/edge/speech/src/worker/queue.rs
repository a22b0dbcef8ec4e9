//! Phrases that wait for the recogniser. Private to `worker`.
//!
//! Bounded: a phrase that does not fit drops the oldest waiting phrase, which is counted; the word
//! that a stream is closed is never dropped (streams are bounded themselves). Order is kept.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::MAX_WAITING;
use crate::segmenter::Phrase;

/// What waits.
pub(super) enum Job {
    /// A phrase of a stream.
    Phrase(u32, Phrase),
    /// The stream has ended, after its phrases.
    Closed(u32),
}

pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<(Instant, Job)>,
    phrases: usize,
    dropped: u64,
    no_more: bool,
    ended: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
        }
    }

    pub(super) fn push(&self, job: Job) {
        let mut state = self.lock();
        if matches!(job, Job::Phrase(..)) {
            if state.phrases >= MAX_WAITING {
                let oldest = state
                    .jobs
                    .iter()
                    .position(|(_, job)| matches!(job, Job::Phrase(..)));
                oldest.and_then(|place| state.jobs.remove(place));
                state.dropped += 1;
            } else {
                state.phrases += 1;
            }
        }
        state.jobs.push_back((Instant::now(), job));
        self.changed.notify_all();
    }

    /// The next job; waits for one. None when there will be no more.
    pub(super) fn pop(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some((_, job)) = state.jobs.pop_front() {
                state.phrases -= usize::from(matches!(job, Job::Phrase(..)));
                return Some(job);
            }
            if state.no_more {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing more will be pushed.
    pub(super) fn no_more(&self) {
        self.lock().no_more = true;
        self.changed.notify_all();
    }

    /// What waits is of no use to anybody, and nothing more will be pushed.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.jobs.clear();
        state.phrases = 0;
        drop(state);
        self.no_more();
    }

    /// Nobody pops any more.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Whether nobody pops any more.
    pub(super) fn ended(&self) -> bool {
        self.lock().ended
    }

    /// Waits for the end, at most `limit`; whether it has come.
    pub(super) fn wait_for_end(&self, limit: Duration) -> bool {
        let state = self.lock();
        let waited = self
            .changed
            .wait_timeout_while(state, limit, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    /// How long the oldest job has waited.
    pub(super) fn lag(&self) -> Duration {
        self.lock()
            .jobs
            .front()
            .map_or(Duration::ZERO, |(since, _)| since.elapsed())
    }

    /// Phrases dropped since start.
    pub(super) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(start: u64) -> Job {
        Job::Phrase(
            1,
            Phrase {
                start,
                samples: Vec::new(),
                speech: 0..0,
            },
        )
    }

    #[test]
    fn a_full_queue_drops_its_oldest_phrase_but_never_a_stream_s_end() {
        let queue = Queue::new();
        queue.push(Job::Closed(7));
        for start in 0..MAX_WAITING as u64 + 3 {
            queue.push(phrase(start));
        }
        assert_eq!(queue.dropped(), 3);
        assert!(matches!(queue.pop(), Some(Job::Closed(7))));
        assert!(matches!(
            queue.pop(),
            Some(Job::Phrase(1, Phrase { start: 3, .. }))
        ));
        queue.no_more();
        let rest = std::iter::from_fn(|| queue.pop()).count();
        assert_eq!(rest, MAX_WAITING - 1);
    }

    #[test]
    fn lag_is_the_oldest_jobs_wait() {
        let queue = Queue::new();
        assert_eq!(queue.lag(), Duration::ZERO);
        queue.push(phrase(0));
        assert!(queue.lag() > Duration::ZERO);
        queue.end();
        assert!(queue.ended() && queue.wait_for_end(Duration::from_secs(600)));
    }
}
