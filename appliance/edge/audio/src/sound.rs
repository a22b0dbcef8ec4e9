//! One sound device: what it is called, and both its directions.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::alsa_card::Alsa;
use crate::card::{Rack, Way};
use crate::ear::Ear;
use crate::limits::FRAME;
use crate::mouth::Mouth;
use crate::side::Side;
use crate::status::Status;

/// The cards of a device, as ALSA names them: `default`, `plughw:1`; none for a direction it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Where it plays.
    pub playback: Option<String>,
    /// Where it listens.
    pub capture: Option<String>,
}

/// One sound device. Call [`Sound::turn`] at each beat while it is awake or somebody speaks over it, else at
/// [`Sound::next_try`].
#[derive(Debug)]
pub struct Sound<R: Rack = Alsa> {
    rack: R,
    speaker: Option<Side<R::Card, Mouth>>,
    microphone: Option<Side<R::Card, Ear>>,
}

impl Sound<Alsa> {
    /// A device of ALSA's.
    pub fn new(now: Instant, names: Names) -> Self {
        Self::on(Alsa, now, names)
    }
}

impl<R: Rack> Sound<R> {
    /// A device on a rack.
    pub fn on(rack: R, now: Instant, names: Names) -> Self {
        let speaker = names.playback;
        let microphone = names.capture;
        Self {
            rack,
            speaker: speaker.map(|name| Side::new(now, name, Way::Playback)),
            microphone: microphone.map(|name| Side::new(now, name, Way::Capture)),
        }
    }

    /// One frame: `speak` is played, `heard` becomes what was heard; silence where there is no card.
    pub fn turn(&mut self, now: Instant, speak: &[i16; FRAME], heard: &mut [i16; FRAME]) {
        heard.fill(0);
        if let Some(side) = &mut self.speaker {
            side.turn(now, &mut self.rack, |card, mouth, status| {
                mouth.play(card, speak, status)
            });
        }
        if let Some(side) = &mut self.microphone {
            side.turn(now, &mut self.rack, |card, ear, status| {
                ear.listen(card, heard, status)
            });
        }
    }

    /// Whether every card is there.
    pub fn is_present(&self) -> bool {
        let both = [self.playback(), self.capture()];
        both.into_iter().flatten().all(Status::is_open)
    }

    /// Whether some card is there: it wants a frame at each beat.
    pub fn is_awake(&self) -> bool {
        let both = [self.playback(), self.capture()];
        both.into_iter().flatten().any(Status::is_open)
    }

    /// When a card that is missing is tried next.
    pub fn next_try(&self) -> Option<Instant> {
        let speaker = self.speaker.as_ref().and_then(Side::next_try);
        let microphone = self.microphone.as_ref().and_then(Side::next_try);
        speaker.into_iter().chain(microphone).min()
    }

    /// How the speaker stands.
    pub fn playback(&self) -> Option<&Status> {
        self.speaker.as_ref().map(Side::status)
    }

    /// How the microphone stands.
    pub fn capture(&self) -> Option<&Status> {
        self.microphone.as_ref().map(Side::status)
    }
}

#[cfg(test)]
#[path = "sound_tests.rs"]
mod tests;
