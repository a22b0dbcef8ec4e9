//! The receiving half: which source is listened to, what is counted, digits and audio.

use std::time::Instant;

use crate::codec::Codec;
use crate::conceal::Conceal;
use crate::digits::DigitReceiver;
use crate::jitter::{Jitter, Landed};
use crate::limits::{FRAME, NEW_SOURCE_PACKETS, RATE};
use crate::reception::{Arrival, Reception, ReportBlock};
use crate::rtp::Packet;
use crate::sdp::StreamSpec;
use crate::stats::StreamStats;

/// Comfort noise (RFC 3389): passed over, its gap is silence anyway.
const COMFORT_NOISE: u8 = 13;

#[derive(Clone, Debug)]
pub(super) struct Inbound {
    started: Instant,
    heard_at: Instant,
    /// When RTP came last.
    rtp_at: Instant,
    source: Option<Reception>,
    /// Another source and its packets in a row.
    other: (u32, u32),
    digits: DigitReceiver,
    jitter: Jitter,
    conceal: Conceal,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    packets: u64,
    /// Lost of sources before the present one.
    lost: u64,
    late: u64,
    refused: u64,
    concealed: u64,
}

impl Inbound {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            heard_at: now,
            rtp_at: now,
            source: None,
            other: (0, 0),
            digits: DigitReceiver::default(),
            jitter: Jitter::new(),
            conceal: Conceal::default(),
            counts: Counts::default(),
        }
    }

    /// A new life that keeps the jitter buffer's memory.
    pub(super) fn reopen(&mut self, now: Instant) {
        self.started = now;
        self.expect_from(now);
        self.source = None;
        self.other = (0, 0);
        self.digits = DigitReceiver::default();
        self.counts = Counts::default();
        self.forget_audio();
    }

    /// Takes one packet; says the digit where one begins with it. Audio goes into the jitter
    /// buffer only where it `decodes`.
    pub(super) fn take(
        &mut self,
        now: Instant,
        bytes: &[u8],
        spec: &StreamSpec,
        decodes: bool,
    ) -> Option<char> {
        let Ok(packet) = Packet::parse(bytes) else {
            self.refuse();
            return None;
        };
        self.counts.packets += 1;
        self.heard_at = now;
        self.rtp_at = now;
        let arrival = self.arrival(&packet);
        if Some(packet.payload_type) == spec.events {
            // Whatever source it is of: some send their events beside the audio's.
            let digit = self.digits.take(now, &packet);
            self.counts.refused += u64::from(digit.is_err());
            return digit.ok().flatten();
        }
        if packet.payload_type == spec.payload {
            match arrival {
                Some(Arrival::Duplicate) => self.counts.late += 1,
                Some(_) => self.take_audio(now, &packet, decodes),
                None => {}
            }
        } else if packet.payload_type != COMFORT_NOISE {
            self.refuse();
        }
        None
    }

    /// Counts the packet in its source's sequence; `None` while that source is not listened to.
    fn arrival(&mut self, packet: &Packet<'_>) -> Option<Arrival> {
        let Packet { ssrc, sequence, .. } = *packet;
        match &mut self.source {
            Some(source) if source.ssrc() == ssrc => {
                self.other.1 = 0;
                return Some(source.take(sequence));
            }
            Some(source) => {
                let count = if self.other.0 == ssrc {
                    self.other.1 + 1
                } else {
                    1
                };
                self.other = (ssrc, count);
                if count < NEW_SOURCE_PACKETS {
                    return None;
                }
                self.counts.lost += source.lost();
                self.forget_audio();
            }
            None => {}
        }
        let source = self.source.insert(Reception::new(ssrc, sequence));
        Some(source.take(sequence))
    }

    fn take_audio(&mut self, now: Instant, packet: &Packet<'_>, decodes: bool) {
        // An empty packet keeps a path open (RFC 6263 section 4.1).
        if packet.payload.is_empty() {
            return;
        }
        let since = now.saturating_duration_since(self.started);
        let arrival = since.as_micros() as u64 * u64::from(RATE) / 1_000_000;
        if let Some(source) = &mut self.source {
            source.time(arrival, packet.timestamp);
        }
        if decodes && self.jitter.write(packet.timestamp, packet.payload) != Landed::InTime {
            self.counts.late += 1;
        }
    }

    /// The next frame of the caller; what is missing is made up.
    pub(super) fn decode(&mut self, codec: Codec, pcm: &mut [i16; FRAME]) {
        let frame = self.jitter.read().unwrap_or([None; FRAME]);
        let ahead = self.jitter.ahead();
        let made_up = self.conceal.decode(codec, &frame, &ahead, pcm);
        self.counts.concealed += u64::from(made_up);
    }

    pub(super) fn forget_audio(&mut self) {
        self.jitter.reset();
        self.conceal = Conceal::default();
    }

    pub(super) fn report(&mut self) -> Option<ReportBlock> {
        self.source.as_mut().map(Reception::report)
    }

    pub(super) fn refuse(&mut self) {
        self.counts.refused += 1;
    }

    pub(super) fn heard_at(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// Whatever was missing until now had its reason.
    pub(super) fn expect_from(&mut self, now: Instant) {
        self.heard_at = now;
        self.rtp_at = now;
    }

    pub(super) fn last_rtp(&self) -> Instant {
        self.rtp_at
    }

    pub(super) fn last_heard(&self) -> Instant {
        self.heard_at
    }

    pub(super) fn count(&self, stats: &mut StreamStats) {
        let source = self.source.as_ref();
        stats.packets_in = self.counts.packets;
        stats.lost = self.counts.lost + source.map_or(0, Reception::lost);
        stats.late = self.counts.late;
        stats.refused = self.counts.refused;
        stats.concealed = self.counts.concealed;
        let jitter = source.map_or(0, Reception::jitter);
        stats.jitter_ms = jitter as f32 * 1_000.0 / RATE as f32;
    }
}
