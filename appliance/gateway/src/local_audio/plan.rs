//! What the audio process is told, and what it tells: plain values over two pipes.
//!
//! To it go lines of JSON. From it come frames: a kind, a length (u16, little endian) and a body, which
//! is JSON or 20 ms of a line in. Both ends are always the same build.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use audio::Status;
use audio::limits::FRAME;
use centre::site::{Answer, Site};
use serde::{Deserialize, Serialize};

/// Bytes of 20 ms.
const PCM: usize = FRAME * 2;
/// Kinds of frames.
const STANDING: u8 = 1;
const SOUND: u8 = 2;
/// Bytes before a body.
const HEAD: usize = 3;

/// All that the audio process does for one site. It holds a password, so it does not show itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Where the box takes SIP; the phones speak from the same address.
    pub(super) sip: SocketAddr,
    pub(super) password: String,
    pub(super) phones: Vec<PhonePlan>,
    pub(super) lines: Vec<LinePlan>,
}

/// One phone made of sound cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PhonePlan {
    pub(super) name: String,
    pub(super) cards: audio::Names,
    /// It rings when it is called, and does not answer by itself.
    pub(super) rings: bool,
    /// Whom it calls where nothing else is said.
    pub(super) call: Option<String>,
}

/// One line in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LinePlan {
    pub(super) name: String,
    pub(super) card: String,
}

impl Plan {
    /// Nothing to do.
    pub(super) fn nothing(sip: SocketAddr) -> Self {
        Self {
            sip,
            password: String::new(),
            phones: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// What a site wants.
    pub(super) fn of(site: &Site, sip: SocketAddr, password: &str) -> Self {
        let phones = site.people().devices().filter_map(|device| {
            let audio = device.audio.as_ref()?;
            Some(PhonePlan {
                name: device.name.clone(),
                cards: audio::Names {
                    playback: audio.playback.clone(),
                    capture: audio.capture.clone(),
                },
                rings: audio.answer == Answer::Ring,
                call: audio.call.clone(),
            })
        });
        let lines = site.lines_in().iter().map(|(name, line)| LinePlan {
            name: name.clone(),
            card: line.capture.clone(),
        });
        Self {
            sip,
            password: password.to_owned(),
            phones: phones.collect(),
            lines: lines.collect(),
        }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.phones.is_empty() && self.lines.is_empty()
    }
}

/// What is said to the audio process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToWorker {
    /// The first word.
    Plan(Plan),
    /// A phone is to do something.
    Act { device: String, act: Act },
}

/// What somebody does at a phone without keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act {
    /// Calls, its own number where none is said.
    Dial { to: Option<String> },
    /// Answers what rings.
    Answer,
    /// Ends what goes on.
    HangUp,
}

/// How a phone or a line in stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// A phone; a line in else.
    pub(crate) is_phone: bool,
    pub(crate) playback: Option<Status>,
    pub(crate) capture: Option<Status>,
    /// A phone can be called.
    pub(crate) is_registered: bool,
    /// A phone rings, calls or speaks.
    pub(crate) is_busy: bool,
}

impl Standing {
    /// Whether somebody should be told at once: more than figures changed.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let state = |status: &Option<Status>| status.as_ref().map(|status| status.state.clone());
        state(&self.playback) != state(&other.playback)
            || state(&self.capture) != state(&other.capture)
            || self.is_registered != other.is_registered
            || self.is_busy != other.is_busy
    }
}

/// What the audio process says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FromWorker {
    /// How a phone or a line stands.
    Standing(String, Standing),
    /// 20 ms of a line, by its place in the plan.
    Sound(u8, Box<[i16; FRAME]>),
}

impl FromWorker {
    /// As bytes.
    pub(super) fn encode(&self) -> anyhow::Result<Vec<u8>> {
        let (kind, body) = match self {
            Self::Standing(name, standing) => (STANDING, serde_json::to_vec(&(name, standing))?),
            Self::Sound(line, pcm) => {
                let samples = pcm.iter().flat_map(|sample| sample.to_le_bytes());
                (SOUND, std::iter::once(*line).chain(samples).collect())
            }
        };
        let length = u16::try_from(body.len()).context("a frame is too long")?;
        let mut bytes = vec![kind];
        bytes.extend(length.to_le_bytes());
        bytes.extend(body);
        Ok(bytes)
    }

    /// The first frame of what came, and its length; `None` while it is not whole.
    pub(super) fn decode(bytes: &[u8]) -> anyhow::Result<Option<(Self, usize)>> {
        let Some((&[kind, low, high], rest)) = bytes.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_le_bytes([low, high]));
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = match (kind, body) {
            (STANDING, body) => {
                let (name, standing) = serde_json::from_slice(body)?;
                Self::Standing(name, standing)
            }
            (SOUND, [line, samples @ ..]) if samples.len() == PCM => {
                let mut pcm = Box::new([0; FRAME]);
                for (place, pair) in pcm.iter_mut().zip(samples.as_chunks::<2>().0) {
                    *place = i16::from_le_bytes(*pair);
                }
                Self::Sound(*line, pcm)
            }
            _ => bail!("a frame of kind {kind} and {length} bytes is none"),
        };
        Ok(Some((frame, HEAD + length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let standing = Standing {
            playback: Some(Status::default()),
            is_busy: true,
            ..Standing::default()
        };
        let pcm = Box::new(std::array::from_fn(|n| i16::try_from(n).unwrap() * 7 - 300));
        let frames = [
            FromWorker::Standing("door".to_owned(), standing),
            FromWorker::Sound(3, pcm),
        ];
        let bytes: Vec<u8> = frames.iter().flat_map(|f| f.encode().unwrap()).collect();
        let (mut at, mut found) = (0, Vec::new());
        for end in 0..=bytes.len() {
            while let Some((frame, length)) = FromWorker::decode(&bytes[at..end]).unwrap() {
                found.push(frame);
                at += length;
            }
        }
        assert_eq!((found.as_slice(), at), (&frames[..], bytes.len()));
        assert!(FromWorker::decode(&[9, 0, 0]).is_err());
        assert!(FromWorker::decode(&[SOUND, 2, 0, 1, 1]).is_err());
    }
}
