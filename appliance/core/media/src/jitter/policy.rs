//! How long to wait for packets: from how they arrived lately, as short as loses few of them.
//!
//! Transits are arguments, in samples at 8 kHz; so a test runs an hour in a moment. Grows at once when a packet came later than is waited for, shrinks by 10 ms in two calm
//! seconds. What it wants is done by [`super::Jitter::read_at`], a whole frame at a time and where
//! nobody speaks if that can wait.

use crate::limits::{FRAME, JITTER_MOST, JITTER_START};

/// Width of a step of the statistics: 5 ms.
const STEP: u32 = 40;
/// Steps counted apart: 200 ms, the most that is waited.
const STEPS: usize = (JITTER_MOST / STEP) as usize;
/// Part of the packets that shall be in time, and how many are remembered: about five seconds.
const IN_TIME: f32 = 0.98;
const REMEMBERED: u32 = 256;
/// Packets of the window in which the fastest one is looked for: half of ten seconds. Two windows take
/// turns, so that a peer whose clock is slow does not seem later and later.
const FASTEST_OF: u32 = 250;
/// A transit that changes by more than this, samples, is a new clock: 2 s.
const NEW_CLOCK: i32 = 16_000;
/// Packets from one shrinking to the next, and by how much.
const CALM: u32 = 100;
const SHRINK: u32 = 80;
/// The least that is waited: one step more than nothing, because a frame is read at once.
const LEAST: u32 = 2 * STEP;
/// Frames from one change of the reading to the next, while nobody speaks and while somebody does.
const APART_QUIET: u32 = 5;
const APART: u32 = 25;

/// What the next reading shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Read on.
    Go,
    /// Make up a frame and read this one later.
    Stay,
    /// Pass over a frame.
    Skip,
}

/// Statistics of one source.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// Transit of the last packet.
    transit: Option<i32>,
    /// The fastest transit of this window and of the one before.
    fastest: (i32, i32),
    in_window: u32,
    /// Part of the packets that were slower than the fastest by so many steps.
    slower: [f32; STEPS],
    seen: u32,
    target: u32,
    calm: u32,
    since_change: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            transit: None,
            fastest: (0, 0),
            in_window: 0,
            slower: [0.0; STEPS],
            seen: 0,
            target: JITTER_START,
            calm: 0,
            since_change: 0,
        }
    }
}

impl Policy {
    /// Counts a packet by its transit: when it came less its timestamp, from any origin.
    pub(crate) fn arrived(&mut self, transit: i32) {
        let before = self.transit.replace(transit);
        let is_new = before.is_none_or(|before| {
            transit.wrapping_sub(before).unsigned_abs() > NEW_CLOCK.unsigned_abs()
        });
        if is_new {
            self.fastest = (transit, transit);
            self.in_window = 0;
        }
        self.look_for_fastest(transit);
        let slower = transit.wrapping_sub(self.base()).max(0).unsigned_abs();
        let step = ((slower / STEP) as usize).min(STEPS - 1);
        self.seen = (self.seen + 1).min(REMEMBERED);
        let weight = 1.0 / self.seen as f32;
        for (n, part) in self.slower.iter_mut().enumerate() {
            *part += (f32::from(u8::from(n == step)) - *part) * weight;
        }
        if slower + STEP > self.target {
            self.target = (slower + 2 * STEP).min(JITTER_MOST);
            self.calm = 0;
            return;
        }
        self.calm += 1;
        if self.calm >= CALM {
            self.calm = 0;
            let wanted = self.wanted().max(LEAST);
            self.target = self
                .target
                .saturating_sub(SHRINK)
                .max(wanted.min(self.target));
        }
    }

    /// Waiting time that is aimed at, samples.
    pub(crate) fn target(&self) -> u32 {
        self.target
    }

    /// What to do with the next frame, from its transit if it were read now: by how much the wait is
    /// off the target.
    pub(crate) fn advise(&mut self, transit: i32, quiet: bool, empty: bool) -> Advice {
        self.since_change = self.since_change.saturating_add(1);
        if self.transit.is_none() {
            return Advice::Go;
        }
        let waits = transit.wrapping_sub(self.base());
        let off = (self.target as i32).saturating_sub(waits);
        let frame = FRAME as i32;
        let apart = if quiet || empty { APART_QUIET } else { APART };
        // An empty buffer makes up a frame in any case: then it may as well be waited.
        let stays = off >= STEP as i32 && (empty || quiet || off >= frame);
        let skips = off <= -frame && (quiet || off <= -3 * frame);
        if self.since_change <= apart && !(empty && stays) || !(stays || skips) {
            return Advice::Go;
        }
        self.since_change = 0;
        if stays { Advice::Stay } else { Advice::Skip }
    }

    fn look_for_fastest(&mut self, transit: i32) {
        let earlier = |a: i32, b: i32| if a.wrapping_sub(b) < 0 { a } else { b };
        if self.in_window >= FASTEST_OF {
            self.in_window = 0;
            self.fastest = (transit, self.fastest.0);
        }
        self.in_window += 1;
        self.fastest.0 = earlier(self.fastest.0, transit);
    }

    fn base(&self) -> i32 {
        let (now, before) = self.fastest;
        if now.wrapping_sub(before) < 0 {
            now
        } else {
            before
        }
    }

    /// What would have been enough for most packets lately.
    fn wanted(&self) -> u32 {
        let mut sum = 0.0;
        for (n, part) in self.slower.iter().enumerate() {
            sum += part;
            if sum >= IN_TIME {
                return (n as u32 + 2) * STEP;
            }
        }
        JITTER_MOST
    }
}

#[cfg(test)]
mod tests;
