//! Comfort noise (RFC 3389): silence described in a few bytes, and noise made from the description.
//!
//! [`describe`] measures the background of whoever is silent; [`NoiseMaker`] plays what a peer
//! described, so that the line does not seem dead. Levels are dBov: below a full-scale square wave.
//! Driven by [`crate::stream`]'s owner; takes no memory.

/// Reflection coefficients that are used and written; a description may hold more.
pub const MOST_ORDER: usize = 10;
/// The weakest level that a description can say, -dBov.
const WEAKEST: u8 = 127;
/// Full scale, dBov 0.
const FULL_SCALE: f32 = 32_768.0;
/// A filter nearer to the edge than this would ring or worse.
const STEEPEST: f32 = 0.98;
/// Samples over which one noise turns into the next: 10 ms at 8 kHz.
const GLIDE: f32 = 1.0 / 80.0;

/// Describes the noise in `pcm`, 20 ms or more of it: its level and as many reflection coefficients
/// as `out` has room for behind it, at most [`MOST_ORDER`]. Says how many bytes were written.
pub fn describe(pcm: &[i16], out: &mut [u8]) -> usize {
    let order = out.len().saturating_sub(1).min(MOST_ORDER);
    let Some((level, coefficients)) = out.split_first_mut() else {
        return 0;
    };
    let power = correlation(pcm, 0) / pcm.len().max(1) as f32;
    *level = level_of(power.sqrt());
    let reflections = reflections(pcm, order);
    for (place, k) in coefficients.iter_mut().zip(&reflections).take(order) {
        *place = (k * 127.0 + 127.0).round().clamp(0.0, 254.0) as u8;
    }
    order + 1
}

/// Root mean square to -dBov.
fn level_of(rms: f32) -> u8 {
    let below = -20.0 * (rms.max(1e-3) / FULL_SCALE).log10();
    below.round().clamp(0.0, f32::from(WEAKEST)) as u8
}

fn correlation(pcm: &[i16], lag: usize) -> f32 {
    let later = pcm.get(lag..).unwrap_or_default();
    let products = pcm.iter().zip(later);
    products.map(|(a, b)| f32::from(*a) * f32::from(*b)).sum()
}

/// Levinson and Durbin: the lattice of the filter that gives white noise the colour of `pcm`.
fn reflections(pcm: &[i16], order: usize) -> [f32; MOST_ORDER] {
    let mut correlations = [0.0; MOST_ORDER + 1];
    for (lag, place) in correlations.iter_mut().enumerate().take(order + 1) {
        *place = correlation(pcm, lag);
    }
    let mut reflections = [0.0; MOST_ORDER];
    let mut taps = [0.0; MOST_ORDER];
    // A little white noise keeps the recursion away from the edge.
    let mut error = correlations[0] * 1.000_1 + 1.0;
    for (n, place) in reflections.iter_mut().enumerate().take(order) {
        let mut sum = correlations.get(n + 1).copied().unwrap_or(0.0);
        let before = correlations.iter().take(n + 1).skip(1).rev();
        for (tap, correlation) in taps.iter().take(n).zip(before) {
            sum += tap * correlation;
        }
        let k = (-sum / error).clamp(-STEEPEST, STEEPEST);
        let mut mirrored = taps;
        mirrored.get_mut(..n).unwrap_or_default().reverse();
        for (tap, other) in taps.iter_mut().zip(&mirrored).take(n) {
            *tap += k * other;
        }
        if let Some(tap) = taps.get_mut(n) {
            *tap = k;
        }
        error *= 1.0 - k * k;
        *place = k;
    }
    reflections
}

/// Noise as it was described last.
#[derive(Clone, Debug)]
pub struct NoiseMaker {
    random: u32,
    reflections: [f32; MOST_ORDER],
    /// The lattice's backward errors.
    memory: [f32; MOST_ORDER],
    /// Root mean square of the excitation, as it is and as it shall be.
    gain: f32,
    wanted: f32,
}

impl NoiseMaker {
    /// Silence, until something is described. The seed tells this noise from another's.
    pub fn new(seed: u32) -> Self {
        Self {
            random: seed,
            reflections: [0.0; MOST_ORDER],
            memory: [0.0; MOST_ORDER],
            gain: 0.0,
            wanted: 0.0,
        }
    }

    /// Takes a description; an empty one changes nothing, bytes behind the tenth coefficient are
    /// passed over.
    pub fn describe(&mut self, payload: &[u8]) {
        let Some((level, coefficients)) = payload.split_first() else {
            return;
        };
        self.reflections = [0.0; MOST_ORDER];
        let mut kept = 1.0;
        for (k, byte) in self.reflections.iter_mut().zip(coefficients) {
            *k = ((f32::from(*byte) - 127.0) / 127.0).clamp(-STEEPEST, STEEPEST);
            kept *= 1.0 - *k * *k;
        }
        // The topmost bit is not the level's (RFC 3389 section 3.1).
        let below = f32::from(*level & WEAKEST);
        let rms = FULL_SCALE * 10f32.powf(-below / 20.0);
        // The filter strengthens what goes into it by the inverse of what it predicts.
        self.wanted = rms * kept.sqrt();
    }

    /// Falls silent, within 10 ms.
    pub fn stop(&mut self) {
        self.wanted = 0.0;
    }

    /// Fills `pcm`.
    pub fn fill(&mut self, pcm: &mut [i16]) {
        for place in pcm {
            self.gain += (self.wanted - self.gain) * GLIDE;
            let excitation = self.white() * self.gain;
            *place = self.colour(excitation).round() as i16;
        }
    }

    /// Nearly normal, with a power of 1: the sum of four uniform ones.
    fn white(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..4 {
            self.random = self
                .random
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            sum += (self.random >> 8) as f32 / (1 << 23) as f32 - 1.0;
        }
        sum * 0.75f32.sqrt()
    }

    /// One sample through the all-pole lattice.
    fn colour(&mut self, excitation: f32) -> f32 {
        let mut forward = excitation;
        let mut behind = [0.0; MOST_ORDER];
        let stages = self.reflections.iter().zip(&self.memory);
        for ((k, memory), place) in stages.zip(&mut behind).rev() {
            forward -= k * memory;
            *place = memory + k * forward;
        }
        // Each stage's backward error is the next stage's memory.
        let outputs = behind.iter();
        for (memory, output) in self.memory.iter_mut().skip(1).zip(outputs) {
            *memory = *output;
        }
        if let Some(first) = self.memory.first_mut() {
            *first = forward;
        }
        forward
    }
}

#[cfg(test)]
mod tests;
