//! Why a leg ended: one list for SIP, Q.850 and our own decisions (RFC 3326, ITU-T Q.850).
//!
//! Every ending in the box carries exactly one [`Cause`]; the record keeps the caller's leg's.

use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Serialize};

/// Why a leg ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The party that called us sent BYE.
    CallerHungUp,
    /// The party that we called sent BYE.
    CalledHungUp,
    /// The flow reached its end and hung up.
    FlowEnded,
    /// The caller gave up before we answered (CANCEL).
    Cancelled,
    /// The leg was handed to another party (REFER accepted and completed).
    Transferred,
    /// The caller waited longer than the queue allows.
    QueueTimeout,
    /// No flow, queue or number takes this call.
    NoRoute,
    /// The offer has nothing we can speak (488).
    NoCommonCodec,
    /// All ports or call places are taken (503).
    Overload,
    /// The number is administratively busy, the flow answered busy, or the party is (486, 600).
    Busy,
    /// It rang, or was looked for, and nobody picked up in time (408, 480, 487).
    NoAnswer,
    /// The called party refused the call (603 and what is like it).
    Declined,
    /// The called number does not exist or is no number (404, 410, 484, 604).
    UnknownNumber,
    /// The other side does not let our account place this call (401, 403, 407).
    Forbidden,
    /// The other side had no room or failed (500 to 599).
    Congested,
    /// No phone is registered for the device that was called.
    NotRegistered,
    /// Another leg that rang for the same call was answered first.
    AnsweredElsewhere,
    /// The 2xx was never acknowledged, or the peer stopped answering (RFC 3261 13.3.1.4).
    PeerUnreachable,
    /// No RTP arrived for the media time-out.
    MediaTimeout,
    /// A fault of our own in the media plane took the leg's stream.
    MediaLost,
    /// The peer broke the protocol inside the dialog.
    ProtocolError,
    /// The box was stopped by its administrator while the call ran.
    BoxStopped,
    /// The box lost power or was killed while the call ran; written at the next start.
    BoxRestarted,
}

impl Cause {
    /// The ITU-T Q.850 cause number, as sent in a Reason header (RFC 3326).
    pub fn q850(self) -> u8 {
        match self {
            Self::CallerHungUp
            | Self::CalledHungUp
            | Self::FlowEnded
            | Self::Cancelled
            | Self::Transferred => 16,
            Self::UnknownNumber => 1,
            Self::Busy => 17,
            Self::QueueTimeout | Self::NoAnswer => 19,
            Self::NotRegistered => 20,
            Self::Declined => 21,
            Self::AnsweredElsewhere => 26,
            Self::Congested => 41,
            Self::Forbidden => 57,
            Self::NoRoute => 3,
            Self::NoCommonCodec => 88,
            Self::Overload => 42,
            Self::PeerUnreachable | Self::BoxRestarted | Self::BoxStopped => 27,
            Self::MediaTimeout => 31,
            Self::MediaLost => 41,
            Self::ProtocolError => 111,
        }
    }

    /// The SIP status that refuses an INVITE for this cause.
    pub fn sip_status(self) -> u16 {
        match self {
            Self::NoRoute | Self::UnknownNumber => 404,
            Self::Forbidden => 403,
            Self::Declined => 603,
            Self::Busy => 486,
            Self::Cancelled => 487,
            Self::NoCommonCodec => 488,
            Self::ProtocolError => 400,
            Self::MediaLost => 500,
            Self::Overload | Self::Congested | Self::BoxStopped | Self::BoxRestarted => 503,
            Self::CallerHungUp
            | Self::CalledHungUp
            | Self::NoAnswer
            | Self::NotRegistered
            | Self::AnsweredElsewhere
            | Self::FlowEnded
            | Self::Transferred
            | Self::QueueTimeout
            | Self::PeerUnreachable
            | Self::MediaTimeout => 480,
        }
    }

    /// The word in records, events and the Reason header's text.
    pub fn word(self) -> &'static str {
        match self {
            Self::CallerHungUp => "caller_hung_up",
            Self::CalledHungUp => "called_hung_up",
            Self::FlowEnded => "flow_ended",
            Self::Cancelled => "cancelled",
            Self::Transferred => "transferred",
            Self::QueueTimeout => "queue_timeout",
            Self::NoRoute => "no_route",
            Self::NoCommonCodec => "no_common_codec",
            Self::Overload => "overload",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
            Self::UnknownNumber => "unknown_number",
            Self::Forbidden => "forbidden",
            Self::Congested => "congested",
            Self::NotRegistered => "not_registered",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::PeerUnreachable => "peer_unreachable",
            Self::MediaTimeout => "media_timeout",
            Self::MediaLost => "media_lost",
            Self::ProtocolError => "protocol_error",
            Self::BoxStopped => "box_stopped",
            Self::BoxRestarted => "box_restarted",
        }
    }

    /// The cause of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        let word: StrDeserializer<'_, ValueError> = word.into_deserializer();
        Self::deserialize(word).ok()
    }

    /// What the final answer `status` to an INVITE of ours means (after RFC 3398 section 8.2.6.1).
    pub fn of_status(status: u16) -> Self {
        match status {
            486 | 600 => Self::Busy,
            408 | 480 | 487 => Self::NoAnswer,
            404 | 410 | 416 | 484 | 485 | 604 => Self::UnknownNumber,
            401 | 403 | 407 => Self::Forbidden,
            406 | 415 | 488 | 606 => Self::NoCommonCodec,
            400 | 402 | 405 | 409 | 411..=483 | 489..=499 => Self::ProtocolError,
            500..=599 => Self::Congested,
            _ => Self::Declined,
        }
    }

    /// How much this tells of a call that failed at several phones or peers: the best told is kept.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Declined => 6,
            Self::Busy => 5,
            Self::NoAnswer => 4,
            Self::UnknownNumber | Self::NoCommonCodec => 3,
            Self::Forbidden => 2,
            Self::Congested | Self::ProtocolError => 1,
            _ => 0,
        }
    }

    /// The value of a Reason header for this cause (RFC 3326).
    pub fn reason_header(self) -> String {
        format!("Q.850;cause={};text=\"{}\"", self.q850(), self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_final_answer_of_a_called_party_has_an_honest_cause() {
        for (status, cause, q850) in [
            (302, Cause::Declined, 21),
            (400, Cause::ProtocolError, 111),
            (401, Cause::Forbidden, 57),
            (403, Cause::Forbidden, 57),
            (404, Cause::UnknownNumber, 1),
            (408, Cause::NoAnswer, 19),
            (410, Cause::UnknownNumber, 1),
            (420, Cause::ProtocolError, 111),
            (480, Cause::NoAnswer, 19),
            (484, Cause::UnknownNumber, 1),
            (486, Cause::Busy, 17),
            (487, Cause::NoAnswer, 19),
            (488, Cause::NoCommonCodec, 88),
            (491, Cause::ProtocolError, 111),
            (500, Cause::Congested, 41),
            (503, Cause::Congested, 41),
            (600, Cause::Busy, 17),
            (603, Cause::Declined, 21),
            (604, Cause::UnknownNumber, 1),
        ] {
            assert_eq!(Cause::of_status(status), cause, "{status}");
            assert_eq!(cause.q850(), q850, "{status}");
        }
    }
}
