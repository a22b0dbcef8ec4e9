//! Packet loss concealment by linear prediction: what was heard last goes on as it was, fading to
//! silence within 60 ms. Where what follows the gap is there already, as in a jitter buffer, it is
//! led back into the gap too, and the two are mixed by how far each may be trusted.
//!
//! Works on samples, so it serves every codec that has no concealment of its own. It adds no delay.
//! Driven by [`crate::conceal`] and [`crate::transcode`]; takes no memory.

mod model;

use model::{MOST_ORDER, Model};

/// History at 8 kHz: 30 ms. What is older spoils the model of a voice that changes.
pub const NARROW: usize = 240;
/// History at 16 kHz.
pub const WIDE: usize = 2 * NARROW;

/// Samples of the longest gap that is filled from both sides: 40 ms at 16 kHz.
const MOST_BETWEEN: usize = 640;
/// How much of the mix of both sides follows their doubts in the middle of a gap; the rest follows
/// their distance, at either end all of it, so that there is no seam.
const BY_DOUBT: f32 = 0.8;

/// The concealer of one stream; `N` is [`NARROW`] or [`WIDE`].
#[derive(Clone, Debug)]
pub struct Plc<const N: usize> {
    /// What was heard last, oldest first.
    history: [i16; N],
    /// Goes on with what was before the gap.
    model: Model,
    /// What it goes on from: the newest samples at full loudness.
    tail: [f32; MOST_ORDER],
    /// Something is missing, and what comes next must be blended with what was made up.
    is_open: bool,
    /// Samples made up from one side only since the last good one.
    missing: usize,
}

impl<const N: usize> Default for Plc<N> {
    fn default() -> Self {
        Self {
            history: [0; N],
            model: Model::default(),
            tail: [0.0; MOST_ORDER],
            is_open: false,
            missing: 0,
        }
    }
}

impl<const N: usize> Plc<N> {
    /// Samples in 10 ms.
    const TEN_MS: usize = N / 3;
    /// Samples a prediction looks back: 12.5 ms, a pitch of 80 Hz.
    const ORDER: usize = Self::TEN_MS * 5 / 4;
    /// What a sample weighs less than the one after it: half in 7 ms.
    const FADE: f32 = 1.0 - 1.0 / Self::TEN_MS as f32;
    /// Samples after which nothing is made up any more.
    const MOST: usize = 6 * Self::TEN_MS;

    /// Takes samples that came. The first ones after a gap are blended with what was made up.
    pub fn good(&mut self, pcm: &mut [i16]) {
        if self.is_open {
            self.blend(pcm);
            self.is_open = false;
            self.missing = 0;
        }
        self.remember(pcm);
    }

    /// Makes up all of `pcm`. Says whether anything was: `false` for silence after 60 ms.
    pub fn lost(&mut self, pcm: &mut [i16]) -> bool {
        let made_up = self.missing < Self::MOST;
        self.open();
        for part in pcm.chunks_mut(Self::TEN_MS) {
            let mut wave = [0.0; N];
            let wave = wave.get_mut(..part.len()).unwrap_or_default();
            let before = self.gain();
            if before > 0.0 {
                self.model.go_on(&mut self.tail, wave);
            }
            self.missing = (self.missing + part.len()).min(Self::MOST);
            let fall = (before - self.gain()) / part.len() as f32;
            for (n, (place, sample)) in part.iter_mut().zip(wave).enumerate() {
                *place = (*sample * (before - fall * n as f32)).round() as i16;
            }
        }
        self.remember(pcm);
        made_up
    }

    /// Makes up all of `pcm` where what follows it is there already, 10 ms of it at least, though
    /// `more` samples between the two are missing as well. What was before the gap fades into what is
    /// behind it, each going on as it was: half of what a gap spoils is saved by this, because most
    /// gaps are where something changes.
    pub fn between(&mut self, pcm: &mut [i16], more: usize, next: &[i16]) -> bool {
        let count = pcm.len().saturating_add(more);
        if next.len() < Self::TEN_MS || count > 4 * Self::TEN_MS {
            return self.lost(pcm);
        }
        self.open();
        let gain = self.gain();
        let (mut ahead, mut behind) = ([0.0; MOST_BETWEEN], [0.0; MOST_BETWEEN]);
        let (mut old_doubts, mut new_doubts) = ([0.0; MOST_BETWEEN], [0.0; MOST_BETWEEN]);
        if let (Some(ahead), Some(behind), Some(old_doubts), Some(new_doubts)) = (
            ahead.get_mut(..count),
            behind.get_mut(..count),
            old_doubts.get_mut(..count),
            new_doubts.get_mut(..count),
        ) {
            self.model.go_on(&mut self.tail, ahead);
            self.model.doubts(old_doubts);
            let (model, mut tail) = Self::looking_back(next);
            model.go_on(&mut tail, behind);
            model.doubts(new_doubts);
            behind.reverse();
            new_doubts.reverse();
        }
        let waves = ahead.iter().zip(&behind);
        let doubts = old_doubts.iter().zip(&new_doubts);
        for (n, ((place, (old, new)), (of_old, of_new))) in
            pcm.iter_mut().zip(waves).zip(doubts).enumerate()
        {
            // By their parts, though the two are not in step: what is made up is better too weak.
            let by_distance = (n + 1) as f32 / (count + 1) as f32;
            let by_doubt = of_old / (of_old + of_new);
            let middle = 4.0 * by_distance * (1.0 - by_distance);
            let turn = by_distance + (by_doubt - by_distance) * middle * BY_DOUBT;
            *place = (old * gain * (1.0 - turn) + new * turn).round() as i16;
        }
        // What comes next goes on from here, without a seam where nothing more is missing.
        self.remember(pcm);
        self.is_open = false;
        self.missing = 0;
        if more > 0 {
            self.open();
        }
        true
    }

    /// The model of what is behind a gap, turned round, and the samples that it goes on from.
    fn looking_back(next: &[i16]) -> (Model, [f32; MOST_ORDER]) {
        let mut signal = [0.0; N];
        let count = next.len().min(N);
        let signal = signal.get_mut(..count).unwrap_or_default();
        for (place, sample) in signal.iter_mut().rev().zip(next) {
            *place = f32::from(*sample);
        }
        (
            Model::of::<N>(signal, Self::ORDER, Self::FADE),
            newest(signal),
        )
    }

    /// The gap begins, unless it did already.
    fn open(&mut self) {
        if self.is_open {
            return;
        }
        self.is_open = true;
        let signal = self.history.map(f32::from);
        self.model = Model::of::<N>(&signal, Self::ORDER, Self::FADE);
        self.tail = newest(&signal);
    }

    /// Blends the first 5 ms after a gap with what would have gone on, 10 ms after a longer one.
    fn blend(&mut self, pcm: &mut [i16]) {
        let is_long = self.missing > 2 * Self::TEN_MS;
        let count = if is_long {
            Self::TEN_MS
        } else {
            Self::TEN_MS / 2
        };
        let count = count.min(pcm.len());
        let gain = self.gain();
        let mut wave = [0.0; N];
        let wave = wave.get_mut(..count).unwrap_or_default();
        self.model.go_on(&mut self.tail, wave);
        for (n, (place, old)) in pcm.iter_mut().zip(wave).enumerate() {
            let new = (n + 1) as f32 / (count + 1) as f32;
            let old = *old * gain * (1.0 - new);
            *place = (f32::from(*place) * new + old).round() as i16;
        }
    }

    /// Full for 10 ms, then a fifth less each 10 ms.
    fn gain(&self) -> f32 {
        let over = self.missing.saturating_sub(Self::TEN_MS) as f32;
        (1.0 - over / (5 * Self::TEN_MS) as f32).max(0.0)
    }

    fn remember(&mut self, pcm: &[i16]) {
        let newest = pcm.get(pcm.len().saturating_sub(N)..).unwrap_or_default();
        self.history.copy_within(newest.len().min(N).., 0);
        let kept = N - newest.len();
        for (place, sample) in self.history.iter_mut().skip(kept).zip(newest) {
            *place = *sample;
        }
    }
}

/// The newest samples of a signal, the newest last.
fn newest(signal: &[f32]) -> [f32; MOST_ORDER] {
    let mut tail = [0.0; MOST_ORDER];
    for (place, sample) in tail.iter_mut().rev().zip(signal.iter().rev()) {
        *place = *sample;
    }
    tail
}

#[cfg(test)]
mod tests;
