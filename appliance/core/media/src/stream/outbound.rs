//! The sending half: prompts and digits, one packet each 20 ms, and little where nothing is said.
//!
//! Silence is not sent on and on (RFC 3551 section 4.1): after [`IDLE_TAIL`] frames of it only one
//! packet each [`IDLE_KEEPALIVE`] frames tells the peer, and the NATs between, that we are there.

use crate::digits::{DigitSender, EventPacket, Slot};
use crate::limits::{FRAME, IDLE_KEEPALIVE, IDLE_TAIL};
use crate::prompt::Playlist;
use crate::rtp::Packet;
use crate::sdp::StreamSpec;

use super::StreamSeed;

#[derive(Clone, Debug)]
pub(super) struct Outbound {
    ssrc: u32,
    sequence: u16,
    /// Timestamp of the frame that the next tick makes.
    timestamp: u32,
    /// Timestamp of the event being sent.
    event_timestamp: u32,
    /// What plays, by its number.
    list: Option<(u32, Playlist)>,
    digits: DigitSender,
    /// The next audio packet begins a talk spurt.
    spurt: bool,
    /// Frames since something was said.
    idle: u32,
    /// The audio of the last tick, whether it was sent or not.
    frame: [u8; FRAME],
    waiting: Option<Waiting>,
    packets: u64,
    octets: u64,
    /// Packets counted when the last report was made.
    reported: u64,
}

/// The packet of the last tick.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    payload_type: u8,
    marker: bool,
    timestamp: u32,
    event: Option<[u8; 4]>,
}

/// What was sent until now, for a sender report.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentSoFar {
    pub(super) timestamp: u32,
    pub(super) packets: u32,
    pub(super) octets: u32,
}

impl Outbound {
    pub(super) fn new(seed: &StreamSeed) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, ..] = seed.random;
        Self {
            ssrc: u32::from_be_bytes([a, b, c, d]),
            sequence: u16::from_be_bytes([e, f]),
            timestamp: u32::from_be_bytes([g, h, i, j]),
            event_timestamp: 0,
            list: None,
            digits: DigitSender::default(),
            spurt: true,
            idle: 0,
            frame: [0; FRAME],
            waiting: None,
            packets: 0,
            octets: 0,
            reported: 0,
        }
    }

    /// Makes the next frame and its packet; says the number of the list that came to its end.
    pub(super) fn tick(&mut self, spec: &StreamSpec) -> Option<u32> {
        let slot = match spec.events {
            Some(payload_type) => (self.digits.next_frame(), payload_type),
            None => (Slot::Audio, 0),
        };
        let mut done = None;
        let mut packet = Waiting {
            payload_type: spec.payload,
            marker: false,
            timestamp: self.timestamp,
            event: None,
        };
        match slot {
            (Slot::Event(event), payload_type) => {
                self.frame.fill(spec.codec.silence());
                self.set_event(&mut packet, event, payload_type);
            }
            (Slot::Quiet, _) => self.frame.fill(spec.codec.silence()),
            (Slot::Audio, _) => done = self.next_audio(spec),
        }
        let is_said = self.list.is_some() || !matches!(slot, (Slot::Audio, _));
        self.idle = if is_said {
            0
        } else {
            self.idle.wrapping_add(1)
        };
        let is_worth_sending =
            self.idle <= IDLE_TAIL || (self.idle - IDLE_TAIL).is_multiple_of(IDLE_KEEPALIVE);
        if packet.event.is_none() {
            packet.marker = self.spurt;
        }
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
        // On hold time goes on and prompts with it, but nothing is sent.
        self.waiting = (spec.direction.sends() && is_worth_sending).then_some(packet);
        if self.waiting.is_some() {
            self.spurt = packet.event.is_some();
        } else {
            self.begin_spurt();
        }
        done
    }

    /// Writes the packet of the last tick.
    pub(super) fn poll(&mut self, out: &mut [u8]) -> Option<usize> {
        let waiting = self.waiting.take()?;
        let payload = match &waiting.event {
            Some(event) => event.as_slice(),
            None => self.frame.as_slice(),
        };
        let packet = Packet {
            payload_type: waiting.payload_type,
            marker: waiting.marker,
            sequence: self.sequence,
            timestamp: waiting.timestamp,
            ssrc: self.ssrc,
            payload,
        };
        let length = packet.write(out)?;
        self.sequence = self.sequence.wrapping_add(1);
        self.packets += 1;
        self.octets += payload.len() as u64;
        Some(length)
    }

    pub(super) fn play(&mut self, list: Option<(u32, Playlist)>) {
        self.begin_spurt();
        self.list = list;
    }

    pub(super) fn push_digit(&mut self, digit: char) -> bool {
        self.digits.push(digit)
    }

    /// The next audio packet is marked: peers may set their jitter buffers anew.
    pub(super) fn begin_spurt(&mut self) {
        self.spurt = true;
    }

    /// What was sent, where something was sent since this was asked last.
    pub(super) fn take_sent(&mut self) -> Option<SentSoFar> {
        let before = std::mem::replace(&mut self.reported, self.packets);
        (self.packets > before).then_some(SentSoFar {
            timestamp: self.timestamp,
            packets: self.packets as u32,
            octets: self.octets as u32,
        })
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(super) fn frame(&self) -> &[u8; FRAME] {
        &self.frame
    }

    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    fn next_audio(&mut self, spec: &StreamSpec) -> Option<u32> {
        let Some((id, list)) = &mut self.list else {
            self.frame.fill(spec.codec.silence());
            return None;
        };
        let id = *id;
        if list.next_frame(spec.codec, &mut self.frame) {
            return None;
        }
        self.list = None;
        Some(id)
    }

    /// All packets of a press carry the timestamp of its first (RFC 4733 section 2.2).
    fn set_event(&mut self, packet: &mut Waiting, event: EventPacket, payload_type: u8) {
        if event.first {
            self.event_timestamp = packet.timestamp;
        }
        packet.payload_type = payload_type;
        packet.marker = event.first;
        packet.timestamp = self.event_timestamp;
        packet.event = Some(event.payload);
    }
}
