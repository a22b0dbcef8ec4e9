//! Live events: what the web page and the fleet see of a call while it runs.
//!
//! Made by `Centre`, one way only: nothing comes back by this road.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::centre::CallBackView;
use crate::queue::{AgentView, QueueView};
use crate::record::{Direction, Emotion, Parties, Record, UnixMillis, Utterance};
use crate::shield::Refusal;

/// One change worth showing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A call came in.
    Started(LiveCall),
    /// State, step or target changed.
    Changed(LiveCall),
    /// The caller pressed a key.
    Digit { call: Uuid, digit: char },
    /// A phrase was recognised.
    Heard { call: Uuid, utterance: Utterance },
    /// How the last phrase sounded.
    Felt { call: Uuid, emotion: Emotion },
    /// An agent stands elsewhere than before.
    Agent(AgentView),
    /// Callers came to a queue or went.
    Queue(QueueView),
    /// Another site is in force: all its agents and queues.
    Staff {
        agents: Vec<AgentView>,
        queues: Vec<QueueView>,
    },
    /// A phone registered or went.
    Phone { device: String, phones: usize },
    /// A trunk that we call came up or went down.
    Trunk {
        trunk: String,
        up: bool,
        why: String,
    },
    /// A call to the outside was refused, or cut off, by the site's protection.
    Refused(Refusal),
    /// All calls that are owed now: one was promised, begins, comes to nothing, or moved on.
    CallBacks(Vec<CallBackView>),
    /// The call ended and this is its record (not yet saved).
    Ended { call: Uuid, record: Box<Record> },
}

/// All that goes on now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Running calls, oldest first.
    pub calls: Vec<LiveCall>,
    /// Agents, by name.
    pub agents: Vec<AgentView>,
    /// Queues, by name.
    pub queues: Vec<QueueView>,
    /// Calls that are owed, in the order in which they were promised.
    #[serde(default)]
    pub call_backs: Vec<CallBackView>,
}

/// A running call as a person would tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveCall {
    pub id: Uuid,
    pub started: UnixMillis,
    pub answered: Option<UnixMillis>,
    pub parties: Parties,
    pub state: CallState,
    /// Which way it goes.
    #[serde(default)]
    pub direction: Direction,
    /// The agent who speaks, or for whom it rings.
    #[serde(default)]
    pub agent: Option<String>,
    pub flow: String,
    pub step: String,
    pub digits: String,
    pub transcript: Vec<Utterance>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    Ringing,
    InFlow,
    InQueue,
    Transferring,
    /// Two parties hear each other.
    Talking,
    /// One party holds the other.
    OnHold,
    Ending,
}
