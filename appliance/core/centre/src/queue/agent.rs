//! One agent: where they stand, and since when.

use std::collections::BTreeSet;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::call_id::CallId;
use crate::site::Agent;

/// Where an agent stands, as a person would tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Not at work.
    SignedOut,
    /// Free.
    Ready,
    /// Their phone rings.
    Ringing,
    /// They speak, for a queue or on their own account.
    InCall,
    /// They finish the work of the last call.
    WrapUp,
    /// They take no calls for a while.
    Paused,
}

/// Why an agent takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseWhy {
    /// They wished it.
    Own,
    /// They let too many calls ring.
    Unanswered,
    /// Their phone cannot be reached; over when it registers again.
    Unreachable,
}

/// What became of a phone that rang and was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// Nobody picked up.
    NoAnswer,
    /// The call was refused, or the phone was busy.
    Refused,
    /// The phone could not be rung at all.
    Unreachable,
}

/// Why an agent cannot do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AgentError {
    #[error("there is no such agent")]
    Unknown,
    #[error("no phone is said to sign in at")]
    NoDevice,
    #[error("another agent speaks at that phone")]
    Taken,
    #[error("the agent is signed out")]
    SignedOut,
}

/// The inner state; what the world sees is [`AgentState`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    SignedOut,
    Ready,
    Ringing { call: CallId },
    InCall { queue: Option<String> },
    WrapUp,
    Paused(PauseWhy),
}

/// What an agent wished while they could not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Pause,
    SignOut,
}

/// One agent at work, or not.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) number: u32,
    pub(super) agent: Agent,
    pub(super) state: State,
    /// Since when they stand there.
    pub(super) since: Instant,
    /// The end of their last call, or the sign-in.
    pub(super) idle_since: Instant,
    /// The phone they are signed in at.
    pub(super) device: Option<String>,
    /// Calls in a row that they let ring.
    pub(super) missed: u32,
    /// Calls taken since they signed in.
    pub(super) taken: u32,
    /// They are not rung before that.
    pub(super) rest_until: Option<Instant>,
    pub(super) after: Option<After>,
    /// When the call they are in was answered.
    pub(super) answered: Option<Instant>,
    /// The site knows them no more; they are forgotten when they go home.
    pub(super) gone: bool,
}

impl Desk {
    pub(super) fn new(now: Instant, number: u32, agent: Agent) -> Self {
        Self {
            number,
            agent,
            state: State::SignedOut,
            since: now,
            idle_since: now,
            device: None,
            missed: 0,
            taken: 0,
            rest_until: None,
            after: None,
            answered: None,
            gone: false,
        }
    }

    pub(super) fn state(&self) -> AgentState {
        match self.state {
            State::SignedOut => AgentState::SignedOut,
            State::Ready => AgentState::Ready,
            State::Ringing { .. } => AgentState::Ringing,
            State::InCall { .. } => AgentState::InCall,
            State::WrapUp => AgentState::WrapUp,
            State::Paused(_) => AgentState::Paused,
        }
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.state != State::SignedOut
    }

    /// Whether they may be rung at `now`.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        self.state == State::Ready && self.rest_until.is_none_or(|until| until <= now)
    }

    /// Whether they serve `queue` and have what is wanted.
    pub(super) fn fits(
        &self,
        queue: &str,
        skills: &BTreeSet<String>,
        wanted: &BTreeSet<String>,
    ) -> bool {
        self.agent.serves(queue, skills) && wanted.is_subset(&self.agent.skills)
    }

    pub(super) fn has(&self, skill: &str) -> bool {
        self.agent.skills.contains(skill)
    }
}
