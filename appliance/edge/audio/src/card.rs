//! What a sound device must be able to do, so that cards of a test are like those of ALSA.

/// Which way sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To a speaker.
    Playback,
    /// From a microphone or a line.
    Capture,
}

/// How a card was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its rate, Hz.
    pub rate: u32,
    /// Frames from one move of its pointer to the next.
    pub period: u32,
    /// Frames that its buffer holds.
    pub buffer: u32,
}

/// Why a card did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its buffer ran empty, or over (`EPIPE`): it starts again.
    #[error("its buffer ran empty or over")]
    Broke,
    /// The machine slept (`ESTRPIPE`): it starts again.
    #[error("the machine slept")]
    Slept,
    /// It is not there, or not for us; the words say why.
    #[error("{0}")]
    Gone(String),
}

/// One direction of an open card: 16-bit samples of one channel, never waiting.
pub trait Card {
    /// How it was opened.
    fn facts(&self) -> Facts;
    /// Frames that can be written, or read, now.
    fn room(&mut self) -> Result<usize, Fault>;
    /// Writes what fits; says how much it was.
    fn write(&mut self, samples: &[i16]) -> Result<usize, Fault>;
    /// Reads what is there; says how much it was.
    fn read(&mut self, samples: &mut [i16]) -> Result<usize, Fault>;
    /// Starts again after it broke or slept.
    fn restart(&mut self) -> Result<(), Fault>;
}

/// Where cards are found by name.
pub trait Rack {
    /// Its cards.
    type Card: Card;
    /// Opens a card.
    fn open(&mut self, name: &str, way: Way) -> Result<Self::Card, Fault>;
}
