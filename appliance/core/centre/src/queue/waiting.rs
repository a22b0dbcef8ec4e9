//! One caller who waits, and the order in which callers are served.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{QueueAct, Queues, Timer};
use crate::call_id::CallId;

/// What a caller brings into a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) call: CallId,
    pub(crate) queue: String,
    /// How much they matter; the higher goes first.
    pub(crate) level: u8,
    /// What the agent must be able to do, besides what the queue wants.
    pub(crate) skills: BTreeSet<String>,
    /// What the agent should be able to do, while one who can is signed in.
    pub(crate) wish: Option<String>,
    pub(crate) max_wait: Duration,
    /// How often they are told something.
    pub(crate) announce: Option<Duration>,
}

/// Who comes first: the queue's priority, then the caller's level, then who came first.
pub(super) type Rank = (Reverse<u8>, Reverse<u8>, u64);

#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) queue: String,
    pub(super) rank: Rank,
    pub(super) since: Instant,
    pub(super) skills: BTreeSet<String>,
    pub(super) wish: Option<String>,
    pub(super) announce: Option<Duration>,
    /// Agents whose phones ring for them.
    pub(super) ringing: BTreeSet<String>,
    /// How often each agent let them ring.
    pub(super) tried: BTreeMap<String, u32>,
    /// One agent at a time is rung for them, whatever the queue does otherwise.
    pub(super) one_by_one: bool,
}

/// A place in a queue that is kept for somebody who hung up.
#[derive(Clone, Debug)]
pub(crate) struct Place(pub(super) Waiting);

impl Place {
    /// In which queue.
    pub(crate) fn queue(&self) -> &str {
        &self.0.queue
    }

    /// Since when they wait.
    pub(crate) fn since(&self) -> Instant {
        self.0.since
    }
}

impl Queues {
    /// A caller stands at the end of a queue, out of any other.
    pub(crate) fn enter(&mut self, now: Instant, waiter: Waiter) {
        self.leave(now, waiter.call);
        self.entered += 1;
        let priority = self.priority(&waiter.queue);
        let rank = (Reverse(priority), Reverse(waiter.level), self.entered);
        let call = waiter.call;
        self.deadlines.set(Timer::Wait(call), now + waiter.max_wait);
        if let Some(every) = waiter.announce {
            self.deadlines.set(Timer::Announce(call), now + every);
        }
        self.line.insert(rank, call);
        let queue = waiter.queue.clone();
        let waiting = Waiting {
            queue: waiter.queue,
            rank,
            since: now,
            skills: waiter.skills,
            wish: waiter.wish,
            announce: waiter.announce,
            ringing: BTreeSet::new(),
            tried: BTreeMap::new(),
            one_by_one: false,
        };
        self.waiting.insert(call, waiting);
        self.tell(QueueAct::QueueChanged { queue });
        self.settle(now);
    }

    /// A caller is gone, or goes on elsewhere; whoever rings for them is free again.
    pub(crate) fn leave(&mut self, now: Instant, call: CallId) {
        let Some(waiting) = self.take_out(call) else {
            return;
        };
        for agent in &waiting.ringing {
            self.free_ringing(now, agent, call);
        }
        self.settle(now);
    }

    /// Takes a caller out of their queue; the place can be held for them.
    pub(crate) fn take_place(&mut self, now: Instant, call: CallId) -> Option<Place> {
        let mut waiting = self.take_out(call)?;
        for agent in std::mem::take(&mut waiting.ringing) {
            self.free_ringing(now, &agent, call);
        }
        waiting.tried.clear();
        (waiting.announce, waiting.one_by_one) = (None, true);
        self.settle(now);
        Some(Place(waiting))
    }

    /// `call` stands at a place that was kept, for at most `life`.
    pub(crate) fn hold_place(&mut self, now: Instant, call: CallId, place: Place, life: Duration) {
        let waiting = place.0;
        self.deadlines.set(Timer::Wait(call), now + life);
        self.line.insert(waiting.rank, call);
        let queue = waiting.queue.clone();
        self.waiting.insert(call, waiting);
        self.rank_again(call);
        self.tell(QueueAct::QueueChanged { queue });
        self.settle(now);
    }

    /// Place in the queue, counted from 1.
    pub(crate) fn position(&self, call: CallId) -> Option<usize> {
        let mine = self.waiting.get(&call)?;
        let ahead = |other: &&Waiting| other.queue == mine.queue && other.rank < mine.rank;
        Some(self.waiting.values().filter(ahead).count() + 1)
    }

    /// How long the caller will still wait, as far as that can be told.
    pub(crate) fn expected_wait(&self, call: CallId) -> Option<Duration> {
        let queue = &self.waiting.get(&call)?.queue;
        let each = *self.handling.get(queue)?;
        let agents = u32::try_from(self.staffed(queue)).ok().filter(|n| *n > 0)?;
        let place = u32::try_from(self.position(call)?).unwrap_or(u32::MAX);
        Some(each.saturating_mul(place) / agents)
    }

    /// Agents signed in who serve `queue`.
    pub(super) fn staffed(&self, queue: &str) -> usize {
        let Some(rules) = self.rules.get(queue) else {
            return 0;
        };
        let serves =
            |desk: &&super::Desk| desk.is_signed_in() && desk.agent.serves(queue, &rules.skills);
        self.desks.values().filter(serves).count()
    }

    /// Takes a caller out of the line and forgets their deadlines.
    pub(super) fn take_out(&mut self, call: CallId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&call)?;
        self.line.remove(&waiting.rank);
        self.deadlines.clear(Timer::Wait(call));
        self.deadlines.clear(Timer::Announce(call));
        let queue = waiting.queue.clone();
        self.tell(QueueAct::QueueChanged { queue });
        Some(waiting)
    }

    /// The queue's priority may be another since the site changed.
    pub(super) fn rank_again(&mut self, call: CallId) {
        let Some(queue) = self.waiting.get(&call).map(|waiting| &waiting.queue) else {
            return;
        };
        let priority = self.priority(queue);
        if let Some(waiting) = self.waiting.get_mut(&call) {
            self.line.remove(&waiting.rank);
            waiting.rank.0 = Reverse(priority);
            self.line.insert(waiting.rank, call);
        }
    }

    pub(super) fn timed_out(&mut self, now: Instant, call: CallId) {
        let Some(waiting) = self.take_out(call) else {
            return;
        };
        for agent in &waiting.ringing {
            self.free_ringing(now, agent, call);
        }
        self.tell(QueueAct::TimedOut { call });
    }

    pub(super) fn announce(&mut self, now: Instant, call: CallId) {
        if let Some(every) = self.waiting.get(&call).and_then(|waiting| waiting.announce) {
            self.deadlines.set(Timer::Announce(call), now + every);
            self.tell(QueueAct::Announce { call });
        }
    }

    /// Keeps how long a call of `queue` took: each counts an eighth.
    pub(super) fn note_handling(&mut self, queue: String, took: Duration) {
        let mean = self.handling.entry(queue).or_insert(took);
        *mean = (*mean * 7 + took) / 8;
    }

    fn priority(&self, queue: &str) -> u8 {
        self.rules.get(queue).map_or(0, |rules| rules.priority)
    }
}
