//! What the owner of calls asks of the media plane, and what the plane tells back.
//!
//! Plain values: they cross a ring between two threads. Names of prompts and files become audio and
//! handles on the control side, never inside a media thread.

use serde::{Deserialize, Serialize};

use crate::sdp::StreamSpec;
use crate::stats::StreamStats;

/// One leg's RTP, both ways. Numbers are never used again within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId(pub u32);

/// What is asked of the media plane.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamCommand {
    /// Start sending and receiving on a port of the pool (RTP; RTCP is the next one).
    Open {
        stream: StreamId,
        port: u16,
        spec: StreamSpec,
    },
    /// The peer changed address, codec or direction (re-INVITE, UPDATE).
    Update { stream: StreamId, spec: StreamSpec },
    /// Play prompts in order; replaces what plays. With `repeat` for ever. `id` comes back in
    /// [`StreamEvent::PlayDone`], so that an end under way is never taken for that of the next list.
    /// A bridged party hears the prompts in place of the other one, until they end.
    Play {
        stream: StreamId,
        id: u32,
        prompts: Vec<String>,
        repeat: bool,
    },
    /// Fall silent.
    StopPlay { stream: StreamId },
    /// Send keys by RFC 4733.
    SendDigits { stream: StreamId, digits: String },
    /// From now on the two hear each other; what played to either ends, without `PlayDone`. Whoever
    /// was bridged with another is parted from it first.
    Bridge { a: StreamId, b: StreamId },
    /// The stream and the one it is bridged with hear silence again, and prompts.
    Unbridge { stream: StreamId },
    /// Record to a file below the recordings folder: left the stream's own party, right what that
    /// party hears, be it prompts or the other party of a bridge.
    Record { stream: StreamId, file: String },
    /// Hand the caller's audio to speech, or stop.
    Tap { stream: StreamId, on: bool },
    /// End; answers with `Recorded` (if it recorded) and `Closed`.
    Close { stream: StreamId },
}

/// What the media plane tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEvent {
    /// A key was pressed; once a press, whatever the network repeats.
    Digit { stream: StreamId, digit: char },
    /// The last prompt of the `Play` of this `id`, without `repeat`, was sent to its end.
    PlayDone { stream: StreamId, id: u32 },
    /// A prompt of a `Play` does not exist; the others play.
    MissingPrompt { stream: StreamId, prompt: String },
    /// Neither RTP nor RTCP came for the media time-out.
    MediaTimeout { stream: StreamId },
    /// Both ways were agreed and we send, but no RTP came for `since_ms`: one-way audio. Told once
    /// until it heals.
    OneWay { stream: StreamId, since_ms: u32 },
    /// RTP comes again after [`OneWay`](Self::OneWay).
    Flowing { stream: StreamId },
    /// A fault of the media plane itself ended what it did for this stream; only `Close` is of use
    /// now.
    Lost { stream: StreamId },
    /// The recording is closed and on disk.
    Recorded {
        stream: StreamId,
        file: String,
        length_ms: u64,
        gaps: u64,
    },
    /// The stream ended.
    Closed {
        stream: StreamId,
        stats: StreamStats,
    },
}

impl StreamCommand {
    /// Whom it is for; of two, the first.
    pub fn stream(&self) -> StreamId {
        match self {
            Self::Bridge { a, .. } => *a,
            Self::Open { stream, .. }
            | Self::Update { stream, .. }
            | Self::Play { stream, .. }
            | Self::StopPlay { stream }
            | Self::Unbridge { stream }
            | Self::SendDigits { stream, .. }
            | Self::Record { stream, .. }
            | Self::Tap { stream, .. }
            | Self::Close { stream } => *stream,
        }
    }
}

impl StreamEvent {
    /// Whom it is about.
    pub fn stream(&self) -> StreamId {
        match self {
            Self::Digit { stream, .. }
            | Self::PlayDone { stream, .. }
            | Self::MissingPrompt { stream, .. }
            | Self::MediaTimeout { stream }
            | Self::Lost { stream }
            | Self::OneWay { stream, .. }
            | Self::Flowing { stream }
            | Self::Recorded { stream, .. }
            | Self::Closed { stream, .. } => *stream,
        }
    }
}
