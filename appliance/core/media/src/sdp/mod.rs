//! Session descriptions (RFC 8866) and offer/answer (RFC 3264) for one audio stream.
//!
//! [`Session::parse`] reads what telephony needs and passes over the rest; [`answer`] and [`offer`]
//! decide codec, events, addresses and direction. Driven by `call`; touches no socket.

mod negotiate;
mod parse;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

pub use negotiate::{accept_answer, answer, offer};

use crate::codec::Codec;
use crate::sdes::{Crypto, CryptoError, OurSecret};
use crate::srtp::{MAX_KEY, MasterKey};

/// A parsed session description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// `c=` of the session, where there is one.
    pub connection: Option<IpAddr>,
    /// `a=sendrecv` and friends at session level.
    pub direction: Option<Direction>,
    /// `m=` sections in order.
    pub media: Vec<Media>,
}

/// One `m=` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, ...
    pub kind: String,
    /// RTP port; 0 means refused or disabled.
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, ...
    pub protocol: String,
    /// Payload types as written.
    pub formats: Vec<String>,
    /// `c=` of this section.
    pub connection: Option<IpAddr>,
    /// Direction of this section.
    pub direction: Option<Direction>,
    /// `a=ptime`, milliseconds.
    pub ptime: Option<u8>,
    /// `a=rtcp` (RFC 3605): port and, where given, address.
    pub rtcp: Option<(u16, Option<IpAddr>)>,
    /// `a=rtcp-mux` was offered (RFC 5761).
    pub rtcp_mux: bool,
    /// `a=rtpmap`: payload type and encoding as written, e.g. `PCMA/8000`.
    pub rtpmap: Vec<(String, String)>,
    /// `a=crypto` in order (RFC 4568): those that we can use, and why not the others.
    pub crypto: Vec<Result<Crypto, CryptoError>>,
}

/// Which way media flows, from the speaker's own view (RFC 3264 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// Only from the speaker.
    SendOnly,
    /// Only to the speaker.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The word of the attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The same seen from the other side.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            both => both,
        }
    }

    /// What both allow.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        match (
            self.sends() && other.sends(),
            self.receives() && other.receives(),
        ) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether its owner sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether its owner receives.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// What offer and answer agreed on for one leg: all a stream needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamSpec {
    /// The audio codec.
    pub codec: Codec,
    /// Its payload type, as the peer wants to receive it.
    pub payload: u8,
    /// Payload type of RFC 4733 events, where agreed.
    pub events: Option<u8>,
    /// Keys may come as tones in the sound itself, and are looked for there.
    #[serde(default)]
    pub tones: bool,
    /// Keys reach the peer by signalling: what the other party of a bridge presses is not sounded.
    #[serde(default)]
    pub mute_keys: bool,
    /// Clock of these events, Hz: the codec's (RFC 4733 section 2.1), though some peers keep 8000
    /// beside Opus.
    #[serde(default = "narrow")]
    pub events_clock: u32,
    /// Where RTP and RTCP are protected, by which keys. They are never written anywhere.
    #[serde(skip)]
    pub keys: Option<StreamKeys>,
    /// Packet time we send, milliseconds; always 20 for now.
    pub ptime_ms: u8,
    /// Where our RTP goes and theirs comes from.
    pub remote_rtp: SocketAddr,
    /// Where our RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// Our direction.
    pub direction: Direction,
}

/// The keys of one protected stream; shown without their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKeys {
    /// What we protect with.
    pub send: MasterKey,
    /// What the peer protects with.
    pub receive: MasterKey,
}

/// Whether media is protected by keys in the description (SDES, RFC 4568).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Srtp {
    /// Protected media is refused.
    #[default]
    Off,
    /// It is taken where it is offered; we offer plain media.
    Allow,
    /// Plain media is refused and never offered.
    Require,
}

/// How keys are pressed, on the way in and on the way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// As events where the peer takes them, else by INFO where it takes that, else as tones.
    #[default]
    Auto,
    /// As events (RFC 4733); as tones to a peer that takes none.
    Events,
    /// By INFO: no events are agreed on, and no tones are looked for.
    Info,
    /// As tones in the sound (ITU-T Q.23): no events are agreed on.
    Tones,
}

impl Keys {
    /// Whether events are agreed on.
    pub fn takes_events(self) -> bool {
        matches!(self, Self::Auto | Self::Events)
    }

    /// Whether keys are looked for in the sound. Opus does not keep tones well enough to be trusted
    /// where nobody says that they will come so.
    fn hears_tones(self, codec: Codec, has_events: bool) -> bool {
        match self {
            Self::Auto => !has_events && codec != Codec::Opus,
            Self::Tones => true,
            Self::Events | Self::Info => false,
        }
    }
}

/// The clock of events where a description from before says none, Hz.
fn narrow() -> u32 {
    crate::limits::RATE
}

/// What this side can do, best first.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Codecs, best first; used in offers. Answers keep the offerer's order.
    pub codecs: Vec<Codec>,
    /// Which way we let media flow: both ways, or less while we hold the other party.
    pub direction: Direction,
    /// Whether media may or must be protected.
    pub srtp: Srtp,
    /// How keys are pressed.
    pub keys: Keys,
    /// What our key is made of, the same for each description of a stream.
    pub secret: OurSecret,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            direction: Direction::SendRecv,
            srtp: Srtp::Off,
            keys: Keys::Auto,
            secret: OurSecret::new([0; MAX_KEY]),
        }
    }
}

/// The `o=` line's numbers: constant id, version one higher for each new description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdpIds {
    /// `sess-id`.
    pub session: u64,
    /// `sess-version`.
    pub version: u64,
}

/// Our answer and what it agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The description to send.
    pub body: Vec<u8>,
    /// What was agreed.
    pub spec: StreamSpec,
}

/// Why a description cannot be used. [`OfferError::status`] is the SIP answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Not a session description.
    #[error("session description, line {line}: {why}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No audio that is not switched off.
    #[error("no audio is offered")]
    NoAudio,
    /// Audio, but over a transport that we do not speak.
    #[error("audio is offered only over {0}, spoken here is {1}")]
    Transport(String, &'static str),
    /// Audio, but no codec of ours.
    #[error("no codec in common: offered {offered}, spoken here {spoken}")]
    NoCommonCodec {
        /// What was offered.
        offered: String,
        /// What we would take.
        spoken: String,
    },
    /// Protected audio without a key that we can use.
    #[error("no a=crypto of the audio can be used: {0}")]
    NoKey(&'static str),
    /// Audio without an address.
    #[error("no address is given for the audio")]
    NoAddress,
}

impl OfferError {
    /// The SIP status that says so: 400 for malformed bytes, 488 for an honest misfit.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed { .. } | Self::NoAddress => 400,
            Self::NoAudio | Self::Transport(..) | Self::NoKey(_) | Self::NoCommonCodec { .. } => {
                488
            }
        }
    }
}
