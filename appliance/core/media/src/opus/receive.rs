//! Opus packets as they come from the network, made 20 ms of samples each turn.
//!
//! What [`crate::jitter`] and [`crate::conceal`] are for codecs of one byte a sample: packets of any
//! length wait for their time, the wait follows how they arrive, a lost one is taken from the copy in
//! its successor or made up. Driven by a stream that decodes; takes memory only when it is made.

use super::{OpusDecoder, OpusError};
use crate::jitter::Landed;
use crate::jitter::policy::{Advice, Policy};
use crate::limits::{
    JITTER_START, LATE_BEFORE_RESYNC, MAX_OPUS_PACKET, MAX_SAMPLES, OPUS_PACKETS, RATE,
};

/// Timestamp units in a second (RFC 7587 section 4.1), and in a sample of the policy's clock.
const CLOCK: u32 = 48_000;
const UNITS: u32 = CLOCK / RATE;
/// Timestamp units of 20 ms, and of the shortest frame, 2.5 ms.
const FRAME: u32 = CLOCK / 50;
const SHORTEST: u32 = CLOCK / 400;
/// A packet this far from its time, timestamp units, is of another clock: 2 s.
const FAR: u32 = 2 * CLOCK;

/// One packet that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    timestamp: u32,
    length: usize,
    bytes: [u8; MAX_OPUS_PACKET],
}

/// The receiving end of one Opus stream.
#[derive(Debug)]
pub struct OpusReceiver {
    rate: u32,
    decoder: OpusDecoder,
    waiting: Box<[Option<Waiting>]>,
    /// Timestamp of what is decoded next; `None` until the first packet.
    next: Option<u32>,
    /// Timestamp units of the packet before.
    length: u32,
    late_in_a_row: u32,
    policy: Policy,
    /// Decoded and not yet taken: samples from `taken` to `decoded`.
    pcm: Box<[i16; MAX_SAMPLES]>,
    taken: usize,
    decoded: usize,
    /// Something was decoded, so there is something to go on with.
    begun: bool,
}

impl OpusReceiver {
    /// A receiver that gives samples at `rate`, 8000 or 16000 Hz.
    ///
    /// # Errors
    /// Where the rate is another, or libopus has no memory.
    pub fn new(rate: u32) -> Result<Self, OpusError> {
        if rate > 16_000 {
            return Err(OpusError {
                rate,
                why: "the line has no more than 16000",
            });
        }
        Ok(Self {
            rate,
            decoder: OpusDecoder::new(rate)?,
            waiting: vec![None; OPUS_PACKETS].into_boxed_slice(),
            next: None,
            length: FRAME,
            late_in_a_row: 0,
            policy: Policy::default(),
            pcm: Box::new([0; MAX_SAMPLES]),
            taken: 0,
            decoded: 0,
            begun: false,
        })
    }

    /// Forgets all packets: another source, or a new stream.
    pub fn reset(&mut self) {
        self.waiting.fill(None);
        self.next = None;
        self.late_in_a_row = 0;
        self.policy = Policy::default();
        self.taken = 0;
        self.decoded = 0;
        self.begun = false;
    }

    /// Takes one packet that came at `arrival`, in samples at 8 kHz of the clock that
    /// [`read_at`](Self::read_at) is told.
    pub fn write(&mut self, arrival: u32, timestamp: u32, packet: &[u8]) -> Landed {
        if packet.is_empty() || packet.len() > MAX_OPUS_PACKET {
            return Landed::Far;
        }
        let start = timestamp.wrapping_sub(JITTER_START * UNITS);
        let next = *self.next.get_or_insert(start);
        let ahead = timestamp.wrapping_sub(next) as i32;
        let is_far = ahead.unsigned_abs() > FAR;
        if ahead < 0 || is_far {
            self.late_in_a_row += 1;
            if self.late_in_a_row < LATE_BEFORE_RESYNC {
                return if is_far { Landed::Far } else { Landed::Late };
            }
            // Again and again: the peer's clock leapt, or stood still.
            self.waiting.fill(None);
            self.next = Some(timestamp.wrapping_sub(self.policy.target() * UNITS));
        }
        self.late_in_a_row = 0;
        self.policy.arrived(transit(arrival, timestamp));
        self.keep(timestamp, packet);
        Landed::InTime
    }

    /// Fills `pcm` with the next 20 ms at `now`; says whether any of it was made up. Before the first
    /// packet it is silence. `quiet` where little is heard, so that the wait may change unnoticed.
    pub fn read_at(&mut self, now: u32, quiet: bool, pcm: &mut [i16]) -> bool {
        let Some(next) = self.next else {
            pcm.fill(0);
            return false;
        };
        let mut made_up = false;
        // What is decoded already was due when its packet was.
        if self.taken == self.decoded {
            let transit = transit(now, next);
            match self.policy.advise(transit, quiet, self.is_empty(next)) {
                Advice::Go => {}
                Advice::Stay => return self.make_up(pcm),
                Advice::Skip => {
                    self.decode_next();
                    self.taken = self.decoded;
                }
            }
        }
        let mut rest = pcm;
        while !rest.is_empty() {
            if self.taken == self.decoded {
                made_up |= self.decode_next();
            }
            let ready = self.pcm.get(self.taken..self.decoded).unwrap_or_default();
            let count = ready.len().min(rest.len());
            if count == 0 {
                rest.fill(0);
                break;
            }
            let (places, later) = rest.split_at_mut(count);
            for (place, sample) in places.iter_mut().zip(ready) {
                *place = *sample;
            }
            self.taken += count;
            rest = later;
        }
        made_up
    }

    /// How long is waited for packets, samples at 8 kHz.
    pub fn target(&self) -> u32 {
        self.policy.target()
    }

    /// Decodes what is next into the empty buffer: its packet, its copy, or something like it. Says
    /// whether it was made up.
    fn decode_next(&mut self) -> bool {
        self.taken = 0;
        self.decoded = 0;
        let Some(next) = self.next else {
            return false;
        };
        if let Some(packet) = self.remove(next) {
            let bytes = packet.bytes.get(..packet.length).unwrap_or_default();
            let count = self.decoder.decode(bytes, &mut *self.pcm);
            if count > 0 {
                self.begun = true;
                self.decoded = count;
                self.length = count as u32 * (CLOCK / self.rate);
                self.next = Some(next.wrapping_add(self.length));
                return false;
            }
        }
        // Up to the packet that is there, where that begins sooner than a packet's length.
        let mut length = self.length;
        if let Some(soonest) = self.soonest(next) {
            length = length.min(soonest.wrapping_sub(next));
        }
        let length = (length / SHORTEST * SHORTEST).max(SHORTEST);
        let behind = next.wrapping_add(length);
        let count = (length / (CLOCK / self.rate)) as usize;
        let (places, _) = self.pcm.split_at_mut(count.min(MAX_SAMPLES));
        let successor = find(&self.waiting, behind);
        self.decoded = match successor {
            _ if !self.begun => {
                places.fill(0);
                places.len()
            }
            Some(packet) => {
                let bytes = packet.bytes.get(..packet.length).unwrap_or_default();
                self.decoder.recover(bytes, places)
            }
            None => self.decoder.conceal(places),
        };
        self.next = Some(behind);
        self.begun
    }

    /// 20 ms that are heard between what was and what is next.
    fn make_up(&mut self, pcm: &mut [i16]) -> bool {
        if self.begun {
            self.decoder.conceal(pcm);
        } else {
            pcm.fill(0);
        }
        self.begun
    }

    fn keep(&mut self, timestamp: u32, packet: &[u8]) {
        if find(&self.waiting, timestamp).is_some() {
            return;
        }
        let next = self.next.unwrap_or(timestamp);
        // A free place, else that of the packet which is due first.
        let place = self.waiting.iter_mut().min_by_key(|place| match place {
            None => 0,
            Some(waiting) => 1 + u64::from(waiting.timestamp.wrapping_sub(next)),
        });
        let mut waiting = Waiting {
            timestamp,
            length: packet.len(),
            bytes: [0; MAX_OPUS_PACKET],
        };
        for (to, from) in waiting.bytes.iter_mut().zip(packet) {
            *to = *from;
        }
        if let Some(place) = place {
            *place = Some(waiting);
        }
    }

    /// Takes the packet of this timestamp out, and drops those whose time is over.
    fn remove(&mut self, timestamp: u32) -> Option<Waiting> {
        let mut found = None;
        for place in &mut self.waiting {
            let Some(waiting) = place else { continue };
            let ahead = waiting.timestamp.wrapping_sub(timestamp) as i32;
            if ahead == 0 {
                found = place.take();
            } else if ahead < 0 {
                *place = None;
            }
        }
        found
    }

    /// Timestamp of the first packet at `next` or behind it.
    fn soonest(&self, next: u32) -> Option<u32> {
        let known = self.waiting.iter().flatten();
        let ahead = known.map(|waiting| waiting.timestamp.wrapping_sub(next));
        let ahead = ahead.filter(|ahead| (1..FAR).contains(ahead)).min();
        ahead.map(|ahead| next.wrapping_add(ahead))
    }

    fn is_empty(&self, next: u32) -> bool {
        find(&self.waiting, next).is_none() && self.soonest(next).is_none()
    }
}

fn find(waiting: &[Option<Waiting>], timestamp: u32) -> Option<&Waiting> {
    let mut known = waiting.iter().flatten();
    known.find(|waiting| waiting.timestamp == timestamp)
}

/// When something came or is read, less its timestamp, in samples at 8 kHz.
fn transit(at: u32, timestamp: u32) -> i32 {
    at.wrapping_mul(UNITS).wrapping_sub(timestamp) as i32 / UNITS as i32
}

#[cfg(test)]
mod tests;
