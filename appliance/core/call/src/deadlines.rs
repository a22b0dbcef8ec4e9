//! One table of deadlines, one entry per key: set again means moved, clear means gone.
//!
//! Every machine in time owns one and asks it for the next wake-up. It never sleeps, never reads
//! a clock, and costs O(log n) for each step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Deadlines by key, in order of time.
#[derive(Clone, Debug)]
pub struct Deadlines<K> {
    by_key: BTreeMap<K, Instant>,
    by_time: BTreeSet<(Instant, K)>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self {
            by_key: BTreeMap::new(),
            by_time: BTreeSet::new(),
        }
    }
}

impl<K: Copy + Ord> Deadlines<K> {
    /// Sets or moves the deadline of `key`.
    pub fn set(&mut self, key: K, at: Instant) {
        if let Some(old) = self.by_key.insert(key, at) {
            self.by_time.remove(&(old, key));
        }
        self.by_time.insert((at, key));
    }

    /// Forgets the deadline of `key`, if there is one.
    pub fn clear(&mut self, key: K) {
        if let Some(old) = self.by_key.remove(&key) {
            self.by_time.remove(&(old, key));
        }
    }

    /// Takes the earliest deadline that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (at, key) = *self.by_time.first()?;
        if at > now {
            return None;
        }
        self.clear(key);
        Some(key)
    }

    /// Takes all that are due at `now`, earliest first; what they set anew waits for its turn.
    pub fn take_due(&mut self, now: Instant) -> Vec<K> {
        std::iter::from_fn(|| self.pop_due(now)).collect()
    }

    /// Takes the earliest deadline, due or not.
    pub fn pop_first(&mut self) -> Option<K> {
        let (_, key) = *self.by_time.first()?;
        self.clear(key);
        Some(key)
    }

    /// The next deadline and whose it is.
    pub fn next(&self) -> Option<(Instant, K)> {
        self.by_time.first().copied()
    }

    /// When the deadline of `key` is.
    pub fn of(&self, key: K) -> Option<Instant> {
        self.by_key.get(&key).copied()
    }

    /// All of them, in order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (K, Instant)> {
        self.by_key.iter().map(|(key, at)| (*key, *at))
    }

    /// How many deadlines are set.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_deadline_set_again_is_moved_not_doubled() {
        let start = Instant::now();
        let mut table = Deadlines::default();
        table.set("a", start + Duration::from_secs(1));
        table.set("b", start + Duration::from_secs(2));
        table.set("a", start + Duration::from_secs(3));
        assert_eq!(table.len(), 2);
        assert_eq!(table.next(), Some((start + Duration::from_secs(2), "b")));
        assert_eq!(table.take_due(start + Duration::from_secs(3)), ["b", "a"]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_cleared_deadline_never_fires() {
        let start = Instant::now();
        let mut table = Deadlines::default();
        table.set(1, start);
        table.clear(1);
        table.clear(1);
        assert_eq!(table.pop_due(start), None);
        assert_eq!(table.next(), None);
    }
}
