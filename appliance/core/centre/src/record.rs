//! The record: what is remembered of one call, emitted exactly once, in one place.
//!
//! `Centre` makes it, `store` commits it, `link` carries it, central keeps it. The JSON form is
//! the wire form between box and central: fields are added, never renamed.

pub use call::Cause;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything remembered of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// UUIDv7, made at the first INVITE.
    pub id: Uuid,
    /// How the contact came: `voice` for a call.
    pub channel: String,
    /// Wall-clock times of the call.
    pub times: Times,
    /// Who spoke with whom.
    pub parties: Parties,
    /// What the flow did.
    pub path: Path,
    /// What the caller said, in order.
    pub transcript: Vec<Utterance>,
    /// The strongest emotion of the call, advisory, the caller's leg only.
    pub emotion: Option<Emotion>,
    /// The audio, where the site records.
    pub recording: Option<Recording>,
    /// Who took it, and which way it went.
    #[serde(default)]
    pub handled: Handled,
    /// How its time was spent.
    #[serde(default)]
    pub spans: Spans,
    /// What the media path counted.
    pub quality: Quality,
    /// Why it ended.
    pub cause: Cause,
}

/// Milliseconds since 1970-01-01 UTC.
pub type UnixMillis = i64;

/// Wall-clock times, milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// First INVITE.
    pub started: UnixMillis,
    /// Our 200 OK, if it came to that.
    pub answered: Option<UnixMillis>,
    /// The last leg's end.
    pub ended: UnixMillis,
}

impl Times {
    /// Talk time in milliseconds: answer to end, 0 for an unanswered call.
    pub fn talk_ms(&self) -> i64 {
        self.answered.map_or(0, |at| (self.ended - at).max(0))
    }
}

/// Which way a call went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a trunk.
    #[default]
    Inbound,
    /// From a phone or from the box to a trunk.
    Outbound,
    /// Between phones, or from a phone to the box.
    Internal,
}

impl Direction {
    /// The word in records and columns.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }
}

/// Who took a call, and which way it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handled {
    /// Which way it went.
    pub direction: Direction,
    /// The agent who spoke last with the caller, or who called.
    pub agent: Option<String>,
    /// The device, or the number outside, that answered last.
    pub answered_by: Option<String>,
    /// The device that called; `None` where a trunk did.
    pub device: Option<String>,
    /// The queue that gave it to the agent.
    pub queue: Option<String>,
    /// What it cost by the site's prices, thousandths.
    pub cost: u64,
    /// The caller took the offer to be called back.
    #[serde(default)]
    pub call_back_promised: bool,
    /// The call in which this one was promised.
    #[serde(default)]
    pub call_back_of: Option<Uuid>,
}

/// How the time of a call was spent, milliseconds. The five spans follow one another and never
/// overlap, so their sum is the whole call; `bill_ms` runs from the answer to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans {
    /// A phone rang, and the caller stood in no queue.
    pub ring_ms: u64,
    /// The caller was led through a flow.
    pub flow_ms: u64,
    /// The caller waited in a queue, also while an agent's phone rang.
    pub wait_ms: u64,
    /// Two parties heard each other.
    pub talk_ms: u64,
    /// One party held the other.
    pub hold_ms: u64,
    /// From the answer to the end.
    pub bill_ms: u64,
}

/// Who spoke with whom; numbers as the peer wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// Name of the trunk it came or went by; empty for a call inside.
    pub trunk: String,
    /// Caller's number or SIP address.
    pub from: String,
    /// Called number or SIP address.
    pub to: String,
    /// The SIP Call-ID, to find it in the carrier's traces.
    pub sip_call_id: String,
}

/// What the flow did with the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// The flow that answered.
    pub flow: String,
    /// Steps entered, in order, as `flow/step`.
    pub steps: Vec<String>,
    /// Where it led: the last queue, flow or transfer target reached by name.
    pub target: Option<String>,
    /// Digits the caller pressed, in order.
    pub digits: String,
}

/// One recognised phrase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// Start, milliseconds after the answer.
    pub at_ms: u64,
    /// Length in milliseconds.
    pub length_ms: u64,
    /// The words heard.
    pub words: String,
    /// Dialect label of the pack, e.g. `zh`.
    pub dialect: String,
    /// 0..=1, the engine's own.
    pub confidence: f32,
    /// How it sounded, where the emotion pack is installed.
    pub emotion: Option<Emotion>,
}

/// An advisory emotion label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Emotion {
    /// Label of the pack's card, e.g. `angry`.
    pub label: String,
    /// 0..=1.
    pub score: f32,
}

/// The label of a voice in which nothing stirs; any other is worth more of an agent's eye.
const NEUTRAL: &str = "neutral";

impl Emotion {
    /// Whether this is the one to remember of a call: what stirs before what is neutral, then the
    /// higher score. One angry phrase must not drown in ten calm ones.
    pub fn tells_more_than(&self, other: &Self) -> bool {
        match (self.label == NEUTRAL, other.label == NEUTRAL) {
            (false, true) => true,
            (true, false) => false,
            _ => self.score > other.score,
        }
    }

    /// The one to remember of several phrases.
    pub fn of_call(phrases: &[Utterance]) -> Option<&Self> {
        let felt = phrases.iter().filter_map(|phrase| phrase.emotion.as_ref());
        felt.reduce(|kept, next| {
            if next.tells_more_than(kept) {
                next
            } else {
                kept
            }
        })
    }
}

/// A finished audio file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// File name below the recordings folder.
    pub file: String,
    /// Length in milliseconds.
    pub length_ms: u64,
    /// 20 ms frames that the recorder had to drop.
    pub gaps: u64,
}

/// What the media path counted on the caller's leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// RTP packets received.
    pub packets_in: u64,
    /// RTP packets sent.
    pub packets_out: u64,
    /// Packets that never came (RFC 3550 A.3).
    pub lost: u64,
    /// Interarrival jitter, milliseconds (RFC 3550 A.8).
    pub jitter_ms: f32,
    /// How the caller sounded here, by the E-model (ITU-T G.107), 1..=4.5, where anything came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mos: Option<f32>,
    /// How the box sounded to the caller, where the caller's side reports it (RFC 3611).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_mos: Option<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(label: &str, score: f32) -> Utterance {
        Utterance {
            at_ms: 0,
            length_ms: 1_000,
            words: String::new(),
            dialect: "zh".into(),
            confidence: 1.0,
            emotion: Some(Emotion {
                label: label.into(),
                score,
            }),
        }
    }

    #[test]
    fn one_angry_phrase_does_not_drown_in_calm_ones() {
        let phrases = [
            phrase("neutral", 0.99),
            phrase("angry", 0.6),
            phrase("sad", 0.5),
            phrase("neutral", 1.0),
        ];
        assert_eq!(
            Emotion::of_call(&phrases).map(|felt| felt.label.as_str()),
            Some("angry")
        );
        assert_eq!(Emotion::of_call(&[]), None);
    }
}
