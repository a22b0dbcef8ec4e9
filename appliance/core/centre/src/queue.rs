//! Queues: callers waiting in the order in which they came.
//!
//! `Centre` owns them and keeps the longest wait as a deadline; a queue itself knows only who
//! stands where. A caller stands in one queue at most.

use std::collections::{BTreeMap, VecDeque};

use call::LegId;

/// All queues that hold somebody.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    waiting: BTreeMap<String, VecDeque<LegId>>,
}

impl Queues {
    /// Puts `leg` at the end of `queue`, out of any other queue.
    pub(crate) fn enter(&mut self, queue: &str, leg: LegId) {
        self.leave(leg);
        self.waiting
            .entry(queue.to_owned())
            .or_default()
            .push_back(leg);
    }

    /// Takes `leg` out of the queue it stands in, if any.
    pub(crate) fn leave(&mut self, leg: LegId) {
        for line in self.waiting.values_mut() {
            line.retain(|other| *other != leg);
        }
        self.waiting.retain(|_, line| !line.is_empty());
    }

    /// How many wait, per queue that holds somebody.
    pub(crate) fn lengths(&self) -> BTreeMap<String, usize> {
        self.waiting
            .iter()
            .map(|(name, line)| (name.clone(), line.len()))
            .collect()
    }

    /// The callers of `queue`, longest wait first.
    #[cfg(test)]
    pub(crate) fn line(&self, queue: &str) -> impl Iterator<Item = LegId> + '_ {
        self.waiting.get(queue).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_wait_in_the_order_in_which_they_came() {
        let mut queues = Queues::default();
        for leg in [3, 1, 2] {
            queues.enter("sales", LegId(leg));
        }
        queues.leave(LegId(1));
        assert_eq!(
            queues.line("sales").collect::<Vec<_>>(),
            [LegId(3), LegId(2)]
        );
    }

    #[test]
    fn a_caller_stands_in_one_queue_at_most() {
        let mut queues = Queues::default();
        queues.enter("sales", LegId(1));
        queues.enter("service", LegId(1));
        assert_eq!(
            queues.lengths(),
            BTreeMap::from([("service".to_owned(), 1)])
        );
        queues.leave(LegId(1));
        queues.leave(LegId(1));
        assert!(queues.lengths().is_empty());
    }
}
