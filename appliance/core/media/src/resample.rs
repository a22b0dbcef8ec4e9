//! Between 8, 16 and 48 kHz: one polyphase filter by whole ratios, in integers.
//!
//! Flat to 86 % of the lower rate's half, 54 dB down from 114 % on; 24 samples of the lower rate long,
//! so it delays by 1.5 ms at 8 kHz each way. Driven by [`crate::transcode`]. The tables are made
//! at compile time and shared; a resampler owns only its history. Card clocks that drift are not
//! its business: ratios are exact.

use crate::oscillator::sine;

/// Samples of the lower rate that the filter sees.
const SPAN: usize = 24;
/// Samples taken in one go; longer input is taken in turns.
const BLOCK: usize = 960;
/// The most ratio, hence the most history.
const MAX_TAPS: usize = 6 * SPAN;
/// Fixed point of the coefficients: their absolute sum stays below 4, so 32-bit sums never overflow.
const POINT: u32 = 14;

/// Which way, and by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ratio {
    Same,
    Up2,
    Up3,
    Up6,
    Down2,
    Down3,
    Down6,
}

/// One direction of one stream.
#[derive(Clone, Debug)]
pub struct Resampler {
    ratio: Ratio,
    /// The newest samples of the input, oldest first; as many as the filter is long.
    history: [i16; MAX_TAPS],
}

/// Rates that do not stand in a ratio of 1, 2, 3 or 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{from} Hz is not resampled to {to} Hz, only by whole ratios of 2, 3 and 6")]
pub struct UnfitRates {
    from: u32,
    to: u32,
}

impl Resampler {
    /// From one rate to another, Hz.
    pub fn new(from: u32, to: u32) -> Result<Self, UnfitRates> {
        let up = to.checked_rem(from) == Some(0);
        let down = from.checked_rem(to) == Some(0);
        let ratio = match (up, down) {
            (true, true) => Ratio::Same,
            (true, _) if to / from == 2 => Ratio::Up2,
            (true, _) if to / from == 3 => Ratio::Up3,
            (true, _) if to / from == 6 => Ratio::Up6,
            (_, true) if from / to == 2 => Ratio::Down2,
            (_, true) if from / to == 3 => Ratio::Down3,
            (_, true) if from / to == 6 => Ratio::Down6,
            _ => return Err(UnfitRates { from, to }),
        };
        Ok(Self {
            ratio,
            history: [0; MAX_TAPS],
        })
    }

    /// Resamples all of `input` into `out`; says how many samples were written. Going down, the
    /// input's length is a multiple of the ratio and a rest is left out; what `out` cannot hold is
    /// left out too.
    pub fn take(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        match self.ratio {
            Ratio::Same => {
                let count = input.len().min(out.len());
                for (place, sample) in out.iter_mut().zip(input) {
                    *place = *sample;
                }
                count
            }
            Ratio::Up2 => self.up(&UP2, input, out),
            Ratio::Up3 => self.up(&UP3, input, out),
            Ratio::Up6 => self.up(&UP6, input, out),
            Ratio::Down2 => self.down(2, &DOWN2, input, out),
            Ratio::Down3 => self.down(3, &DOWN3, input, out),
            Ratio::Down6 => self.down(6, &DOWN6, input, out),
        }
    }

    fn up<const L: usize>(
        &mut self,
        phases: &[[i16; SPAN]; L],
        input: &[i16],
        out: &mut [i16],
    ) -> usize {
        let mut written = 0;
        let mut out = out.chunks_exact_mut(L);
        for block in input.chunks(BLOCK) {
            let line = self.line::<SPAN>(block);
            let windows = line.get(1..SPAN + block.len()).unwrap_or_default();
            for (window, places) in windows.windows(SPAN).zip(&mut out) {
                for (place, phase) in places.iter_mut().zip(phases) {
                    *place = product(window, phase);
                }
                written += L;
            }
        }
        written
    }

    fn down<const N: usize>(
        &mut self,
        by: usize,
        taps: &[i16; N],
        input: &[i16],
        out: &mut [i16],
    ) -> usize {
        let mut written = 0;
        let mut out = out.iter_mut();
        for block in input.chunks(BLOCK) {
            let line = self.line::<N>(block);
            let windows = line.get(by..N + block.len()).unwrap_or_default();
            for (window, place) in windows.windows(N).step_by(by).zip(&mut out) {
                *place = product(window, taps);
                written += 1;
            }
        }
        written
    }

    /// History and block in one row, `N` samples of history first; the history moves on.
    fn line<const N: usize>(&mut self, block: &[i16]) -> [i16; MAX_TAPS + BLOCK] {
        let mut line = [0; MAX_TAPS + BLOCK];
        let past = self.history.get(MAX_TAPS - N..).unwrap_or_default();
        for (place, sample) in line.iter_mut().zip(past.iter().chain(block)) {
            *place = *sample;
        }
        let newest = line.get(block.len()..).unwrap_or_default();
        let kept = self.history.get_mut(MAX_TAPS - N..).unwrap_or_default();
        for (place, sample) in kept.iter_mut().zip(newest) {
            *place = *sample;
        }
        line
    }
}

/// The filter at one place. Coefficients stand oldest sample first.
#[inline]
fn product<const N: usize>(window: &[i16], taps: &[i16; N]) -> i16 {
    // Of known length, so that the compiler makes a vector of it.
    let Some(window) = window.first_chunk::<N>() else {
        return 0;
    };
    let mut sum = 1 << (POINT - 1);
    for (sample, tap) in window.iter().zip(taps) {
        sum += i32::from(*sample) * i32::from(*tap);
    }
    (sum >> POINT).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

static UP2: [[i16; SPAN]; 2] = phases(&DOWN2);
static UP3: [[i16; SPAN]; 3] = phases(&DOWN3);
static UP6: [[i16; SPAN]; 6] = phases(&DOWN6);
static DOWN2: [i16; 2 * SPAN] = design(2);
static DOWN3: [i16; 3 * SPAN] = design(3);
static DOWN6: [i16; 6 * SPAN] = design(6);

/// The phases of an upsampling filter: every `L`th coefficient, `L` times as strong.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, N is L times the span"
)]
const fn phases<const N: usize, const L: usize>(taps: &[i16; N]) -> [[i16; SPAN]; L] {
    let mut phases = [[0; SPAN]; L];
    let mut phase = 0;
    while phase < L {
        let mut tap = 0;
        while tap < SPAN {
            // Counted so that the newest sample, last in the window, meets the first tap.
            phases[phase][tap] = taps[phase + (SPAN - 1 - tap) * L] * L as i16;
            tap += 1;
        }
        phase += 1;
    }
    phases
}

/// A sinc under a Kaiser window, cut in the middle of the lower rate's transition.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, loops stay below N"
)]
const fn design<const N: usize>(ratio: usize) -> [i16; N] {
    /// Window shape for 54 dB: 0.1102 * (54 - 8.7).
    const BETA: f64 = 5.0;
    let mut ideal = [0.0; N];
    let mut sum = 0.0;
    let mut n = 0;
    while n < N {
        let from_centre = n as f64 - (N as f64 - 1.0) / 2.0;
        let angle = std::f64::consts::PI * from_centre / ratio as f64;
        let across = from_centre / (N as f64 / 2.0);
        // N is even, so the centre lies between two samples and the angle is never 0.
        ideal[n] = sine(angle) / angle * bessel(BETA * BETA * (1.0 - across * across));
        sum += ideal[n];
        n += 1;
    }
    let mut taps = [0; N];
    let mut n = 0;
    while n < N {
        let exact = ideal[n] / sum * (1u32 << POINT) as f64;
        taps[n] = (if exact < 0.0 {
            exact - 0.5
        } else {
            exact + 0.5
        }) as i16;
        n += 1;
    }
    taps
}

/// The modified Bessel function of order 0, of an argument given as its square.
const fn bessel(squared: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut n = 1.0;
    while n < 30.0 {
        term *= squared / (4.0 * n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests;
