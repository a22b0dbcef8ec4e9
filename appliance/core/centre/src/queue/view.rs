//! Agents and queues as a supervisor sees them.

use serde::{Deserialize, Serialize};

use super::Queues;
use super::agent::{After, AgentState, Desk, PauseWhy, State};
use crate::clock::WallClock;
use crate::record::UnixMillis;

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
    /// Since when they stand there.
    pub since: UnixMillis,
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
    /// Since when the one waits who waits longest.
    pub longest: Option<UnixMillis>,
    /// Agents signed in who serve it.
    pub agents: usize,
    /// Those of them who are free.
    pub ready: usize,
}

impl Queues {
    /// All agents, by name.
    pub(crate) fn agents(&self, wall: WallClock) -> Vec<AgentView> {
        self.desks.values().map(|desk| view(wall, desk)).collect()
    }

    /// One agent.
    pub(crate) fn agent(&self, wall: WallClock, name: &str) -> Option<AgentView> {
        self.desks.get(name).map(|desk| view(wall, desk))
    }

    /// All queues of the site, and those that still hold somebody, by name.
    pub(crate) fn queues(&self, wall: WallClock) -> Vec<QueueView> {
        let held = self.waiting.values().map(|waiting| &waiting.queue);
        let names: std::collections::BTreeSet<&String> = self.rules.keys().chain(held).collect();
        names
            .into_iter()
            .map(|name| self.queue(wall, name))
            .collect()
    }

    /// One queue.
    pub(crate) fn queue(&self, wall: WallClock, name: &str) -> QueueView {
        let here = || {
            self.waiting
                .values()
                .filter(|waiting| waiting.queue == name)
        };
        let serves = |desk: &&Desk| {
            let rules = self.rules.get(name);
            rules.is_some_and(|rules| desk.agent.serves(name, &rules.skills))
        };
        let ready = |desk: &&Desk| desk.state == State::Ready && serves(desk);
        QueueView {
            queue: name.to_owned(),
            waiting: here().count(),
            ringing: here().filter(|waiting| !waiting.ringing.is_empty()).count(),
            longest: here().map(|waiting| wall.at(waiting.since)).min(),
            agents: self.staffed(name),
            ready: self.desks.values().filter(ready).count(),
        }
    }
}

fn view(wall: WallClock, desk: &Desk) -> AgentView {
    AgentView {
        agent: desk.agent.name.clone(),
        name: desk.agent.shown.clone(),
        state: desk.state(),
        why: match desk.state {
            State::Paused(why) => Some(why),
            _ => None,
        },
        since: wall.at(desk.since),
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
