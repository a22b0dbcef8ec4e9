//! Whisper's front end: 16 kHz samples to an 80-band log-mel picture.
//!
//! The formula of the published model (and of faster-whisper's extractor): periodic Hann of 400
//! samples every 160, centred with reflected ends, power spectrum, Slaney mel bands normalised by
//! area, `log10`, floor 8 below the loudest, `(x + 4) / 4`. Proven equal to numpy on test vectors.

use std::f64::consts::PI;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// Mel bands.
pub const BANDS: usize = 80;
/// Samples between frames: 10 ms.
pub const HOP: usize = 160;
const WINDOW: usize = 400;
const BINS: usize = WINDOW / 2 + 1;

/// The front end with its tables.
pub struct Mel {
    fft: Arc<dyn Fft<f32>>,
    hann: Vec<f32>,
    bands: Vec<Band>,
}

/// One triangular filter: its first bin and weights.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl Default for Mel {
    fn default() -> Self {
        Self::new()
    }
}

impl Mel {
    /// Computes the tables.
    pub fn new() -> Self {
        let hann = (0..WINDOW)
            .map(|n| (0.5 - 0.5 * (2.0 * PI * n as f64 / WINDOW as f64).cos()) as f32)
            .collect();
        Self {
            fft: FftPlanner::new().plan_fft_forward(WINDOW),
            hann,
            bands: bands(),
        }
    }

    /// The picture of `samples` followed by silence, `frames` wide: band after band, `BANDS * frames`
    /// values. Samples beyond `frames * HOP` are not looked at.
    pub fn picture(&self, samples: &[f32], frames: usize) -> Vec<f32> {
        let samples = samples.get(..frames * HOP).unwrap_or(samples);
        let mut picture = vec![-10.0_f32; BANDS * frames];
        let mut buffer = vec![Complex::default(); WINDOW];
        let mut scratch = vec![Complex::default(); self.fft.get_inplace_scratch_len()];
        let mut loudest = -10.0_f32;
        // Frames further right see silence alone, which is the floor value already there.
        let sounding = frames.min((samples.len() + WINDOW / 2).div_ceil(HOP));
        for frame in 0..sounding {
            let start = (frame * HOP) as isize - (WINDOW / 2) as isize;
            for (n, (slot, window)) in buffer.iter_mut().zip(&self.hann).enumerate() {
                *slot = Complex::new(
                    reflected(samples, start + n as isize, frames * HOP) * window,
                    0.0,
                );
            }
            self.fft.process_with_scratch(&mut buffer, &mut scratch);
            for (band, column) in self.bands.iter().zip(picture.chunks_exact_mut(frames)) {
                let bins = buffer.get(band.first..).unwrap_or(&[]).iter();
                let energy: f32 = bins
                    .zip(&band.weights)
                    .map(|(bin, weight)| bin.norm_sqr() * weight)
                    .sum();
                if let Some(value) = column.get_mut(frame) {
                    *value = energy.max(1e-10).log10();
                    loudest = loudest.max(*value);
                }
            }
        }
        picture
            .iter_mut()
            .for_each(|value| *value = (value.max(loudest - 8.0) + 4.0) / 4.0);
        picture
    }
}

/// Sample `i` of `samples` followed by silence up to `length`, reflected at both ends.
fn reflected(samples: &[f32], i: isize, length: usize) -> f32 {
    let last = length as isize - 1;
    let i = i.abs();
    let i = if i > last { 2 * last - i } else { i };
    usize::try_from(i)
        .ok()
        .and_then(|i| samples.get(i))
        .copied()
        .unwrap_or(0.0)
}

/// Slaney's mel filters from 0 to 8 kHz: linear to 1 kHz, then logarithmic, each of area 1.
fn bands() -> Vec<Band> {
    const LINEAR_HZ: f64 = 200.0 / 3.0;
    const BREAK_HZ: f64 = 1000.0;
    const TOP_MEL: f64 = 45.245_640_471_924_965;
    let log_step = 6.4_f64.ln() / 27.0;
    let hz = |mel: f64| {
        let break_mel = BREAK_HZ / LINEAR_HZ;
        if mel < break_mel {
            mel * LINEAR_HZ
        } else {
            BREAK_HZ * (log_step * (mel - break_mel)).exp()
        }
    };
    let edges = (0..BANDS + 2)
        .map(|i| hz(TOP_MEL * i as f64 / (BANDS + 1) as f64))
        .collect::<Vec<_>>();
    edges
        .windows(3)
        .filter_map(|edges| edges.first_chunk::<3>())
        .map(|&[low, centre, high]| {
            let weight = |bin: usize| {
                let f = bin as f64 * 16000.0 / WINDOW as f64;
                let ramp = ((f - low) / (centre - low)).min((high - f) / (high - centre));
                (ramp.max(0.0) * 2.0 / (high - low)) as f32
            };
            let first = (0..BINS).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            let weights = (first..BINS).map(weight).take_while(|w| *w > 0.0).collect();
            Band { first, weights }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        samples: usize,
        frames: usize,
        columns: Vec<(usize, Vec<f32>)>,
        mean: f64,
    }

    /// The same sound as `testdata/mel.py` makes: two chirps, a silence, and a generator's noise.
    fn sound(length: usize) -> Vec<f32> {
        let mut state = 12345_u32;
        (0..length)
            .map(|n| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 8) / f64::from(1 << 24) - 0.5;
                let t = n as f64 / 16000.0;
                let voice = (2.0 * PI * (200.0 * t + 900.0 * t * t)).sin() * 0.3
                    + (2.0 * PI * (3000.0 * t + 1500.0 * t * t)).sin() * 0.05;
                (if (6000..9000).contains(&n) {
                    0.0
                } else {
                    voice + 0.01 * noise
                }) as f32
            })
            .collect()
    }

    #[test]
    fn the_picture_is_numpys() {
        let vectors: Vectors = serde_json::from_str(include_str!("../testdata/mel.json")).unwrap();
        let picture = Mel::new().picture(&sound(vectors.samples), vectors.frames);
        let mut worst = 0.0_f32;
        for (column, expected) in &vectors.columns {
            for (band, value) in expected.iter().enumerate() {
                worst = worst.max((picture[band * vectors.frames + column] - value).abs());
            }
        }
        assert!(worst < 2e-4, "largest difference {worst}");
        let mean = picture.iter().map(|v| f64::from(*v)).sum::<f64>() / picture.len() as f64;
        assert!(
            (mean - vectors.mean).abs() < 1e-5,
            "{mean} is not {}",
            vectors.mean
        );
    }

    #[test]
    fn silence_and_too_long_sound_fill_the_picture_exactly() {
        let mel = Mel::new();
        assert!(mel.picture(&[], 4).iter().all(|v| (*v + 1.5).abs() < 1e-6));
        assert_eq!(mel.picture(&[0.1; 5000], 4).len(), 4 * BANDS);
        assert!(mel.picture(&[0.1; 5000], 0).is_empty());
    }
}
