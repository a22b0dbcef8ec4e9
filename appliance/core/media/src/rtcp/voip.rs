//! The VoIP metrics block of an extended report (RFC 3611 section 4.7): how a call sounds to whoever
//! receives it.

use super::u32_at;
use super::write::Writer;
use crate::gaps::{GMIN, Spread};

/// Extended report.
pub(super) const XR: u8 = 207;
/// Type of the block, and its words after the first.
const BLOCK_TYPE: u8 = 7;
const WORDS: u8 = 8;
/// Bytes of the whole packet with its SSRC.
pub(super) const LENGTH: usize = 8 + 4 * (1 + WORDS as usize);
/// What stands for "not measured".
const UNKNOWN: u8 = 127;
/// Enhanced concealment, adaptive jitter buffer of unknown rate (section 4.7.6).
const RECEIVER: u8 = 0b1011_0000;

/// How one source is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoipMetrics {
    /// The source.
    pub ssrc: u32,
    /// Part of its packets that never came, 0..=1.
    pub loss: f32,
    /// Part that came too late to be heard, 0..=1.
    pub discard: f32,
    /// How both are spread.
    pub spread: Spread,
    /// Milliseconds of sound in a packet.
    pub ptime_ms: u8,
    /// Milliseconds, where known.
    pub round_trip_ms: Option<f32>,
    /// The rating of the E-model, 0..=100.
    pub r: f32,
    /// The score to expect, without and with the delay, 1..=5.
    pub mos: (f32, f32),
    /// Milliseconds that the jitter buffer waits now.
    pub buffer_ms: u16,
}

impl VoipMetrics {
    pub(super) fn write(&self, out: &mut Writer<'_>, reporter: u32) -> Option<()> {
        let time = |packets: f32| whole(packets * f32::from(self.ptime_ms), u16::MAX).to_be_bytes();
        out.head(XR, 0, LENGTH)?;
        out.word(reporter)?;
        out.bytes(&[BLOCK_TYPE, 0, 0, WORDS])?;
        out.word(self.ssrc)?;
        out.bytes(&[
            in_256ths(self.loss),
            in_256ths(self.discard),
            in_256ths(self.spread.burst_density),
            in_256ths(self.spread.gap_density),
        ])?;
        out.bytes(&time(self.spread.burst_packets))?;
        out.bytes(&time(self.spread.gap_packets))?;
        out.bytes(&whole(self.round_trip_ms.unwrap_or(0.0), u16::MAX).to_be_bytes())?;
        let own = self.buffer_ms.saturating_add(u16::from(self.ptime_ms));
        out.bytes(&own.to_be_bytes())?;
        // Levels and echo are not measured.
        out.bytes(&[UNKNOWN, UNKNOWN, UNKNOWN, GMIN])?;
        let score = |mos: f32| whole(mos * 10.0, 50) as u8;
        let (listening, talking) = self.mos;
        out.bytes(&[
            whole(self.r, 100) as u8,
            UNKNOWN,
            score(listening),
            score(talking),
        ])?;
        out.bytes(&[RECEIVER, 0])?;
        let buffer = self.buffer_ms.to_be_bytes();
        // Nominal, largest now, largest ever.
        for _ in 0..3 {
            out.bytes(&buffer)?;
        }
        Some(())
    }
}

/// The score of each VoIP metrics block of a report's body, with the source that it is about: for
/// conversation where it says so, else for listening.
pub(super) fn scores(body: &[u8], mut each: impl FnMut(u32, f32)) {
    let mut rest = body.get(4..).unwrap_or_default();
    while let Some((&[kind, _, high, low], after)) = rest.split_first_chunk::<4>() {
        let words = usize::from(u16::from_be_bytes([high, low]));
        let Some((block, next)) = after.split_at_checked(4 * words) else {
            return;
        };
        rest = next;
        if (kind, words) != (BLOCK_TYPE, usize::from(WORDS)) {
            continue;
        }
        let (Some(ssrc), Some(&[listening, talking])) = (u32_at(block, 0), block.get(22..24))
        else {
            continue;
        };
        let known = [talking, listening]
            .into_iter()
            .find(|score| (10..=50).contains(score));
        if let Some(score) = known {
            each(ssrc, f32::from(score) / 10.0);
        }
    }
}

fn in_256ths(part: f32) -> u8 {
    whole(part * 256.0, 255) as u8
}

fn whole(value: f32, most: u16) -> u16 {
    value.clamp(0.0, f32::from(most)).round() as u16
}
