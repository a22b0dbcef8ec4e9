//! What the next sample owes to those before it: linear prediction by Burg's method, long enough to
//! hold a pitch period, with the newest samples weighing most.
//!
//! Such a model goes on with a voice as it was, pitch and formants and all, and dies away by itself
//! where there was only noise. Driven by [`super::Plc`]; takes no memory.

/// The most samples a prediction looks back: 12.5 ms at 16 kHz.
pub(super) const MOST_ORDER: usize = 200;
/// Added to every power: silence has no pitch, and nothing is divided by nothing.
const FLOOR: f32 = 1.0;
/// Sums run side by side, as many as a processor adds at once.
const LANES: usize = 8;

/// A prediction and how far off it is.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// What each sample before weighs, the newest last; its first `MOST_ORDER - order` are nothing.
    weights: [f32; MOST_ORDER],
    order: usize,
    /// Power of what it did not foresee in the signal it was made from.
    error: f32,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            weights: [0.0; MOST_ORDER],
            order: 0,
            error: FLOOR,
        }
    }
}

impl Model {
    /// The model of `signal`, oldest first, which weighs less by `fade` with each sample of age. `N`
    /// is the most samples that are looked at.
    pub(super) fn of<const N: usize>(signal: &[f32], order: usize, fade: f32) -> Self {
        let count = signal.len().min(N);
        let order = order.min(count / 2).min(MOST_ORDER);
        let mut worth = [1.0; N];
        let mut weight = 1.0;
        for place in worth.iter_mut().take(count).rev() {
            *place = weight;
            weight *= fade;
        }
        let (mut forward, mut backward) = ([0.0; N], [0.0; N]);
        for ((f, b), sample) in forward.iter_mut().zip(&mut backward).zip(signal) {
            (*f, *b) = (*sample, *sample);
        }
        let mut filter = [0.0; MOST_ORDER];
        let mut unforeseen = 0.0;
        for step in 0..order {
            let f = forward.get_mut(step + 1..count).unwrap_or_default();
            let b = backward.get_mut(..count - step - 1).unwrap_or_default();
            let w = worth.get(step + 1..count).unwrap_or_default();
            let (product, power) = likeness(f, b, w);
            let reflection = (-2.0 * product / (power + FLOOR)).clamp(-1.0, 1.0);
            for (f, b) in f.iter_mut().zip(b) {
                (*f, *b) = (*f + reflection * *b, *b + reflection * *f);
            }
            let before = filter;
            let (known, rest) = filter.split_at_mut(step);
            let turned = before.iter().take(step).rev();
            for (place, other) in known.iter_mut().zip(turned) {
                *place += reflection * other;
            }
            if let Some(place) = rest.first_mut() {
                *place = reflection;
            }
            unforeseen = power * (1.0 - reflection * reflection);
        }
        let sum: f32 = worth.iter().take(count).skip(order).sum();
        let mut weights = [0.0; MOST_ORDER];
        for (place, part) in weights.iter_mut().rev().zip(filter.iter().take(order)) {
            *place = -part;
        }
        Self {
            weights,
            order,
            error: unforeseen / (2.0 * sum.max(FLOOR)) + FLOOR,
        }
    }

    /// Goes on from `tail`, the newest samples, into `wave`; `tail` follows.
    pub(super) fn go_on(&self, tail: &mut [f32; MOST_ORDER], wave: &mut [f32]) {
        let weights = self.weights.get(MOST_ORDER - self.order..);
        let weights = weights.unwrap_or_default();
        for part in wave.chunks_mut(MOST_ORDER) {
            let mut line = [0.0; 2 * MOST_ORDER];
            for (place, sample) in line.iter_mut().zip(tail.iter()) {
                *place = *sample;
            }
            for (n, place) in part.iter_mut().enumerate() {
                let known = line.get(n + MOST_ORDER - self.order..n + MOST_ORDER);
                let sample = dot(weights, known.unwrap_or_default());
                // Rounding may make a model of a pure tone grow.
                *place = sample.clamp(f32::from(i16::MIN), f32::from(i16::MAX));
                if let Some(next) = line.get_mut(n + MOST_ORDER) {
                    *next = *place;
                }
            }
            let newest = line.iter().skip(part.len());
            for (place, sample) in tail.iter_mut().zip(newest) {
                *place = *sample;
            }
        }
    }

    /// The power by which each sample of a wave that goes on may be wrong, growing from the first.
    pub(super) fn doubts(&self, wave: &mut [f32]) {
        // What one unforeseen sample does to those after it.
        let mut tail = [0.0; MOST_ORDER];
        if let Some(newest) = tail.last_mut() {
            *newest = 1.0;
        }
        let Some((first, later)) = wave.split_first_mut() else {
            return;
        };
        *first = self.error;
        self.go_on(&mut tail, later);
        let mut sum = 1.0;
        for place in later {
            sum += *place * *place;
            *place = self.error * sum;
        }
    }
}

/// The weighed product of two signals and the sum of their powers.
fn likeness(one: &[f32], other: &[f32], weights: &[f32]) -> (f32, f32) {
    let (mut product, mut power) = ([0.0; LANES], [0.0; LANES]);
    let (ones, one) = one.as_chunks::<LANES>();
    let (others, other) = other.as_chunks::<LANES>();
    let (weighings, weights) = weights.as_chunks::<LANES>();
    let mut add = |one: &[f32], other: &[f32], weights: &[f32]| {
        let sums = product.iter_mut().zip(&mut power);
        for ((sums, (a, b)), w) in sums.zip(one.iter().zip(other)).zip(weights) {
            *sums.0 += w * a * b;
            *sums.1 += w * (a * a + b * b);
        }
    };
    for ((one, other), weights) in ones.iter().zip(others).zip(weighings) {
        add(one, other, weights);
    }
    add(one, other, weights);
    (product.iter().sum(), power.iter().sum())
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (ones, one) = one.as_chunks::<LANES>();
    let (others, other) = other.as_chunks::<LANES>();
    for (one, other) in ones.iter().zip(others) {
        for (sum, (a, b)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += a * b;
        }
    }
    let rest: f32 = one.iter().zip(other).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
