//! A resampler by any ratio that may change with every sample: between our 8 kHz and a card's rate,
//! bent by the drift of its clock.
//!
//! A windowed sinc, twelve crossings to each side, read out of one table. At the same rate unbent it hands
//! samples through as they are. Delays by twelve samples of the lower rate.

use std::collections::VecDeque;
use std::f64::consts::PI;

/// Crossings of the sinc to each side.
const CROSSINGS: usize = 12;
/// Steps of the table from one crossing to the next.
const STEPS: usize = 256;
/// Part of the lower rate's half that passes, where rates differ.
const PASS: f64 = 0.94;
/// Shape of the Kaiser window: 70 dB.
const BETA: f64 = 6.8;

/// One direction of one device.
#[derive(Clone, Debug)]
pub(crate) struct Bend {
    /// Samples in for one sample out, unbent.
    ratio: f64,
    /// Samples in from one crossing to the next.
    width: f64,
    /// Samples to each side that count.
    reach: usize,
    table: Vec<f32>,
    line: VecDeque<f32>,
    /// Where in the line the next sample is taken.
    at: f64,
}

impl Bend {
    /// From one rate to another, Hz.
    pub(crate) fn new(from: u32, to: u32) -> Self {
        let ratio = f64::from(from) / f64::from(to);
        let pass = if from == to { 1.0 } else { PASS };
        let width = ratio.max(1.0) / pass;
        let reach = (width * CROSSINGS as f64).ceil() as usize;
        let table = (0..=CROSSINGS * STEPS + 1).map(|n| {
            let crossings = n as f64 / STEPS as f64;
            (kernel(crossings) / width) as f32
        });
        Self {
            ratio,
            width,
            reach,
            table: table.collect(),
            line: std::iter::repeat_n(0.0, 2 * reach).collect(),
            at: reach as f64,
        }
    }

    /// Hands samples in.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        let used = (self.at as usize).saturating_sub(self.reach);
        let used = used.min(self.line.len());
        self.line.drain(..used);
        self.at -= used as f64;
        self.line.extend(samples.iter().map(|s| f32::from(*s)));
    }

    /// Samples that must be handed in before `count` come out; `faster` bends.
    pub(crate) fn wants(&self, count: usize, faster: f64) -> usize {
        let step = self.ratio * (1.0 + faster);
        let last = self.at + step * count.saturating_sub(1) as f64;
        (last as usize + self.reach + 1).saturating_sub(self.line.len())
    }

    /// The next sample, where enough was handed in; `faster` is the part more that is taken for it.
    pub(crate) fn pull(&mut self, faster: f64) -> Option<i16> {
        let whole = self.at as usize;
        if whole + self.reach >= self.line.len() {
            return None;
        }
        let part = self.at - whole as f64;
        let first = (whole + 1).saturating_sub(self.reach);
        let mut sum = 0.0;
        for (n, sample) in self.line.range(first..=whole + self.reach).enumerate() {
            let from_centre = (first + n) as f64 - whole as f64 - part;
            sum += f64::from(*sample) * self.weight(from_centre.abs() / self.width);
        }
        self.at += self.ratio * (1.0 + faster);
        Some(sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16)
    }

    fn weight(&self, crossings: f64) -> f64 {
        let place = crossings * STEPS as f64;
        let whole = place as usize;
        match (self.table.get(whole), self.table.get(whole + 1)) {
            (Some(one), Some(other)) => {
                let part = place - whole as f64;
                f64::from(*one) * (1.0 - part) + f64::from(*other) * part
            }
            _ => 0.0,
        }
    }
}

/// The windowed sinc, so many crossings from its centre.
fn kernel(crossings: f64) -> f64 {
    let across = crossings / CROSSINGS as f64;
    if across >= 1.0 {
        return 0.0;
    }
    let is_crossing = crossings > 0.0 && crossings.fract() == 0.0;
    let sinc = match crossings {
        _ if is_crossing => 0.0,
        0.0 => 1.0,
        _ => (PI * crossings).sin() / (PI * crossings),
    };
    sinc * bessel(BETA * (1.0 - across * across).sqrt()) / bessel(BETA)
}

/// The modified Bessel function of order 0.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..30 {
        term *= (x / (2.0 * f64::from(n))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, rate: u32, count: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / f64::from(rate);
        (0..count)
            .map(|n| ((n as f64 * step).sin() * 16_000.0) as i16)
            .collect()
    }

    fn through(bend: &mut Bend, input: &[i16], faster: f64) -> Vec<i16> {
        let mut out = Vec::new();
        for block in input.chunks(160) {
            bend.push(block);
            out.extend(std::iter::from_fn(|| bend.pull(faster)));
        }
        out
    }

    /// Level of a tone that went through, dB.
    fn level(hertz: f64, from: u32, to: u32) -> f64 {
        let out = through(
            &mut Bend::new(from, to),
            &tone(hertz, from, from as usize),
            0.0,
        );
        let settled = &out[out.len() / 4..];
        let power: f64 = settled.iter().map(|s| f64::from(*s).powi(2)).sum();
        20.0 * ((power / settled.len() as f64).sqrt().max(0.1) * 2f64.sqrt() / 16_000.0).log10()
    }

    #[test]
    fn the_same_rate_unbent_hands_samples_through_as_they_are() {
        let input = tone(440.0, 8_000, 8_000);
        let out = through(&mut Bend::new(8_000, 8_000), &input, 0.0);
        let delay = input.len() - out.len();
        assert!(delay <= 13, "{delay}");
        let from = out.iter().position(|s| *s != 0).unwrap() - 1;
        assert_eq!(out[from..], input[..out.len() - from]);
    }

    #[test]
    fn speech_passes_every_ratio_and_what_would_fold_does_not() {
        for (from, to) in [
            (8_000, 48_000),
            (8_000, 44_100),
            (48_000, 8_000),
            (44_100, 8_000),
            (16_000, 8_000),
        ] {
            for hertz in [300.0, 1_000.0, 3_000.0] {
                let level = level(hertz, from, to);
                assert!(level.abs() < 0.2, "{from} to {to}, {hertz}: {level}");
            }
        }
        for from in [16_000, 44_100, 48_000] {
            let level = level(5_000.0, from, 8_000);
            assert!(level < -50.0, "{from}: {level}");
        }
    }

    #[test]
    fn bent_ones_give_more_or_fewer_and_ask_for_as_much_as_they_need() {
        let mut bend = Bend::new(48_000, 8_000);
        let mut given = 0;
        for _ in 0..5_000 {
            let wanted = bend.wants(160, 0.001);
            bend.push(&vec![0; wanted]);
            given += wanted;
            let out = std::iter::from_fn(|| bend.pull(0.001)).take(160).count();
            assert_eq!(out, 160);
        }
        let exact = 5_000.0 * 960.0 * 1.001;
        assert!((given as f64 - exact).abs() < 200.0, "{given}");
    }
}
