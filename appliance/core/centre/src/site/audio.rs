//! Local audio of a site: phones made of a sound card, and lines in that are played as music.

/// The sound cards of a phone that the box brings itself, as ALSA names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// Where it plays; a door speaker may have no other.
    pub playback: Option<String>,
    /// Where it listens.
    pub capture: Option<String>,
    /// What it does when it is called.
    pub answer: Answer,
    /// Whom it calls where nothing else is said.
    pub call: Option<String>,
}

/// What a phone of the box's own does when it is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// It answers: a door, a loudspeaker.
    #[default]
    AtOnce,
    /// It rings until somebody answers by the API.
    Ring,
}

/// A line in: a source of sound that is played under its name wherever a prompt can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIn {
    /// Its card, as ALSA names it.
    pub capture: String,
    /// The prompt that plays while the card is missing; silence where none.
    pub otherwise: Option<String>,
}
