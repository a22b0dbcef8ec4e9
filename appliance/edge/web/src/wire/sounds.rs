//! Sound devices of the box as the page shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A phone that the box makes of its sound cards, or a line in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SoundLine {
    /// The name in the site.
    pub device: String,
    /// It is a phone; a line in else.
    pub is_phone: bool,
    /// The phone can be called.
    pub is_registered: bool,
    /// The phone rings, calls or speaks.
    pub is_busy: bool,
    /// Where it plays.
    pub playback: Option<CardLine>,
    /// Where it listens.
    pub capture: Option<CardLine>,
}

/// One direction of a sound card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CardLine {
    /// Why it is absent, in words; it is there where nothing is said.
    pub absent: Option<String>,
    /// Its rate, Hz.
    pub rate: Option<u32>,
    /// Times it ran out of samples.
    pub underruns: u64,
    /// Times it had more than could be taken.
    pub overruns: u64,
    /// How much faster its clock runs than the box's, millionths.
    pub drift_ppm: i32,
}

/// What somebody does at a phone of the box's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum SoundAct {
    /// Calls: the number, or the phone's own where none is said.
    Dial {
        #[serde(default)]
        to: Option<String>,
    },
    /// Answers what rings.
    Answer,
    /// Ends what goes on.
    HangUp,
}
