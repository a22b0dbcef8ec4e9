//! How fast: the waits of the uplink, and the rate that central grants.

use std::time::{Duration, Instant};

use crate::limits::MIN_RATE;

/// How long the uplink waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// A live row waits so long for company, if something is under way already.
    pub linger: Duration,
    /// First repetition of an unacknowledged batch; doubles from then on.
    pub resend_first: Duration,
    /// The longest wait between two repetitions.
    pub resend_max: Duration,
    /// First repetition of a batch that nobody was subscribed to; doubles up to `resend_first`.
    pub unheard_first: Duration,
    /// A publish without PUBACK for so long means that the connection is dead.
    pub stall: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            linger: Duration::from_secs(1),
            resend_first: Duration::from_secs(30),
            resend_max: Duration::from_secs(600),
            unheard_first: Duration::from_secs(1),
            stall: Duration::from_secs(20),
        }
    }
}

impl Pace {
    /// The wait after the `sends`-th publish of a batch.
    pub(super) fn resend_after(&self, sends: u32) -> Duration {
        doubled(self.resend_first, sends).min(self.resend_max)
    }

    /// The wait after the `times`-th publish that nobody heard.
    pub(super) fn unheard_after(&self, times: u32) -> Duration {
        doubled(self.unheard_first, times).min(self.resend_first)
    }
}

/// `first`, doubled for each time after the first.
fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(2u32.saturating_pow(times.saturating_sub(1)))
}

/// Lets rows pass at central's rate. A batch may start whenever the last one is paid for, so one
/// batch passes as a whole and the wait comes after it.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Option<u32>,
    free_at: Instant,
}

impl Bucket {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            rate: None,
            free_at: now,
        }
    }

    pub(super) fn set_rate(&mut self, now: Instant, rate: Option<u32>) {
        let rate = rate.map(|rate| rate.max(MIN_RATE));
        if rate != self.rate {
            self.rate = rate;
            self.free_at = now;
        }
    }

    pub(super) fn spend(&mut self, now: Instant, rows: u64) {
        if let Some(rate) = self.rate {
            let cost = Duration::from_micros(rows.saturating_mul(1_000_000) / u64::from(rate));
            self.free_at = self.free_at.max(now) + cost;
        }
    }

    pub(super) fn free_at(&self) -> Instant {
        self.free_at
    }
}
