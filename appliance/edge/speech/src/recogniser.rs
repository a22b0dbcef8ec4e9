//! What every speech engine is to the worker: samples of one phrase in, words out.

use crate::SpeechError;

/// Words of one phrase.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The text, never empty.
    pub text: String,
    /// 0..=1, the engine's own.
    pub confidence: f32,
}

/// A speech engine with its models loaded. Used by one thread at a time.
pub trait Recogniser: Send {
    /// Samples a second it wants: 8000 or 16000.
    fn rate(&self) -> u32;

    /// The words of one phrase (samples -1..1, at most `MAX_PHRASE_SECONDS` long), or none where
    /// there was no speech after all.
    fn recognise(&mut self, phrase: &[f32]) -> Result<Option<Words>, SpeechError>;
}
