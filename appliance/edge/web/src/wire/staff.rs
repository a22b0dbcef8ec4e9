//! Agents and queues as the page shows them.

use centre::{AgentState, AgentView, PauseWhy, QueueView, Refusal, RefusalWhy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calls::UnixMillis;

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AgentLine {
    /// The name in the site.
    pub(crate) agent: String,
    /// As people call them.
    pub(crate) name: String,
    pub(crate) state: AgentStateView,
    /// Why they are paused.
    pub(crate) why: Option<PauseView>,
    /// Since when they stand there.
    pub(crate) since: UnixMillis,
    /// The phone they are signed in at.
    pub(crate) device: Option<String>,
    pub(crate) skills: Vec<String>,
    /// The queue whose call they are in.
    pub(crate) queue: Option<String>,
    /// Calls taken since they signed in.
    pub(crate) taken: u32,
    /// What they do after this call, where they wished it.
    pub(crate) then: Option<AgentStateView>,
}

/// Where an agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgentStateView {
    SignedOut,
    Ready,
    Ringing,
    InCall,
    WrapUp,
    Paused,
}

/// Why an agent takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PauseView {
    /// They wished it.
    Own,
    /// They let too many calls ring.
    Unanswered,
    /// Their phone cannot be reached; over when it registers again.
    Unreachable,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct QueueLine {
    pub(crate) queue: String,
    /// Callers who wait.
    pub(crate) waiting: usize,
    /// Those of them for whom a phone rings.
    pub(crate) ringing: usize,
    /// Since when the one waits who waits longest.
    pub(crate) longest: Option<UnixMillis>,
    /// Agents signed in who serve it.
    pub(crate) agents: usize,
    /// Those of them who are free.
    pub(crate) ready: usize,
}

/// A call to the outside that protection refused or cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RefusalLine {
    /// The id of its record.
    pub(crate) call: String,
    pub(crate) to: String,
    /// The phone that wanted it.
    pub(crate) device: Option<String>,
    /// The trunk whose limit was reached.
    pub(crate) trunk: Option<String>,
    pub(crate) why: RefusalView,
    /// It ran already and was cut off.
    pub(crate) cut: bool,
}

/// Why a call to the outside was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusalView {
    NoOutbound,
    Destination,
    Hours,
    Calls,
    Rate,
    NoPrice,
    Money,
}

/// What an agent wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActView {
    SignIn,
    SignOut,
    Pause,
    Resume,
}

impl From<&AgentView> for AgentLine {
    fn from(view: &AgentView) -> Self {
        Self {
            agent: view.agent.clone(),
            name: view.name.clone(),
            state: view.state.into(),
            why: view.why.map(|why| match why {
                PauseWhy::Own => PauseView::Own,
                PauseWhy::Unanswered => PauseView::Unanswered,
                PauseWhy::Unreachable => PauseView::Unreachable,
            }),
            since: view.since,
            device: view.device.clone(),
            skills: view.skills.clone(),
            queue: view.queue.clone(),
            taken: view.taken,
            then: view.then.map(AgentStateView::from),
        }
    }
}

impl From<AgentState> for AgentStateView {
    fn from(state: AgentState) -> Self {
        match state {
            AgentState::SignedOut => Self::SignedOut,
            AgentState::Ready => Self::Ready,
            AgentState::Ringing => Self::Ringing,
            AgentState::InCall => Self::InCall,
            AgentState::WrapUp => Self::WrapUp,
            AgentState::Paused => Self::Paused,
        }
    }
}

impl From<&QueueView> for QueueLine {
    fn from(view: &QueueView) -> Self {
        Self {
            queue: view.queue.clone(),
            waiting: view.waiting,
            ringing: view.ringing,
            longest: view.longest,
            agents: view.agents,
            ready: view.ready,
        }
    }
}

impl From<&Refusal> for RefusalLine {
    fn from(refusal: &Refusal) -> Self {
        Self {
            call: refusal.call.to_string(),
            to: refusal.to.clone(),
            device: refusal.device.clone(),
            trunk: refusal.trunk.clone(),
            why: match refusal.why {
                RefusalWhy::NoOutbound => RefusalView::NoOutbound,
                RefusalWhy::Destination => RefusalView::Destination,
                RefusalWhy::Hours => RefusalView::Hours,
                RefusalWhy::Calls => RefusalView::Calls,
                RefusalWhy::Rate => RefusalView::Rate,
                RefusalWhy::NoPrice => RefusalView::NoPrice,
                RefusalWhy::Money => RefusalView::Money,
            },
            cut: refusal.cut,
        }
    }
}
