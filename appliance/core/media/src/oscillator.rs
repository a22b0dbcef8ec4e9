//! Sines: one that runs sample by sample for tones, and one for tables made at compile time.
//!
//! Levels are dBm0 of ITU-T G.711: a sine of +3.14 dBm0 just reaches full scale. Driven by
//! [`crate::tone`] and [`crate::dtmf`].

use std::f64::consts::{PI, TAU};

/// Level of a full-scale sine under A-law, dBm0 (G.711 table 5).
#[expect(clippy::approx_constant, reason = "decibels, not the circle's number")]
const FULL_SCALE: f64 = 3.14;

/// The peak of a sine of a level in dBm0, in units of 16-bit samples.
pub fn peak_of(dbm0: f64) -> f64 {
    32_767.0 * 10f64.powf((dbm0 - FULL_SCALE) / 20.0)
}

/// A sine that begins at zero; turned a step for each sample, so it costs two products.
#[derive(Clone, Copy, Debug)]
pub struct Oscillator {
    now: (f64, f64),
    turn: (f64, f64),
}

impl Oscillator {
    /// A sine of `hertz` and a level in dBm0 at a sampling rate.
    pub fn new(hertz: f64, dbm0: f64, rate: u32) -> Self {
        let (sine, cosine) = (TAU * hertz / f64::from(rate)).sin_cos();
        Self {
            now: (peak_of(dbm0), 0.0),
            turn: (cosine, sine),
        }
    }

    /// The next sample.
    #[inline]
    pub fn next_sample(&mut self) -> f64 {
        let ((re, im), (cosine, sine)) = (self.now, self.turn);
        self.now = (re * cosine - im * sine, re * sine + im * cosine);
        im
    }
}

/// The sine, for compile time: reduced to half a turn, then its series.
pub(crate) const fn sine(angle: f64) -> f64 {
    let mut x = angle % TAU;
    if x > PI {
        x -= TAU;
    }
    if x < -PI {
        x += TAU;
    }
    let mut term = x;
    let mut sum = x;
    let mut n = 1.0;
    while n < 14.0 {
        term *= -x * x / ((2.0 * n) * (2.0 * n + 1.0));
        sum += term;
        n += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_sine() {
        for n in -400..400 {
            let angle = f64::from(n) * 0.05;
            assert!((sine(angle) - angle.sin()).abs() < 1e-9, "{angle}");
        }
    }

    #[test]
    fn a_minute_later_the_sine_is_as_loud_as_it_was() {
        let mut oscillator = Oscillator::new(450.0, -10.0, 8_000);
        let mut most = 0f64;
        for n in 0..480_000 {
            let sample = oscillator.next_sample();
            if n > 472_000 {
                most = most.max(sample);
            }
        }
        assert!((most - peak_of(-10.0)).abs() < 5.0, "{most}");
        assert!((peak_of(0.0) - 22_827.0).abs() < 10.0);
    }
}
