//! Packet loss concealment in the manner of ITU-T G.711 Appendix I: the last pitch period again and
//! again, more of them the longer the gap, fading to silence within 60 ms. Where what follows the
//! gap is there already, as in a jitter buffer, the gap is filled from both sides.
//!
//! Works on samples, so it serves every codec that has no concealment of its own. It adds no delay:
//! where the appendix looks 3.75 ms ahead to smooth the seam, the seam's step is spread over a
//! quarter period here. Driven by [`crate::conceal`] and [`crate::transcode`]; takes no memory.

/// History at 8 kHz: three of the longest pitch periods and a quarter.
pub const NARROW: usize = 390;
/// History at 16 kHz.
pub const WIDE: usize = 2 * NARROW;

/// A quarter of the longest pitch period at 16 kHz.
const MOST_OVERLAP: usize = 60;

/// The concealer of one stream; `N` is [`NARROW`] or [`WIDE`].
#[derive(Clone, Debug)]
pub struct Plc<const N: usize> {
    /// What was heard last, oldest first.
    history: [i16; N],
    /// The history as the gap began. Its last `length` samples are read round and round: their end
    /// leads into their beginning.
    ring: [f32; N],
    /// The history's last quarter period as it was.
    last: [f32; MOST_OVERLAP],
    length: usize,
    period: usize,
    /// Where the ring is read next, from its beginning.
    at: usize,
    /// Samples made up since the last good one; 0 while nothing is missing.
    missing: usize,
    /// What the seam's step still adds, and what it loses a sample.
    step: (f32, f32),
}

impl<const N: usize> Default for Plc<N> {
    fn default() -> Self {
        Self {
            history: [0; N],
            ring: [0.0; N],
            last: [0.0; MOST_OVERLAP],
            length: 0,
            period: 0,
            at: 0,
            missing: 0,
            step: (0.0, 0.0),
        }
    }
}

impl<const N: usize> Plc<N> {
    /// Samples in 10 ms.
    const TEN_MS: usize = N * 80 / NARROW;
    /// Shortest and longest pitch period: 200 Hz and 66 Hz. A higher voice is found by its multiple.
    const SHORTEST: usize = Self::TEN_MS / 2;
    const LONGEST: usize = Self::TEN_MS * 3 / 2;
    /// Samples over which periods are compared: 20 ms.
    const COMPARED: usize = 2 * Self::TEN_MS;
    /// Samples after which nothing is made up any more.
    const MOST: usize = 6 * Self::TEN_MS;

    /// Takes samples that came. The first ones after a gap are blended with what was made up.
    pub fn good(&mut self, pcm: &mut [i16]) {
        if self.missing > 0 {
            self.blend(pcm);
            self.missing = 0;
        }
        self.remember(pcm);
    }

    /// Makes up all of `pcm`. Says whether anything was: `false` for silence after 60 ms.
    pub fn lost(&mut self, pcm: &mut [i16]) -> bool {
        let made_up = self.missing < Self::MOST;
        if self.missing == 0 {
            self.begin();
        }
        for part in pcm.chunks_mut(Self::TEN_MS) {
            let mut wave = [0.0; N];
            let wave = wave.get_mut(..part.len()).unwrap_or_default();
            let before = self.gain();
            self.extend(wave);
            let fall = (before - self.gain()) / part.len() as f32;
            for (n, (place, sample)) in part.iter_mut().zip(wave).enumerate() {
                *place = (*sample * (before - fall * n as f32)).round() as i16;
            }
        }
        self.remember(pcm);
        made_up
    }

    /// Makes up all of `pcm` where what follows it is there already, 10 ms of it at least; more finds
    /// lower voices. What was before the gap fades into what is behind it, each going on as it was:
    /// half of what a gap spoils is saved by this, because most gaps are where something changes.
    pub fn between(&mut self, pcm: &mut [i16], next: &[i16]) -> bool {
        if next.len() < Self::TEN_MS || pcm.len() > 3 * Self::TEN_MS {
            return self.lost(pcm);
        }
        if self.missing == 0 {
            self.begin();
        }
        let gain = self.gain();
        let mut ahead = [0.0; N];
        let ahead = ahead.get_mut(..pcm.len()).unwrap_or_default();
        self.extend(ahead);
        let mut behind = [0.0; N];
        let behind = behind.get_mut(..pcm.len()).unwrap_or_default();
        Self::looking_back(next).extend(behind);
        let steps = (pcm.len() + 1) as f32;
        let waves = ahead.iter().zip(behind.iter().rev());
        for (n, (place, (old, new))) in pcm.iter_mut().zip(waves).enumerate() {
            // By their parts, though the two are not in step: what is made up is better too weak.
            let turn = (n + 1) as f32 / steps;
            *place = (old * gain * (1.0 - turn) + new * turn).round() as i16;
        }
        // What comes next goes on from here without a seam.
        self.missing = 0;
        self.remember(pcm);
        true
    }

    /// A concealer that stands behind a gap and looks back into it.
    fn looking_back(next: &[i16]) -> Self {
        let mut back = Self::default();
        for (place, sample) in back.history.iter_mut().rev().zip(next) {
            *place = *sample;
        }
        back.begin_with(back.find_period_within(next.len().min(N)));
        back
    }

    /// The gap begins: finds the period, makes the ring of one.
    fn begin(&mut self) {
        self.begin_with(self.find_period_within(N));
    }

    fn begin_with(&mut self, period: usize) {
        self.period = period;
        for (place, sample) in self.ring.iter_mut().zip(&self.history) {
            *place = f32::from(*sample);
        }
        let quarter = self.quarter();
        let last = self.ring.get(N - quarter..).unwrap_or_default();
        for (place, sample) in self.last.iter_mut().zip(last) {
            *place = *sample;
        }
        let step = self.sample_back(1) - self.sample_back(self.period + 1);
        self.step = (step, step / (quarter + 1) as f32);
        self.at = 0;
        self.join(1);
    }

    /// Makes up `wave` at full loudness; nothing after 60 ms.
    fn extend(&mut self, wave: &mut [f32]) {
        let mut rest = wave;
        while !rest.is_empty() {
            let to_boundary = Self::TEN_MS - self.missing % Self::TEN_MS;
            let (part, later) = rest.split_at_mut(to_boundary.min(rest.len()));
            if self.missing >= Self::MOST {
                part.fill(0.0);
                self.missing += part.len();
            } else {
                self.go_on(part);
            }
            rest = later;
        }
    }

    /// Goes on with the ring into `part`, which lies within one 10 ms of the gap.
    fn go_on(&mut self, part: &mut [f32]) {
        let periods = self.missing / Self::TEN_MS + 1;
        let grows = self.missing > 0 && self.missing.is_multiple_of(Self::TEN_MS) && periods <= 3;
        let mut old = [0.0; MOST_OVERLAP];
        let overlap = if grows { self.quarter() } else { 0 };
        if grows {
            // The ring's old way goes on for a quarter period while the new one fades in.
            let place = self.at;
            for sample in old.iter_mut().take(overlap) {
                *sample = self.next();
            }
            self.at = place % self.period.max(1);
            self.join(periods);
        }
        let mut old = old.iter().take(overlap).enumerate();
        for place in part {
            *place = self.next();
            if let Some((n, old)) = old.next() {
                let new = (n + 1) as f32 / (overlap + 1) as f32;
                *place = *place * new + old * (1.0 - new);
            }
            self.missing += 1;
        }
    }

    /// Blends the first samples after a gap with the ring, longer after a longer gap.
    fn blend(&mut self, pcm: &mut [i16]) {
        let gaps = self.missing.saturating_sub(1) / Self::TEN_MS;
        let count = self.quarter() + gaps * Self::TEN_MS * 2 / 5;
        let count = count.min(Self::TEN_MS).min(pcm.len());
        let gain = self.gain();
        for (n, place) in pcm.iter_mut().take(count).enumerate() {
            let new = (n + 1) as f32 / (count + 1) as f32;
            let old = self.next() * gain * (1.0 - new);
            *place = (f32::from(*place) * new + old).round() as i16;
        }
    }

    /// Full for 10 ms, then a fifth less each 10 ms.
    fn gain(&self) -> f32 {
        let over = self.missing.saturating_sub(Self::TEN_MS) as f32;
        (1.0 - over / (5 * Self::TEN_MS) as f32).max(0.0)
    }

    fn next(&mut self) -> f32 {
        let place = (N + self.at).saturating_sub(self.length);
        let sample = self.ring.get(place).copied().unwrap_or(0.0) + self.step.0;
        self.at += 1;
        if self.at >= self.length {
            self.at = 0;
        }
        if self.step.0.abs() > self.step.1.abs() {
            self.step.0 -= self.step.1;
        } else {
            self.step.0 = 0.0;
        }
        sample
    }

    /// Makes a ring of the last `periods`: its last quarter period fades into what was before it.
    fn join(&mut self, periods: usize) {
        let quarter = self.quarter();
        self.length = (self.period * periods).min(N - quarter);
        let (before, ring) = self.ring.split_at_mut(N - self.length);
        let before = before.get(before.len() - quarter..).unwrap_or_default();
        let end = ring.len() - quarter;
        let places = ring.get_mut(end..).unwrap_or_default();
        for (n, ((place, last), before)) in
            places.iter_mut().zip(&self.last).zip(before).enumerate()
        {
            let new = (n + 1) as f32 / (quarter + 1) as f32;
            *place = last * (1.0 - new) + before * new;
        }
    }

    /// A quarter of the period: what overlaps at each seam.
    fn quarter(&self) -> usize {
        (self.period / 4).min(MOST_OVERLAP)
    }

    /// The lag at which the newest samples resemble what was before them most, where only so many
    /// are known.
    fn find_period_within(&self, known: usize) -> usize {
        let compared = Self::COMPARED.min(known / 2);
        let longest = Self::LONGEST.min(known - compared);
        let stride = N / NARROW * 2;
        let best = |lags: &mut dyn Iterator<Item = usize>, stride| {
            let mut best = (f32::MIN, Self::SHORTEST);
            for lag in lags {
                let likeness = self.likeness(lag, compared, stride);
                if likeness > best.0 {
                    best = (likeness, lag);
                }
            }
            best.1
        };
        let coarse = best(&mut (Self::SHORTEST..=longest).step_by(stride), stride);
        let from = (coarse + 1).saturating_sub(stride).max(Self::SHORTEST);
        best(&mut (from..=(coarse + stride - 1).min(longest)), 1)
    }

    /// Correlation of the newest samples with those `lag` earlier, over the root of the latter's
    /// power.
    fn likeness(&self, lag: usize, compared: usize, stride: usize) -> f32 {
        let from = N - compared;
        let now = self.history.get(from..).unwrap_or_default();
        let then = self.history.get(from - lag..).unwrap_or_default();
        // Silence resembles everything: it must not win by a small divisor.
        let mut power = (250 * compared / stride) as f32;
        let mut product = 0.0;
        for (a, b) in now.iter().zip(then).step_by(stride) {
            let (a, b) = (f32::from(*a), f32::from(*b));
            product += a * b;
            power += b * b;
        }
        product / power.sqrt()
    }

    fn sample_back(&self, by: usize) -> f32 {
        let sample = N.checked_sub(by).and_then(|at| self.history.get(at));
        sample.copied().map_or(0.0, f32::from)
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

#[cfg(test)]
mod tests;
