//! Room for connections: so many in all, with one address, and that have not proved themselves.
//!
//! A place is held by the task of its connection and comes back when that ends, however it ends.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::{MAX_CONNECTIONS, MAX_PER_ADDRESS, MAX_UNPROVED, MAX_UNPROVED_PER_ADDRESS};

/// Who has how many places.
#[derive(Debug, Default)]
struct Held {
    all: Count,
    by_address: BTreeMap<IpAddr, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    total: usize,
    unproved: usize,
}

/// The places of the box.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<Held>>);

impl Places {
    /// A place for a connection with `address`; `None` where there is none left. One that the peer opened
    /// is unproved until it has spoken SIP.
    pub(super) fn take(&self, address: IpAddr, is_unproved: bool) -> Option<Place> {
        let address = address.to_canonical();
        let mut held = lock(&self.0);
        let here = held.by_address.get(&address).copied().unwrap_or_default();
        let is_full = held.all.total >= MAX_CONNECTIONS || here.total >= MAX_PER_ADDRESS;
        let is_crowded =
            held.all.unproved >= MAX_UNPROVED || here.unproved >= MAX_UNPROVED_PER_ADDRESS;
        if is_full || (is_unproved && is_crowded) {
            return None;
        }
        held.change(address, |count| {
            count.total += 1;
            count.unproved += usize::from(is_unproved);
        });
        Some(Place {
            places: self.clone(),
            address,
            is_unproved,
        })
    }

    /// Connections at once, now.
    pub(super) fn count(&self) -> usize {
        lock(&self.0).all.total
    }
}

/// Room for one connection.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    address: IpAddr,
    is_unproved: bool,
}

impl Place {
    /// The peer has spoken SIP.
    pub(super) fn prove(&mut self) {
        if std::mem::take(&mut self.is_unproved) {
            lock(&self.places.0).change(self.address, |count| count.unproved -= 1);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.prove();
        let mut held = lock(&self.places.0);
        held.change(self.address, |count| count.total -= 1);
        if held
            .by_address
            .get(&self.address)
            .is_some_and(|here| here.total == 0)
        {
            held.by_address.remove(&self.address);
        }
    }
}

impl Held {
    fn change(&mut self, address: IpAddr, act: impl Fn(&mut Count)) {
        act(&mut self.all);
        act(self.by_address.entry(address).or_default());
    }
}

/// Counters stay true whatever happened to another holder.
fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_that_only_wait_leave_room_for_peers_that_speak() {
        let places = Places::default();
        let address = |n: u8| IpAddr::from([192, 0, 2, n % 32]);
        let mut waiting: Vec<Place> = (0..MAX_UNPROVED)
            .map(|n| places.take(address(n as u8), true).unwrap())
            .collect();
        assert!(places.take(address(1), true).is_none());
        let ours = places.take(address(2), false);
        assert!(ours.is_some(), "a connection of our own still opens");
        waiting[0].prove();
        let next = places.take(address(3), true);
        assert!(next.is_some());
        drop((waiting, ours, next));
        assert_eq!(places.count(), 0);
        assert!(lock(&places.0).by_address.is_empty());
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let places = Places::default();
        let greedy = IpAddr::from([203, 0, 113, 9]);
        let held: Vec<Place> = (0..)
            .map_while(|_| places.take(greedy, false))
            .take(MAX_CONNECTIONS)
            .collect();
        assert_eq!(held.len(), MAX_PER_ADDRESS);
        drop(held);
        let waiting: Vec<Place> = (0..)
            .map_while(|_| places.take(greedy, true))
            .take(MAX_UNPROVED)
            .collect();
        assert_eq!(waiting.len(), MAX_UNPROVED_PER_ADDRESS);
        assert!(places.take(IpAddr::from([192, 0, 2, 1]), true).is_some());
    }
}
