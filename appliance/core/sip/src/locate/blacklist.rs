//! Addresses that did not answer: asked last for a while that grows with each failure and is forgotten after it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::limits::MAX_BLACKLIST;
use crate::transport::Peer;

/// How long after a first failure an address is asked last.
const FIRST: Duration = Duration::from_secs(30);
/// How long at most.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Addresses that failed lately.
#[derive(Clone, Debug, Default)]
pub struct Blacklist {
    failed: BTreeMap<Peer, Strike>,
}

#[derive(Clone, Copy, Debug)]
struct Strike {
    count: u32,
    until: Instant,
}

impl Blacklist {
    /// `peer` did not answer, broke its connection, or said 503.
    pub fn note_failure(&mut self, now: Instant, peer: Peer) {
        self.forget_old(now);
        let count = self.failed.get(&peer).map_or(0, |strike| strike.count);
        let doubled = FIRST.saturating_mul(1 << count.min(16));
        if count == 0 && self.failed.len() >= MAX_BLACKLIST {
            let soonest = self.failed.iter().min_by_key(|(_, s)| s.until);
            if let Some(peer) = soonest.map(|(peer, _)| *peer) {
                self.failed.remove(&peer);
            }
        }
        let strike = Strike {
            count: count.saturating_add(1),
            until: now + doubled.min(LONGEST),
        };
        self.failed.insert(peer, strike);
    }

    /// `peer` answered.
    pub fn note_success(&mut self, peer: Peer) {
        self.failed.remove(&peer);
    }

    /// Whether `peer` failed lately.
    pub fn holds(&self, now: Instant, peer: Peer) -> bool {
        self.failed.get(&peer).is_some_and(|s| s.until > now)
    }

    /// Puts those that failed lately last, the soonest forgotten first; none is left out, for all may have failed
    /// for a reason of our own.
    pub fn put_last(&self, now: Instant, peers: &mut [Peer]) {
        peers.sort_by_key(|peer| {
            let strike = self.failed.get(peer).filter(|s| s.until > now);
            strike.map(|s| s.until)
        });
    }

    /// How many it holds.
    pub fn len(&self) -> usize {
        self.failed.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.failed.is_empty()
    }

    /// A failure counts double only where the next one comes within twice its time.
    fn forget_old(&mut self, now: Instant) {
        self.failed.retain(|_, strike| {
            let doubled = FIRST.saturating_mul(1 << strike.count.min(16));
            strike.until + doubled.min(LONGEST) > now
        });
    }
}
