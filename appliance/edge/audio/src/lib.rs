//! Local audio: the sound cards of the box, 20 ms at a time.
//!
//! [`Sound`] is one sound device: a speaker, a microphone, or both. Its owner gives it a thread and a
//! beat of [`Beat`], and at each beat one frame to play; it gives back the frame that was heard. Time is
//! an argument: cards that do not pace (ALSA's `null` and `file`) are led by the owner's clock, cards that
//! do are followed, their drift taken out by resampling. A card that is missing, or goes, is a [`Status`]
//! and tried again later. It never waits for a card, opens a socket, or knows of a call.

mod alsa_card;
mod beat;
mod bend;
mod card;
mod drift;
mod ear;
pub mod limits;
mod mouth;
mod pace;
mod reopen;
mod side;
#[cfg(test)]
mod simulated;
mod sound;
mod status;

pub use alsa_card::{Alsa, AlsaCard};
pub use beat::Beat;
pub use card::{Card, Facts, Fault, Rack, Way};
pub use sound::{Names, Sound};
pub use status::{State, Status};
