//! Why a leg ended: one list for SIP, Q.850 and our own decisions (RFC 3326, ITU-T Q.850).
//!
//! Every ending in the box carries exactly one [`Cause`]; the record keeps the caller's leg's.

use serde::{Deserialize, Serialize};

/// Why a leg ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The other party sent BYE.
    CallerHungUp,
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
    /// The number is administratively busy or the flow answered busy (486).
    Busy,
    /// The 2xx was never acknowledged, or the peer stopped answering (RFC 3261 13.3.1.4).
    PeerUnreachable,
    /// No RTP arrived for the media time-out.
    MediaTimeout,
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
            Self::CallerHungUp | Self::FlowEnded | Self::Cancelled | Self::Transferred => 16,
            Self::Busy => 17,
            Self::QueueTimeout => 19,
            Self::NoRoute => 3,
            Self::NoCommonCodec => 88,
            Self::Overload => 42,
            Self::PeerUnreachable | Self::BoxRestarted | Self::BoxStopped => 27,
            Self::MediaTimeout => 31,
            Self::ProtocolError => 111,
        }
    }

    /// The SIP status that refuses an INVITE for this cause.
    pub fn sip_status(self) -> u16 {
        match self {
            Self::NoRoute => 404,
            Self::Busy => 486,
            Self::Cancelled => 487,
            Self::NoCommonCodec => 488,
            Self::ProtocolError => 400,
            Self::Overload | Self::BoxStopped | Self::BoxRestarted => 503,
            Self::CallerHungUp
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
            Self::FlowEnded => "flow_ended",
            Self::Cancelled => "cancelled",
            Self::Transferred => "transferred",
            Self::QueueTimeout => "queue_timeout",
            Self::NoRoute => "no_route",
            Self::NoCommonCodec => "no_common_codec",
            Self::Overload => "overload",
            Self::Busy => "busy",
            Self::PeerUnreachable => "peer_unreachable",
            Self::MediaTimeout => "media_timeout",
            Self::ProtocolError => "protocol_error",
            Self::BoxStopped => "box_stopped",
            Self::BoxRestarted => "box_restarted",
        }
    }

    /// The value of a Reason header for this cause (RFC 3326).
    pub fn reason_header(self) -> String {
        format!("Q.850;cause={};text=\"{}\"", self.q850(), self.word())
    }
}
