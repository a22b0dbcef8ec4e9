//! How one direction of a sound device stands.

use serde::{Deserialize, Serialize};

/// What a person is told of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is not there, or not for us.
    Absent {
        /// In words.
        why: String,
    },
    /// It is open.
    Open {
        /// Its rate, Hz.
        rate: u32,
        /// Frames of its period.
        period: u32,
        /// Whether it has a clock of its own; ALSA's `null` and `file` have none.
        paces: bool,
    },
}

/// How one direction of a sound device stands, and what was counted since it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether it is there.
    pub state: State,
    /// Times it ran out of samples.
    pub underruns: u64,
    /// Times it had more than could be taken.
    pub overruns: u64,
    /// How much faster its clock runs than ours, millionths.
    pub drift_ppm: i32,
    /// Times it was opened.
    pub opened: u64,
}

impl Status {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }
}

impl Default for Status {
    fn default() -> Self {
        let why = "it was not tried yet".to_owned();
        Self {
            state: State::Absent { why },
            underruns: 0,
            overruns: 0,
            drift_ppm: 0,
            opened: 0,
        }
    }
}
