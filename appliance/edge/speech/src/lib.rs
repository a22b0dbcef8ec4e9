//! Speech: PCM in, words and emotion out.
//!
//! Runs as its own process, driven by the gateway over a pair of pipes (`wire`): the gateway never
//! executes model code and survives the death of this process. Inside, a `worker` cuts each
//! stream into phrases (Silero VAD), hands them to a `Recogniser` (Whisper on tract, or vosk) and
//! scores how they sounded. Models are packs named by a manifest and checked by SHA-256.
//! It never opens a socket, never writes a file and knows nothing of calls.

pub mod emotion;
pub mod limits;
pub mod manifest;
pub mod mel;
pub mod models;
pub mod recogniser;
pub mod resample;
pub mod script;
pub mod segmenter;
pub mod transcribe;
pub mod vad;
pub mod vocabulary;
#[cfg(feature = "vosk")]
pub mod vosk;
pub mod wav;
pub mod whisper;
pub mod wire;
pub mod worker;

mod error;
mod graph;
#[cfg(test)]
mod packs_for_tests;

pub use error::SpeechError;
