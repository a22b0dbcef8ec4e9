//! Wrong tries per address, and the lock that follows five of them.
//!
//! An IPv6 peer counts by its /64: it owns all of it. The table is bounded and fails closed: while
//! every place is taken, an unknown address waits as if it were locked.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use super::Refusal;
use crate::limits;

/// Who tried how often.
#[derive(Default)]
pub(super) struct Tries {
    by_address: BTreeMap<IpAddr, Tried>,
}

struct Tried {
    wrong: u32,
    last: Instant,
}

impl Tries {
    /// Whether this address may try now.
    pub(super) fn allow(&mut self, now: Instant, from: IpAddr) -> Result<(), Refusal> {
        self.by_address
            .retain(|_, tried| now.duration_since(tried.last) < limits::LOCK);
        match self.by_address.get(&key(from)) {
            Some(tried) if tried.wrong >= limits::TRIES => Err(Refusal::Locked {
                seconds: seconds_left(now, tried.last),
            }),
            None if self.by_address.len() >= limits::TRIED_ADDRESSES => Err(Refusal::Locked {
                seconds: limits::LOCK.as_secs(),
            }),
            _ => Ok(()),
        }
    }

    /// Counts a try as wrong before its outcome is known; `right` takes it back.
    pub(super) fn begin(&mut self, now: Instant, from: IpAddr) {
        let tried = self.by_address.entry(key(from)).or_insert(Tried {
            wrong: 0,
            last: now,
        });
        tried.wrong += 1;
        tried.last = now;
    }

    /// What to say of a try that `begin` counted and that was wrong.
    pub(super) fn verdict(&self, now: Instant, from: IpAddr) -> Refusal {
        let Some(tried) = self.by_address.get(&key(from)) else {
            return Refusal::Wrong {
                left: limits::TRIES,
            };
        };
        match limits::TRIES.saturating_sub(tried.wrong) {
            0 => Refusal::Locked {
                seconds: seconds_left(now, tried.last),
            },
            left => Refusal::Wrong { left },
        }
    }

    /// Counts a wrong try and says what to answer.
    pub(super) fn wrong(&mut self, now: Instant, from: IpAddr) -> Refusal {
        self.begin(now, from);
        self.verdict(now, from)
    }

    /// Forgets the wrong tries of an address that came in.
    pub(super) fn right(&mut self, from: IpAddr) {
        self.by_address.remove(&key(from));
    }
}

fn seconds_left(now: Instant, last: Instant) -> u64 {
    limits::LOCK
        .saturating_sub(now.duration_since(last))
        .as_secs()
        .max(1)
}

fn key(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let network = v6.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 => v4,
    }
}
