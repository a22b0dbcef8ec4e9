//! Queues and agents: who waits, who is free, and who is rung for whom.
//!
//! `Centre` drives it: callers `enter` and `leave`, agents sign in and out, and what became of
//! each ringing phone is told by `answered`, `missed` and `released`; after each, take `poll`
//! until it is empty and sleep until `poll_timeout`. A caller stands in one queue at most, an
//! agent is in one call at most. It dials nothing and plays nothing; a queue of the site that is
//! gone goes on holding its callers until their time is up.

mod agent;
mod desks;
mod matching;
mod standing;
mod view;
mod waiting;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use call::Deadlines;

pub(crate) use self::agent::{AgentError, Miss};
pub use self::agent::{AgentState, PauseWhy};
pub(crate) use self::standing::{KeptPlace, Standing};
pub use self::view::{AgentView, QueueView};
pub(crate) use self::waiting::{Place, Waiter};

use self::agent::Desk;
use self::waiting::{Rank, Waiting};
use crate::call_id::CallId;
use crate::site::{Rules, Site};

/// What must be done for the queues, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueueAct {
    /// Ring a phone for this call.
    Ring { call: CallId, ring: QueueRing },
    /// Stop ringing this agent for this call.
    StopRing { call: CallId, agent: String },
    /// The caller has waited long enough and stands in no queue any more.
    TimedOut { call: CallId },
    /// It is time to tell the caller something.
    Announce { call: CallId },
    /// The state of an agent is another.
    AgentChanged { agent: String },
    /// Callers came or went.
    QueueChanged { queue: String },
}

/// An agent's phone is to be rung, at most so long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueueRing {
    pub(crate) agent: String,
    pub(crate) device: String,
    pub(crate) patience: Duration,
}

/// What a queue waits for in time. Agents are named by their desk's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The work after a call is over.
    WrapUp(u32),
    /// An agent who let it ring may be rung again.
    Rest(u32),
    /// The caller waited long enough.
    Wait(CallId),
    /// The caller is to be told something.
    Announce(CallId),
}

/// All queues and all agents.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    rules: BTreeMap<String, Rules>,
    desks: BTreeMap<String, Desk>,
    numbers: BTreeMap<u32, String>,
    waiting: BTreeMap<CallId, Waiting>,
    /// Who comes first.
    line: BTreeMap<Rank, CallId>,
    /// The agent rung last, per queue, for those that ring in turn.
    rung: BTreeMap<String, String>,
    /// How long a call takes, per queue.
    handling: BTreeMap<String, Duration>,
    acts: VecDeque<QueueAct>,
    deadlines: Deadlines<Timer>,
    entered: u64,
    hired: u32,
}

impl Queues {
    /// Takes the agents and the rules of a site. Agents keep their state; one who is gone is
    /// signed out once they are free.
    pub(crate) fn set_site(&mut self, now: Instant, site: &Site) {
        let rules = site
            .queues()
            .map(|q| (q.name().to_owned(), q.rules().clone()));
        self.rules = rules.collect();
        self.staff(now, site);
        let calls: Vec<CallId> = self.waiting.keys().copied().collect();
        for call in calls {
            self.rank_again(call);
        }
        self.settle(now);
    }

    /// What must be done now; ask until it is `None`.
    pub(crate) fn poll(&mut self) -> Option<QueueAct> {
        self.acts.pop_front()
    }

    /// When to call `handle_timeout`.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next().map(|(at, _)| at)
    }

    /// Does what is due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for timer in self.deadlines.take_due(now) {
            match timer {
                Timer::WrapUp(desk) => self.wrapped_up(now, desk),
                Timer::Rest(_) => {}
                Timer::Wait(call) => self.timed_out(now, call),
                Timer::Announce(call) => self.announce(now, call),
            }
        }
        self.settle(now);
    }

    /// How many wait, per queue that holds somebody.
    pub(crate) fn lengths(&self) -> BTreeMap<String, usize> {
        let mut lengths = BTreeMap::new();
        for waiting in self.waiting.values() {
            *lengths.entry(waiting.queue.clone()).or_default() += 1;
        }
        lengths
    }

    /// How many wait in `queue`.
    pub(crate) fn length(&self, queue: &str) -> usize {
        let here = |waiting: &&Waiting| waiting.queue == queue;
        self.waiting.values().filter(here).count()
    }

    /// How many deadlines of callers are set; those of agents are not counted.
    pub(crate) fn deadlines(&self) -> usize {
        let told = self.waiting.values().filter(|w| w.announce.is_some());
        self.waiting.len() + told.count()
    }

    fn tell(&mut self, act: QueueAct) {
        self.acts.push_back(act);
    }
}

#[cfg(test)]
mod tests;
