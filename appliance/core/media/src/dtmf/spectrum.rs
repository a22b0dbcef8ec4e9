//! What a stretch of 12.75 ms holds of each key frequency: strength and phase.
//!
//! Under a Hann window, so that row and column do not disturb each other; stretches overlap by half.
//! The phase tells by how much the tone is off, which the strength cannot in so short a time.

use super::{COLUMNS, ROWS};
use crate::limits::RATE;
use crate::oscillator::sine;

/// Samples of a stretch.
pub(super) const STRETCH: usize = 102;
/// Samples from one stretch to the next.
pub(super) const HOP: usize = STRETCH / 2;
/// The stretch as vectors take it.
const PADDED: usize = 104;
const LANES: usize = 8;

/// Sum of the window, and of its squares.
const WINDOW_SUM: f32 = STRETCH as f32 / 2.0;
const WINDOW_POWER: f32 = STRETCH as f32 * 3.0 / 8.0;

type Wave = [f32; PADDED];

/// Cosine and sine of each row and column.
static WAVES: [(Wave, Wave); 8] = waves(1.0);
/// The same an octave up.
static OCTAVES: [(Wave, Wave); 8] = waves(2.0);
static WINDOW: Wave = window();

/// One frequency in one stretch: a complex amplitude in units of samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) re: f32,
    pub(super) im: f32,
}

impl Part {
    /// The peak, squared.
    pub(super) fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// Phase gained since `before`, turns, in -0.5..=0.5, over what `hertz` gains in a hop.
    pub(super) fn drift_since(self, before: Self, hertz: f64) -> f32 {
        let re = self.re * before.re + self.im * before.im;
        let im = self.im * before.re - self.re * before.im;
        let gained = im.atan2(re) / std::f32::consts::TAU;
        let expected = (hertz * HOP as f64 / f64::from(RATE)) as f32;
        let drift = gained - expected;
        drift - drift.round()
    }
}

/// All of a stretch that is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spectrum {
    pub(super) rows: [Part; 4],
    pub(super) columns: [Part; 4],
    /// Mean power of everything, as the peak, squared, of a sine that had it.
    pub(super) all: f32,
}

/// The windowed samples of one stretch.
pub(super) struct Stretch(Wave);

impl Stretch {
    pub(super) fn new(samples: &[f32; STRETCH]) -> Self {
        let mut wave = [0.0; PADDED];
        for ((place, sample), weight) in wave.iter_mut().zip(samples).zip(&WINDOW) {
            *place = sample * weight;
        }
        Self(wave)
    }

    pub(super) fn spectrum(&self) -> Spectrum {
        let mut spectrum = Spectrum {
            all: product(&self.0, &self.0) * 2.0 / WINDOW_POWER,
            ..Spectrum::default()
        };
        let parts = spectrum.rows.iter_mut().chain(&mut spectrum.columns);
        for (part, waves) in parts.zip(&WAVES) {
            *part = self.part(waves);
        }
        spectrum
    }

    /// Power an octave above a row (0..4) or column (4..8).
    pub(super) fn octave(&self, index: usize) -> f32 {
        OCTAVES
            .get(index)
            .map_or(0.0, |waves| self.part(waves).power())
    }

    fn part(&self, (cosine, sine): &(Wave, Wave)) -> Part {
        Part {
            re: product(&self.0, cosine) * 2.0 / WINDOW_SUM,
            im: product(&self.0, sine) * -2.0 / WINDOW_SUM,
        }
    }
}

/// Lane by lane, so that the compiler makes vectors of it.
#[inline]
fn product(a: &Wave, b: &Wave) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a, _) = a.as_chunks::<LANES>();
    let (b, _) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, loops stay below the lengths"
)]
const fn waves(times: f64) -> [(Wave, Wave); 8] {
    let mut waves = [([0.0; PADDED], [0.0; PADDED]); 8];
    let mut index = 0;
    while index < 8 {
        let hertz = if index < 4 {
            ROWS[index]
        } else {
            COLUMNS[index - 4]
        };
        let step = std::f64::consts::TAU * hertz * times / RATE as f64;
        let mut n = 0;
        while n < STRETCH {
            let angle = step * n as f64;
            waves[index].0[n] = sine(angle + std::f64::consts::FRAC_PI_2) as f32;
            waves[index].1[n] = sine(angle) as f32;
            n += 1;
        }
        index += 1;
    }
    waves
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, the loop stays below the length"
)]
const fn window() -> Wave {
    let mut window = [0.0; PADDED];
    let mut n = 0;
    while n < STRETCH {
        let turn = std::f64::consts::TAU * (n as f64 + 0.5) / STRETCH as f64;
        window[n] = (0.5 - 0.5 * sine(turn + std::f64::consts::FRAC_PI_2)) as f32;
        n += 1;
    }
    window
}
