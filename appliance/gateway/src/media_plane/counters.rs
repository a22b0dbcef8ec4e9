//! What the media thread counts and how late it was, readable from any thread without a lock.
//!
//! The thread adds with relaxed atomics; [`MediaPlane::stats`](super::MediaPlane::stats) reads.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Buckets of the histogram: four to a power of two, from 1 us to over an hour.
const BUCKETS: usize = 128;

/// What the media plane counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaneStats {
    /// Streams open now.
    pub open: u64,
    /// Times the thread came round: packets, orders, the wheel. It does so at least once for each nudge.
    pub rounds: u64,
    /// RTP and RTCP packets received.
    pub packets_in: u64,
    /// RTP and RTCP packets sent.
    pub packets_out: u64,
    /// Times a peer's host said that nobody listens (ICMP).
    pub refused_by_peer: u64,
    /// Packets that the system would not send, or sockets it would not connect.
    pub socket_errors: u64,
    /// Turns of 20 ms left out because the thread was over 200 ms late.
    pub overruns: u64,
    /// Commands for streams or ports that are not there.
    pub misdirected: u64,
    /// Things dropped or held back because a ring was full.
    pub full: FullRings,
    /// How late packets left.
    pub lateness: Lateness,
    /// Streams taken by faults of our own.
    pub lost: u64,
    /// The thread has real-time priority.
    pub is_realtime: bool,
    /// The thread is running.
    pub is_alive: bool,
}

/// Counts of full rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FullRings {
    /// Commands dropped on their way to the thread.
    pub orders: u64,
    /// Times an event had to wait in its stream.
    pub events: u64,
    /// 20 ms frames dropped on their way to the recorder; they are gaps of silence in the file.
    pub recorder: u64,
    /// 20 ms frames dropped on their way to speech.
    pub taps: u64,
}

/// Lateness of ticks against the absolute clock, microseconds; upper bounds of their buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Ticks measured.
    pub count: u64,
    /// Half were not later than this.
    pub p50_us: u64,
    /// 99 of 100 were not later than this.
    pub p99_us: u64,
    /// The latest.
    pub max_us: u64,
}

/// The live counters.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) open: AtomicU64,
    pub(super) rounds: AtomicU64,
    pub(super) packets_in: AtomicU64,
    pub(super) packets_out: AtomicU64,
    pub(super) refused_by_peer: AtomicU64,
    pub(super) socket_errors: AtomicU64,
    pub(super) overruns: AtomicU64,
    pub(super) misdirected: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) events_full: AtomicU64,
    pub(super) recorder_full: AtomicU64,
    pub(super) taps_full: AtomicU64,
    pub(super) lateness: Histogram,
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Counters {
    /// The counters at this moment; what the thread does not know is the caller's to fill in.
    pub(super) fn stats(&self) -> PlaneStats {
        PlaneStats {
            open: self.open.load(Relaxed),
            rounds: self.rounds.load(Relaxed),
            packets_in: self.packets_in.load(Relaxed),
            packets_out: self.packets_out.load(Relaxed),
            refused_by_peer: self.refused_by_peer.load(Relaxed),
            socket_errors: self.socket_errors.load(Relaxed),
            overruns: self.overruns.load(Relaxed),
            misdirected: self.misdirected.load(Relaxed),
            lost: self.lost.load(Relaxed),
            full: FullRings {
                orders: 0,
                events: self.events_full.load(Relaxed),
                recorder: self.recorder_full.load(Relaxed),
                taps: self.taps_full.load(Relaxed),
            },
            lateness: self.lateness.summary(),
            is_realtime: false,
            is_alive: false,
        }
    }
}

/// Log-linear histogram of microseconds in fixed memory.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            max: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    pub(super) fn add(&self, us: u64) {
        count(&self.buckets[bucket(us)]);
        self.max.fetch_max(us, Relaxed);
    }

    fn summary(&self) -> Lateness {
        let counts: Vec<u64> = self
            .buckets
            .iter()
            .map(|bucket| bucket.load(Relaxed))
            .collect();
        let count: u64 = counts.iter().sum();
        let max_us = self.max.load(Relaxed);
        let quantile = |percent: u64| {
            let wanted = (count * percent).div_ceil(100);
            let mut below = 0;
            let at = counts.iter().position(|each| {
                below += each;
                below >= wanted
            });
            at.filter(|_| count > 0)
                .map_or(0, |at| upper(at).min(max_us))
        };
        Lateness {
            count,
            p50_us: quantile(50),
            p99_us: quantile(99),
            max_us,
        }
    }
}

/// The bucket of a value: its leading bit and the two below it.
fn bucket(us: u64) -> usize {
    if us < 4 {
        return us as usize;
    }
    let exponent = 63 - us.leading_zeros() as usize;
    let quarter = (us >> (exponent - 2)) as usize & 3;
    ((exponent - 1) * 4 + quarter).min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn upper(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let (exponent, quarter) = (bucket / 4 + 1, bucket as u64 % 4);
    ((quarter + 5) << (exponent - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket() {
        for us in (0..5_000).chain([1 << 20, 1 << 30, (1 << 32) - 1]) {
            let at = bucket(us);
            assert!(us <= upper(at), "{us}");
            assert!(at == 0 || us > upper(at - 1), "{us}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_near_the_truth() {
        let histogram = Histogram::default();
        assert_eq!(histogram.summary(), Lateness::default());
        for us in 1..=1_000 {
            histogram.add(us);
        }
        let Lateness {
            count,
            p50_us,
            p99_us,
            max_us,
        } = histogram.summary();
        assert_eq!((count, max_us), (1_000, 1_000));
        assert!((500..=640).contains(&p50_us), "{p50_us}");
        assert!((990..=1_000).contains(&p99_us), "{p99_us}");
    }
}
