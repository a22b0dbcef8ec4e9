//! Seventy-nine prosodic and spectral figures of one phrase at 8 kHz.
//!
//! The same figures as `models/emotion/features.py`, in the same order and with its conventions
//! (percentiles interpolate linearly, deviations are the population's); `vectors.json` beside that
//! script proves it. All in f64, because differences of logarithms of tiny powers must agree.

use std::f64::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

mod statistics;

use statistics::{deviation, mean, percentile, range, steps};

/// Figures of one phrase.
pub const COUNT: usize = 79;
/// 32 ms frames every 10 ms.
const FRAME: usize = 256;
const HOP: usize = 80;
const RATE: f64 = 8000.0;
const BANDS: usize = 26;
const CEPSTRA: usize = 13;
/// The telephone's band, Hz.
const LOW: f64 = 200.0;
const HIGH: f64 = 3500.0;
/// Pitch lags in samples: 400 down to 62 Hz.
const SHORTEST_LAG: usize = 20;
const LONGEST_LAG: usize = 128;
const FFT_FOR_PITCH: usize = 1024;
const VOICED: f64 = 0.45;

/// The tables behind the figures.
pub struct Features {
    spectrum: Arc<dyn Fft<f64>>,
    pitch: Arc<dyn Fft<f64>>,
    window: Vec<f64>,
    filters: Vec<Vec<f64>>,
    cosines: Vec<Vec<f64>>,
}

/// What is known of each frame.
#[derive(Default)]
struct Frames {
    bands: Vec<[f64; BANDS]>,
    cepstra: Vec<[f64; CEPSTRA]>,
    energy: Vec<f64>,
    log_f0: Vec<f64>,
    strength: Vec<f64>,
}

impl Default for Features {
    fn default() -> Self {
        Self::new()
    }
}

impl Features {
    /// Computes the tables.
    pub fn new() -> Self {
        let mut planner = FftPlanner::new();
        let turn = |n: usize| 2.0 * PI * n as f64 / (FRAME - 1) as f64;
        Self {
            spectrum: planner.plan_fft_forward(FRAME),
            pitch: planner.plan_fft_forward(FFT_FOR_PITCH),
            window: (0..FRAME).map(|n| 0.54 - 0.46 * turn(n).cos()).collect(),
            filters: mel_filters(),
            cosines: (0..CEPSTRA)
                .map(|c| {
                    (0..BANDS)
                        .map(|b| (PI / BANDS as f64 * (b as f64 + 0.5) * c as f64).cos())
                        .collect()
                })
                .collect(),
        }
    }

    /// The figures of `speech` (8 kHz, -1..1); shorter than a frame, it is padded with silence.
    pub fn of(&self, speech: &[f32]) -> [f64; COUNT] {
        let mut samples = speech.iter().map(|s| f64::from(*s)).collect::<Vec<_>>();
        samples.resize(samples.len().max(FRAME), 0.0);
        let power = samples.iter().map(|s| s * s).sum::<f64>() / samples.len() as f64;
        let scale = 0.1 / (power.sqrt() + 1e-6);
        samples.iter_mut().for_each(|s| *s *= scale);
        let mut frames = Frames::default();
        for frame in samples.windows(FRAME).step_by(HOP) {
            self.look(frame, &mut frames);
        }
        frames.figures()
    }

    fn look(&self, frame: &[f64], frames: &mut Frames) {
        let centre = mean(frame.iter().copied());
        let variance = mean(frame.iter().map(|s| (s - centre).powi(2)));
        frames.energy.push((variance + 1e-8).ln());
        let windowed = frame
            .iter()
            .zip(&self.window)
            .map(|(s, w)| Complex::new(s * w, 0.0));
        let mut short = windowed.collect::<Vec<_>>();
        let mut long = short.clone();
        self.spectrum.process(&mut short);
        let mut bands = [0.0; BANDS];
        for (band, filter) in bands.iter_mut().zip(&self.filters) {
            let power = short
                .iter()
                .zip(filter)
                .map(|(bin, weight)| bin.norm_sqr() * weight);
            *band = (power.sum::<f64>() + 1e-6).ln();
        }
        let mut cepstra = [0.0; CEPSTRA];
        for (value, cosines) in cepstra.iter_mut().zip(&self.cosines) {
            *value = bands
                .iter()
                .zip(cosines)
                .map(|(band, cosine)| band * cosine)
                .sum();
        }
        frames.bands.push(bands);
        frames.cepstra.push(cepstra);
        // The power spectrum is even, so a forward transform of it gives the autocorrelation.
        long.resize(FFT_FOR_PITCH, Complex::default());
        self.pitch.process(&mut long);
        long.iter_mut()
            .for_each(|bin| *bin = Complex::new(bin.norm_sqr(), 0.0));
        self.pitch.process(&mut long);
        let correlation = |lag: usize| long.get(lag).map_or(0.0, |v| v.re / FFT_FOR_PITCH as f64);
        let whole = correlation(0) + 1e-9;
        let mut best = (SHORTEST_LAG, f64::MIN);
        for lag in SHORTEST_LAG..=LONGEST_LAG {
            let strength = correlation(lag) / whole;
            if strength > best.1 {
                best = (lag, strength);
            }
        }
        frames.log_f0.push((RATE / best.0 as f64).ln());
        frames.strength.push(best.1);
    }
}

impl Frames {
    fn figures(&self) -> [f64; COUNT] {
        let loud = percentile(&self.energy, 20.0);
        let mut active = self.energy.iter().map(|e| *e > loud).collect::<Vec<_>>();
        if !active.contains(&true) {
            active.fill(true);
        }
        let audible = percentile(&self.energy, 30.0);
        let frames = self.strength.iter().zip(&self.energy);
        let voiced = frames
            .map(|(s, e)| *s > VOICED && *e > audible)
            .collect::<Vec<_>>();
        let columns = columns(&self.cepstra, &active);
        let mut figures = Vec::with_capacity(COUNT);
        figures.extend(columns.iter().map(|c| mean(c.iter().copied())));
        figures.extend(columns.iter().map(|c| deviation(c)));
        figures.extend(columns.iter().map(|c| percentile(c, 10.0)));
        figures.extend(columns.iter().map(|c| percentile(c, 90.0)));
        figures.extend(
            self::columns(&deltas(&self.cepstra), &active)
                .iter()
                .map(|c| deviation(c)),
        );
        figures.extend(self.prosody(&active, &voiced));
        let mut whole = [0.0; COUNT];
        whole
            .iter_mut()
            .zip(figures)
            .for_each(|(slot, figure)| *slot = figure);
        whole
    }

    fn prosody(&self, active: &[bool], voiced: &[bool]) -> [f64; 14] {
        let tune = picked(&self.log_f0, voiced);
        let tune = if tune.len() > 5 { tune } else { vec![5.0] };
        let onsets = voiced
            .windows(2)
            .filter(|pair| *pair == [false, true])
            .count();
        let level = |bands: std::ops::Range<usize>| {
            let frames = self.bands.iter().zip(active).filter(|(_, active)| **active);
            mean(
                frames
                    .flat_map(|(frame, _)| frame.get(bands.clone()).unwrap_or(&[]))
                    .copied(),
            )
        };
        [
            mean(tune.iter().copied()),
            deviation(&tune),
            percentile(&tune, 10.0),
            percentile(&tune, 90.0),
            range(&tune),
            mean(steps(&tune)),
            mean(voiced.iter().map(|v| f64::from(u8::from(*v)))),
            deviation(&self.energy),
            range(&self.energy),
            mean(steps(&self.energy)),
            mean(self.strength.iter().copied()),
            deviation(&self.strength),
            onsets as f64 / ((self.energy.len() * HOP) as f64 / RATE),
            level(16..BANDS) - level(0..8),
        ]
    }
}

/// The chosen frames' values, one list for each cepstral coefficient.
fn columns(frames: &[[f64; CEPSTRA]], chosen: &[bool]) -> Vec<Vec<f64>> {
    let column = |c: usize| {
        let chosen = frames.iter().zip(chosen).filter(|(_, chosen)| **chosen);
        chosen
            .filter_map(|(frame, _)| frame.get(c).copied())
            .collect()
    };
    (0..CEPSTRA).map(column).collect()
}

/// Central differences, one-sided at both ends.
fn deltas(frames: &[[f64; CEPSTRA]]) -> Vec<[f64; CEPSTRA]> {
    let last = frames.len().saturating_sub(1);
    (0..frames.len())
        .map(|n| {
            let (before, after) = (n.saturating_sub(1), (n + 1).min(last));
            let span = (after - before).max(1) as f64;
            let mut delta = [0.0; CEPSTRA];
            if let (Some(a), Some(b)) = (frames.get(after), frames.get(before)) {
                delta
                    .iter_mut()
                    .zip(a.iter().zip(b))
                    .for_each(|(d, (a, b))| *d = (a - b) / span);
            }
            delta
        })
        .collect()
}

fn picked(values: &[f64], chosen: &[bool]) -> Vec<f64> {
    values
        .iter()
        .zip(chosen)
        .filter(|(_, chosen)| **chosen)
        .map(|(value, _)| *value)
        .collect()
}

/// HTK-mel triangles over the power spectrum.
fn mel_filters() -> Vec<Vec<f64>> {
    let to_mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let (low, high) = (to_mel(LOW), to_mel(HIGH));
    let edge = |n: usize| {
        let mel = low + (high - low) * n as f64 / (BANDS + 1) as f64;
        700.0 * (10_f64.powf(mel / 2595.0) - 1.0)
    };
    (0..BANDS)
        .map(|band| {
            let (left, peak, right) = (edge(band), edge(band + 1), edge(band + 2));
            let weight = |bin: usize| {
                let hz = bin as f64 * RATE / FRAME as f64;
                ((hz - left) / (peak - left))
                    .min((right - hz) / (right - peak))
                    .max(0.0)
            };
            (0..=FRAME / 2).map(weight).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests;
