//! Live events: what the web page and the fleet see of a call while it runs.
//!
//! Made by `Centre`, one way only: nothing comes back by this road.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record::{Emotion, Parties, Record, UnixMillis, Utterance};

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
    /// The call ended and this is its record (not yet saved).
    Ended { call: Uuid, record: Box<Record> },
}

/// A running call as a person would tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveCall {
    pub id: Uuid,
    pub started: UnixMillis,
    pub answered: Option<UnixMillis>,
    pub parties: Parties,
    pub state: CallState,
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
    Ending,
}
