//! The pool of RTP ports: each is with one leg, resting, or free.
//!
//! Owned by `Switchboard`. A returned port rests for the quarantine, so that packets still on
//! their way to the old call never reach the next one; the longest rested goes out first.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sip::Offset;

use crate::limits::PORT_QUARANTINE;

/// Which ports are free, resting and out.
#[derive(Debug)]
pub(crate) struct Ports {
    free: VecDeque<u16>,
    resting: VecDeque<(Instant, u16)>,
    out: BTreeSet<u16>,
}

/// The order in which ports go out, as a value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rest {
    free: Vec<u16>,
    resting: Vec<(Offset, u16)>,
}

impl Ports {
    /// A pool of `ports`, each counted once, whatever the list repeats.
    pub(crate) fn new(ports: Vec<u16>) -> Self {
        let distinct: BTreeSet<u16> = ports.into_iter().collect();
        Self {
            free: distinct.into_iter().collect(),
            resting: VecDeque::new(),
            out: BTreeSet::new(),
        }
    }

    /// The port that rested longest, or `None` when all are out or still resting.
    pub(crate) fn take(&mut self, now: Instant) -> Option<u16> {
        while let Some((_, port)) = self.resting.pop_front_if(|(until, _)| *until <= now) {
            self.free.push_back(port);
        }
        let port = self.free.pop_front()?;
        self.out.insert(port);
        Some(port)
    }

    /// Puts `port` to rest; a port that is not out is left as it is.
    pub(crate) fn put_back(&mut self, now: Instant, port: u16) {
        if self.out.remove(&port) {
            self.resting.push_back((now + PORT_QUARANTINE, port));
        }
    }

    /// Puts back a port that no stream ever used: it needs no rest.
    pub(crate) fn put_back_unused(&mut self, port: u16) {
        if self.out.remove(&port) {
            self.free.push_front(port);
        }
    }

    /// The order of those that are with no leg, told from `now`.
    pub(crate) fn rest(&self, now: Instant) -> Rest {
        let resting = self.resting.iter();
        Rest {
            free: self.free.iter().copied().collect(),
            resting: resting
                .map(|(until, port)| (Offset::of(*until, now), *port))
                .collect(),
        }
    }

    /// Brings its free ports into the order of another pool; each port stays one port.
    pub(crate) fn go_on(&mut self, base: Instant, rest: Rest) {
        let mut own: BTreeSet<u16> = std::mem::take(&mut self.free).into_iter().collect();
        for port in rest.free {
            self.free.extend(own.take(&port));
        }
        for (until, port) in rest.resting {
            let known = own.take(&port);
            self.resting
                .extend(known.map(|port| (until.at(base), port)));
        }
        self.free.extend(own);
    }

    /// Ports with a leg now.
    pub(crate) fn out(&self) -> usize {
        self.out.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_returned_port_rests_before_it_goes_out_again() {
        let start = Instant::now();
        let mut pool = Ports::new(vec![4000, 4000]);
        assert_eq!(pool.take(start), Some(4000));
        assert_eq!(pool.take(start), None);
        pool.put_back(start, 4000);
        assert_eq!(pool.out(), 0);
        assert_eq!(
            pool.take(start + PORT_QUARANTINE - Duration::from_millis(1)),
            None
        );
        assert_eq!(pool.take(start + PORT_QUARANTINE), Some(4000));
    }

    #[test]
    fn a_port_given_back_twice_is_still_one_port() {
        let start = Instant::now();
        let later = start + PORT_QUARANTINE;
        let mut pool = Ports::new(vec![4000, 4002]);
        let port = pool.take(start).unwrap();
        pool.put_back(start, port);
        pool.put_back(start, port);
        pool.put_back(start, 9999);
        assert_eq!(
            (pool.take(later), pool.take(later), pool.take(later)),
            (Some(4002), Some(4000), None)
        );
    }
}
