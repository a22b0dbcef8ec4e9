//! What one stream counted, as plain numbers.

use serde::{Deserialize, Serialize};

/// Counters of one stream from open to close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamStats {
    /// RTP packets received, all payload types.
    pub packets_in: u64,
    /// RTP packets sent.
    pub packets_out: u64,
    /// Packets that never came (RFC 3550 A.3).
    pub lost: u64,
    /// Packets that came after their time, or twice.
    pub late: u64,
    /// Packets that were not RTP, of another payload type or of an impossible length.
    pub refused: u64,
    /// Protected packets whose key does not prove them: forged, damaged, or of another key.
    #[serde(default)]
    pub unproved: u64,
    /// Protected packets that came before, or are too old to tell.
    #[serde(default)]
    pub replayed: u64,
    /// Frames that had to be concealed.
    pub concealed: u64,
    /// Interarrival jitter, milliseconds (RFC 3550 A.8).
    pub jitter_ms: f32,
    /// Loss of what we sent as the peer reported it last, 0..=1.
    pub remote_loss: f32,
    /// Round trip by RTCP, milliseconds, where the peer reports.
    pub round_trip_ms: Option<f32>,
    /// How the party sounds here, by the E-model (ITU-T G.107), 1..=4.5; `None` where nothing came.
    #[serde(default)]
    pub mos: Option<f32>,
    /// How we sound at the party, as it reported last (RFC 3611), where it does.
    #[serde(default)]
    pub remote_mos: Option<f32>,
    /// Events dropped because nobody polled.
    pub events_dropped: u32,
}
