//! The jitter buffer of a stream that is decoded (recorded, or heard by speech).
//!
//! A ring of samples addressed by RTP timestamp: packets of any length, order and number land where
//! they belong, and [`Jitter::read`] takes one frame each 20 ms. What did not come in time is
//! missing; [`crate::conceal`] fills it. Time is counted in frames read, so there is no clock here.
//!
//! Where people talk with each other the wait follows how packets arrive: [`Jitter::arrived`] and
//! [`Jitter::read_at`] take the place of the fixed wait of [`Jitter::read`], which recordings keep.

pub(crate) mod policy;

use policy::{Advice, Policy};

use crate::limits::{
    FRAME, JITTER_CALM, JITTER_CAPACITY, JITTER_MOST, JITTER_START, LATE_BEFORE_RESYNC,
    SURPLUS_FRAMES,
};

/// Marks a ring place that holds a sample; the low byte is the G.711 code.
const HELD: u16 = 0x100;
/// Consecutive packets far off the ring after which they are the new truth.
const FAR_BEFORE_RESYNC: u32 = 2;

/// One frame as read: each sample a G.711 code, or `None` where nothing came in time.
pub type Frame = [Option<u8>; FRAME];

/// What the two frames after the one that was read will hold, as far as it came.
pub type Ahead = [Option<u8>; 2 * FRAME];

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// It will be heard.
    InTime,
    /// Its time was over.
    Late,
    /// Its timestamp is far from what is awaited.
    Far,
}

/// Samples waiting for their time.
#[derive(Clone, Debug)]
pub struct Jitter {
    ring: Box<[u16]>,
    /// Timestamp of the next sample to be read; `None` until the first packet.
    next: Option<u32>,
    /// Timestamp behind the newest sample.
    end: u32,
    /// Timestamp behind the newest sample that was read: nothing older is ever read after it.
    heard: u32,
    /// Delay wanted between arrival and reading, samples.
    delay: u32,
    late_in_a_row: u32,
    far_in_a_row: u32,
    /// Least samples left over in the current run of frames, and how many frames it has.
    least: (u32, u32),
    /// Seconds in a row in which packets came early enough for the delay of the beginning.
    calm: u32,
    policy: Policy,
}

impl Default for Jitter {
    fn default() -> Self {
        Self::new()
    }
}

impl Jitter {
    /// An empty buffer; the only allocation of its life.
    pub fn new() -> Self {
        Self {
            ring: vec![0; JITTER_CAPACITY].into_boxed_slice(),
            next: None,
            end: 0,
            heard: 0,
            delay: JITTER_START,
            late_in_a_row: 0,
            far_in_a_row: 0,
            least: (u32::MAX, 0),
            calm: 0,
            policy: Policy::default(),
        }
    }

    /// Forgets everything: another source, another codec, or a new stream.
    pub fn reset(&mut self) {
        self.forget();
        self.delay = JITTER_START;
        self.policy = Policy::default();
    }

    /// Counts when an audio packet came, in samples of the clock that [`read_at`](Self::read_at) is
    /// told; before it is [written](Self::write).
    pub fn arrived(&mut self, arrival: u32, timestamp: u32) {
        self.policy.arrived(arrival.wrapping_sub(timestamp) as i32);
    }

    /// Puts the samples of one packet in their places.
    pub fn write(&mut self, timestamp: u32, codes: &[u8]) -> Landed {
        let next = match self.next {
            Some(next) => next,
            None => self.start(timestamp),
        };
        let length = codes.len().min(JITTER_CAPACITY / 2) as u32;
        let begins = timestamp.wrapping_sub(next) as i32;
        let ends = begins.saturating_add(length as i32);
        if ends > JITTER_CAPACITY as i32 {
            return self.far(timestamp, codes);
        }
        if begins < -(JITTER_CAPACITY as i32) {
            // However long nothing came: what is near what was heard last is of the same clock.
            let from_heard = timestamp.wrapping_sub(self.heard) as i32;
            return if from_heard.unsigned_abs() <= JITTER_CAPACITY as u32 {
                self.late(timestamp, codes)
            } else {
                self.far(timestamp, codes)
            };
        }
        self.far_in_a_row = 0;
        let heard = (self.heard.wrapping_sub(next) as i32).max(0);
        if ends <= 0 {
            return self.late(timestamp, codes);
        }
        if ends <= heard {
            return Landed::Late;
        }
        self.late_in_a_row = 0;
        // What of the packet is late already is cut off.
        let cut = (heard - begins).max(0).unsigned_abs();
        self.put(
            timestamp.wrapping_add(cut),
            codes.get(cut as usize..).unwrap_or_default(),
        );
        let end = timestamp.wrapping_add(length);
        if (end.wrapping_sub(self.end) as i32) > 0 {
            self.end = end;
        }
        Landed::InTime
    }

    /// Takes the next frame. `None` before the first packet came.
    pub fn read(&mut self) -> Option<Frame> {
        let from = self.next?;
        let frame = self.take(from);
        self.trim();
        Some(frame)
    }

    fn take(&mut self, from: u32) -> Frame {
        let mut frame = [None; FRAME];
        let mut places = frame.iter_mut();
        let mut any = false;
        for part in self.places(from, FRAME) {
            for (sample, place) in part.iter_mut().zip(&mut places) {
                *place = (*sample & HELD != 0).then_some(*sample as u8);
                any |= *sample != 0;
                *sample = 0;
            }
        }
        let next = from.wrapping_add(FRAME as u32);
        if any {
            self.heard = next;
        }
        self.next = Some(next);
        frame
    }

    /// Takes the next frame at `now`, waiting as long as packets lately needed: a frame may come once
    /// more as a missing one, or be passed over, best where it is `quiet`. `None` before the first
    /// packet came.
    pub fn read_at(&mut self, now: u32, quiet: bool) -> Option<Frame> {
        let next = self.next?;
        let transit = now.wrapping_sub(next) as i32;
        match self.policy.advise(transit, quiet, self.level() == 0) {
            Advice::Go => {}
            Advice::Stay => return Some([None; FRAME]),
            Advice::Skip => {
                self.take(next);
            }
        }
        self.next.map(|next| self.take(next))
    }

    /// How long is waited for packets by [`read_at`](Self::read_at), samples.
    pub fn target(&self) -> u32 {
        self.policy.target()
    }

    /// What the next two [`read`](Self::read)s would give, left where it is. A stretch that is missing
    /// now is concealed better when what follows it is known, though the next frame be missing too.
    pub fn ahead(&mut self) -> Ahead {
        let mut frame = [None; 2 * FRAME];
        let Some(next) = self.next else {
            return frame;
        };
        let mut places = frame.iter_mut();
        for part in self.places(next, 2 * FRAME) {
            for (sample, place) in part.iter().zip(&mut places) {
                *place = (*sample & HELD != 0).then_some(*sample as u8);
            }
        }
        frame
    }

    /// Samples between the next to be read and the newest.
    pub fn level(&self) -> u32 {
        let level = self
            .next
            .map_or(0, |next| self.end.wrapping_sub(next) as i32);
        level.max(0) as u32
    }

    fn start(&mut self, timestamp: u32) -> u32 {
        let next = timestamp.wrapping_sub(self.delay);
        self.next = Some(next);
        self.end = next;
        self.heard = next;
        next
    }

    fn forget(&mut self) {
        // An untouched ring stays so: where nothing is decoded its memory is never taken.
        if self.next.take().is_some() {
            self.ring.fill(0);
        }
        self.late_in_a_row = 0;
        self.far_in_a_row = 0;
        self.least = (u32::MAX, 0);
        self.calm = 0;
    }

    fn far(&mut self, timestamp: u32, codes: &[u8]) -> Landed {
        self.far_in_a_row += 1;
        if self.far_in_a_row < FAR_BEFORE_RESYNC {
            return Landed::Far;
        }
        self.forget();
        self.write(timestamp, codes)
    }

    /// Late again and again means that the delay is too short, or that the peer's clock stood still.
    /// What is older than something heard says nothing about that.
    fn late(&mut self, timestamp: u32, codes: &[u8]) -> Landed {
        if (timestamp.wrapping_sub(self.heard) as i32) < 0 {
            return Landed::Late;
        }
        self.late_in_a_row += 1;
        if self.late_in_a_row < LATE_BEFORE_RESYNC {
            return Landed::Late;
        }
        self.delay = (self.delay + FRAME as u32).min(JITTER_MOST);
        self.forget();
        let heard = self.heard;
        self.start(timestamp);
        self.heard = heard;
        self.write(timestamp, codes)
    }

    /// Drops a frame when more than the wanted delay was left over for a whole second: the peer's
    /// clock is faster than ours, or its first packets came in a burst.
    fn trim(&mut self) {
        let (least, frames) = self.least;
        self.least = (least.min(self.level()), frames + 1);
        if self.least.1 < SURPLUS_FRAMES {
            return;
        }
        let surplus = self.least.0 > self.delay + FRAME as u32;
        let is_calm = self.least.0 >= JITTER_START;
        self.calm = if is_calm { self.calm + 1 } else { 0 };
        self.least = (u32::MAX, 0);
        if surplus {
            self.pass_over();
        }
    }

    /// Shortens a delay that late packets made grow by the next frame, where they were early enough
    /// without it for [`JITTER_CALM`] seconds; says whether. To be called where that frame holds
    /// nothing that would be missed.
    pub fn shrink(&mut self) -> bool {
        let may = self.delay > JITTER_START && self.calm >= JITTER_CALM;
        if may {
            self.delay = (self.delay - FRAME as u32).max(JITTER_START);
            self.calm = 0;
            self.least = (u32::MAX, 0);
            self.pass_over();
        }
        may
    }

    /// The next frame is never read.
    fn pass_over(&mut self) {
        if let Some(next) = self.next {
            for part in self.places(next, FRAME) {
                part.fill(0);
            }
            self.next = Some(next.wrapping_add(FRAME as u32));
        }
    }

    fn put(&mut self, timestamp: u32, codes: &[u8]) {
        let mut codes = codes.iter();
        for part in self.places(timestamp, codes.len()) {
            for (place, code) in part.iter_mut().zip(&mut codes) {
                *place = HELD | u16::from(*code);
            }
        }
    }

    /// The ring's places from `timestamp` on, in up to two parts.
    fn places(&mut self, timestamp: u32, count: usize) -> [&mut [u16]; 2] {
        let at = timestamp as usize % JITTER_CAPACITY;
        let (front, back) = self.ring.split_at_mut(at);
        let first = count.min(back.len());
        let second = (count - first).min(front.len());
        let back = back.get_mut(..first).unwrap_or_default();
        [back, front.get_mut(..second).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests;
