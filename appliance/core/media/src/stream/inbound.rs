//! The receiving half: which source is listened to, what is counted, digits and audio.

use std::net::SocketAddr;
use std::time::Instant;

use crate::codec::Codec;
use crate::digits::DigitReceiver;
use crate::dtmf::DtmfDetector;
use crate::emodel::{self, Conditions};
use crate::limits::{FRAME, MAX_PAYLOAD, NEW_SOURCE_PACKETS, RATE};
use crate::reception::{Arrival, Reception, ReportBlock};
use crate::rtcp::VoipMetrics;
use crate::rtp::Packet;
use crate::sdp::StreamSpec;
use crate::stats::StreamStats;

use super::ear::Ear;
use super::gear::Voice;
use super::latch::Latch;
use super::relay::{Kind, Passing};

/// Comfort noise (RFC 3389): passed over, its gap is silence anyway.
const COMFORT_NOISE: u8 = 13;

#[derive(Clone, Debug)]
pub(super) struct Inbound {
    started: Instant,
    heard_at: Instant,
    /// When RTP came last.
    rtp_at: Instant,
    latch: Latch,
    source: Option<Reception>,
    /// Another source and its packets in a row.
    other: (u32, u32),
    digits: DigitReceiver,
    tones: DtmfDetector,
    ear: Ear,
    /// Units of the peer's timestamps in a second.
    clock: u32,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    packets: u64,
    /// Lost of sources before the present one.
    lost: u64,
    /// After their time: nobody heard them.
    late: u64,
    /// Heard before already.
    twice: u64,
    refused: u64,
    concealed: u64,
    unproved: u64,
    replayed: u64,
}

/// What a packet turned out to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken<'a> {
    /// The key of a press that begins with it.
    pub(super) digit: Option<char>,
    /// What the other party of a bridge should get.
    pub(super) passing: Option<Passing<'a>>,
}

impl Inbound {
    pub(super) fn new(now: Instant, agreed: SocketAddr) -> Self {
        Self {
            started: now,
            heard_at: now,
            rtp_at: now,
            latch: Latch::new(now, agreed),
            source: None,
            other: (0, 0),
            digits: DigitReceiver::default(),
            tones: DtmfDetector::default(),
            ear: Ear::default(),
            clock: RATE,
            counts: Counts::default(),
        }
    }

    /// A new life that keeps the jitter buffer's memory.
    pub(super) fn reopen(&mut self, now: Instant, agreed: SocketAddr) {
        self.forget_audio();
        self.started = now;
        self.heard_at = now;
        self.rtp_at = now;
        self.latch = Latch::new(now, agreed);
        self.source = None;
        self.other = (0, 0);
        self.digits = DigitReceiver::default();
        self.tones = DtmfDetector::default();
        self.counts = Counts::default();
    }

    /// Takes one packet. Audio goes into the jitter buffer only where it `decodes`.
    pub(super) fn take<'a>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        bytes: &'a [u8],
        spec: &StreamSpec,
        (decodes, voice): (bool, Option<&mut Voice>),
    ) -> Taken<'a> {
        let Ok(packet) = Packet::parse(bytes) else {
            self.refuse();
            return Taken::default();
        };
        let is_event = Some(packet.payload_type) == spec.events;
        let is_agreed = is_event || packet.payload_type == spec.payload;
        let known = self.source.as_ref().map(|s| (s.ssrc(), s.highest()));
        if !self.latch.admits(now, from, &packet, is_agreed, known) {
            self.refuse();
            return Taken::default();
        }
        self.counts.packets += 1;
        self.heard_at = now;
        self.rtp_at = now;
        let arrival = self.arrival(&packet);
        if is_event {
            return self.take_event(now, packet, spec.codec, arrival);
        }
        if !is_agreed {
            if packet.payload_type != COMFORT_NOISE {
                self.refuse();
            }
            return Taken::default();
        }
        let mut digit = None;
        match arrival {
            Some(Arrival::Duplicate) => self.counts.twice += 1,
            Some(_) => {
                self.take_audio(now, &packet, spec.codec, (decodes, voice));
                if spec.tones && spec.codec.is_g711() {
                    digit = self.listen(spec.codec, packet.payload);
                }
            }
            None => {}
        }
        let passing =
            (arrival == Some(Arrival::Good) && !packet.payload.is_empty()).then_some(Passing {
                packet,
                codec: spec.codec,
                kind: Kind::Audio(digit),
            });
        Taken { digit, passing }
    }

    /// Keys count whatever source they are of: some send their events beside the audio's.
    fn take_event<'a>(
        &mut self,
        now: Instant,
        packet: Packet<'a>,
        codec: Codec,
        arrival: Option<Arrival>,
    ) -> Taken<'a> {
        let Ok(digit) = self.digits.take(now, &packet) else {
            self.refuse();
            return Taken::default();
        };
        let kind = match arrival {
            Some(Arrival::Good) => Some(Kind::Event(digit)),
            Some(_) => None,
            None => digit.map(Kind::Key),
        };
        let passing = kind.map(|kind| Passing {
            packet,
            codec,
            kind,
        });
        Taken { digit, passing }
    }

    /// Keys in the sound itself, of a peer that sends no events.
    fn listen(&mut self, codec: Codec, payload: &[u8]) -> Option<char> {
        let mut pcm = [0; MAX_PAYLOAD];
        for (place, code) in pcm.iter_mut().zip(payload) {
            *place = codec.decode(*code);
        }
        self.tones
            .take(pcm.get(..payload.len()).unwrap_or_default())
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

    fn take_audio(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        codec: Codec,
        (decodes, voice): (bool, Option<&mut Voice>),
    ) {
        // An empty packet keeps a path open (RFC 6263 section 4.1).
        if packet.payload.is_empty() {
            return;
        }
        self.clock = codec.clock();
        let arrival = self.time(now, codec.clock());
        if let Some(source) = &mut self.source {
            source.time(arrival, packet.timestamp);
        }
        let at = (self.time(now, RATE) as u32, packet.timestamp);
        if decodes && !self.ear.write(voice, at, packet.payload) {
            self.counts.late += 1;
        }
    }

    /// Time since the stream began, in units of `clock`, Hz.
    fn time(&self, now: Instant, clock: u32) -> u64 {
        let since = now.saturating_duration_since(self.started);
        since.as_micros() as u64 * u64::from(clock) / 1_000_000
    }

    /// The next frame of the caller; what is missing is made up.
    pub(super) fn decode(
        &mut self,
        now: Instant,
        codec: Codec,
        voice: Option<&mut Voice>,
        pcm: &mut [i16; FRAME],
    ) {
        let now = self.time(now, RATE) as u32;
        self.counts.concealed += u64::from(self.ear.read(codec, voice, now, pcm));
    }

    /// Keys in the decoded sound of a peer that sends no events.
    pub(super) fn listen_to(&mut self, pcm: &[i16; FRAME]) -> Option<char> {
        self.tones.take(pcm)
    }

    pub(super) fn forget_audio(&mut self) {
        self.ear.forget();
    }

    pub(super) fn report(&mut self) -> Option<ReportBlock> {
        self.source.as_mut().map(Reception::report)
    }

    /// How the party sounds, by the E-model; `None` before its first packet. Where nobody listens here
    /// the far end's buffer is taken to wait for twice the jitter, as buffers do.
    pub(super) fn sound(
        &self,
        spec: &StreamSpec,
        round_trip_ms: Option<f32>,
    ) -> Option<VoipMetrics> {
        let source = self.source.as_ref().filter(|s| s.received() > 0)?;
        let late = self.counts.late;
        let discard = late as f32 / (source.received() + late) as f32;
        let ptime = f32::from(spec.ptime_ms);
        let buffer = 2.0 * self.jitter_ms();
        let heard = Conditions {
            codec: spec.codec,
            delay_ms: 0.0,
            loss: source.loss() + discard,
            burst: source.burst_ratio(),
        };
        let talked = emodel::quality(Conditions {
            delay_ms: round_trip_ms.unwrap_or(0.0) / 2.0 + buffer + ptime,
            ..heard
        });
        Some(VoipMetrics {
            ssrc: source.ssrc(),
            loss: source.loss(),
            discard,
            spread: source.spread(),
            ptime_ms: spec.ptime_ms,
            round_trip_ms,
            r: talked.r,
            mos: (emodel::quality(heard).mos, talked.mos),
            buffer_ms: buffer as u16,
        })
    }

    pub(super) fn refuse(&mut self) {
        self.counts.refused += 1;
    }

    /// A packet that its key does not prove.
    pub(super) fn note_unproved(&mut self) {
        self.counts.unproved += 1;
    }

    /// A protected packet that came before.
    pub(super) fn note_replayed(&mut self) {
        self.counts.replayed += 1;
    }

    pub(super) fn heard_at(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// Another description came: whatever was missing until now had its reason.
    pub(super) fn update(&mut self, now: Instant, agreed: SocketAddr) {
        self.heard_at = now;
        self.rtp_at = now;
        self.latch.update(now, agreed);
    }

    /// Which address is listened to, and where RTP goes.
    pub(super) fn latch(&self) -> &Latch {
        &self.latch
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
        stats.late = self.counts.late + self.counts.twice;
        stats.refused = self.counts.refused;
        stats.concealed = self.counts.concealed;
        stats.unproved = self.counts.unproved;
        stats.replayed = self.counts.replayed;
        stats.jitter_ms = self.jitter_ms();
    }

    /// The jitter of the present source, whose clock is the codec's.
    fn jitter_ms(&self) -> f32 {
        let jitter = self.source.as_ref().map_or(0, Reception::jitter);
        jitter as f32 * 1_000.0 / self.clock as f32
    }
}
