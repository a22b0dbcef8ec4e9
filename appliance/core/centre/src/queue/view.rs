//! Agents and queues as a supervisor sees them.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::agent::{After, AgentState, Desk, PauseWhy, State};
use super::{Queues, Waiting};

/// An agent as a person would tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentView {
    /// The name in the site.
    pub agent: String,
    /// As people call them.
    pub name: String,
    /// Where they stand.
    pub state: AgentState,
    /// Why they are paused, where they are.
    pub why: Option<PauseWhy>,
    /// How long they have stood there, milliseconds.
    pub since_ms: u64,
    /// The phone they are signed in at.
    pub device: Option<String>,
    /// What they can do.
    pub skills: Vec<String>,
    /// The queue whose call they are in.
    pub queue: Option<String>,
    /// Calls taken since they signed in.
    pub taken: u32,
    /// What they do after this call, where they wished it.
    pub then: Option<AgentState>,
}

/// A queue as a person would tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// Its name.
    pub queue: String,
    /// Callers who wait.
    pub waiting: usize,
    /// Those of them for whom a phone rings.
    pub ringing: usize,
    /// The longest wait of those who wait, milliseconds.
    pub longest_ms: u64,
    /// Agents signed in who serve it.
    pub agents: usize,
    /// Those of them who are free.
    pub ready: usize,
}

impl Queues {
    /// All agents, by name.
    pub(crate) fn agents(&self, now: Instant) -> Vec<AgentView> {
        self.desks.values().map(|desk| view(now, desk)).collect()
    }

    /// One agent.
    pub(crate) fn agent(&self, now: Instant, name: &str) -> Option<AgentView> {
        self.desks.get(name).map(|desk| view(now, desk))
    }

    /// All queues of the site, and those that still hold somebody, by name.
    pub(crate) fn queues(&self, now: Instant) -> Vec<QueueView> {
        let held = self.waiting.values().map(|waiting| &waiting.queue);
        let names: std::collections::BTreeSet<&String> = self.rules.keys().chain(held).collect();
        names
            .into_iter()
            .map(|name| self.queue(now, name))
            .collect()
    }

    /// One queue.
    pub(crate) fn queue(&self, now: Instant, name: &str) -> QueueView {
        let here = || {
            self.waiting
                .values()
                .filter(|waiting| waiting.queue == name)
        };
        let wait = |waiting: &Waiting| now.saturating_duration_since(waiting.since);
        let serves = |desk: &&Desk| {
            let rules = self.rules.get(name);
            rules.is_some_and(|rules| desk.agent.serves(name, &rules.skills))
        };
        let ready = |desk: &&Desk| desk.state == State::Ready && serves(desk);
        QueueView {
            queue: name.to_owned(),
            waiting: here().count(),
            ringing: here().filter(|waiting| !waiting.ringing.is_empty()).count(),
            longest_ms: here().map(wait).max().map_or(0, millis),
            agents: self.staffed(name),
            ready: self.desks.values().filter(ready).count(),
        }
    }
}

fn view(now: Instant, desk: &Desk) -> AgentView {
    AgentView {
        agent: desk.agent.name.clone(),
        name: desk.agent.shown.clone(),
        state: desk.state(),
        why: match desk.state {
            State::Paused(why) => Some(why),
            _ => None,
        },
        since_ms: millis(now.saturating_duration_since(desk.since)),
        device: desk.device.clone(),
        skills: desk.agent.skills.iter().cloned().collect(),
        queue: match &desk.state {
            State::InCall { queue } => queue.clone(),
            _ => None,
        },
        taken: desk.taken,
        then: desk.after.map(|after| match after {
            After::Pause => AgentState::Paused,
            After::SignOut => AgentState::SignedOut,
        }),
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
