//! Hearing keys, and nothing else: Q.24's limits, and what keeps voices out.
//!
//! Each half overlapping stretch of 12.75 ms is judged alone (two tones, strong enough, within the
//! twist, little else, no octaves); a key is heard when enough stretches in a row agree on it, in
//! strength and in frequency. A voice seldom holds two pure tones of the grid still for 30 ms.

use super::spectrum::{HOP, Part, STRETCH, Spectrum, Stretch};
use super::{COLUMNS, KEYS, ROWS};
use crate::limits::RATE;

/// Weakest tone, as the peak squared: -31 dBm0, where Q.24 asks for -25.
const WEAKEST: f32 = 643.0 * 643.0;
/// Most that the column may be above the row, and below it, as powers: 6 and 10 dB, where Q.24 asks
/// for 4 and 8.
const MOST_ABOVE: f32 = 4.0;
const MOST_BELOW: f32 = 10.0;
/// Least part of all power that is in the two tones, in each stretch and in the middle of a key: the
/// first and last stretch see it begin and end, which is no pure tone.
const LEAST_PART: f32 = 0.7;
const LEAST_PART_INSIDE: f32 = 0.92;
/// How much weaker, as a power, the other tones of a group are, and the octaves: 2 and 14 dB. The
/// neighbours see much of a tone in so short a stretch.
const OTHERS_BELOW: f32 = 1.5;
const OCTAVES_BELOW: f32 = 25.0;
/// A row's octave this near its column, Hz, cannot be told from it.
const OCTAVE_HIDDEN: f64 = 160.0;
/// Most a frequency may be off from one stretch to the next, and on average over a key: Q.24 wants
/// 1.5 % accepted and 3.5 % refused.
const MOST_OFF_ONCE: f32 = 0.04;
const MOST_OFF: f32 = 0.025;
/// Least strength of a stretch in a key, as a power, against its strongest: what is cut by the key's
/// beginning or end counts only where it is mostly inside.
const LEAST_OF_STRONGEST: f32 = 0.5;
/// Stretches that make a key: tones of 28 to 35 ms and longer, where Q.24 wants 40 heard and 23 not.
const TO_BEGIN: usize = 5;
/// Stretches without it that end a key: Q.24 wants 10 ms bridged and 40 ms heard as a pause.
const TO_END: u32 = 4;

/// Hears the keys in one stream of 8 kHz samples.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    samples: [f32; STRETCH],
    filled: usize,
    before: Spectrum,
    run: Run,
    sounding: Option<Sounding>,
}

/// Stretches in a row that agree on a key, newest last.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    key: Option<(usize, usize)>,
    count: usize,
    /// Power of row and column in each.
    powers: [(f32, f32); TO_BEGIN],
    /// Part of all power that is in the two.
    parts: [f32; TO_BEGIN],
    /// Drift of row and column from the stretch before it, parts of the frequency.
    drifts: [(f32, f32); TO_BEGIN],
}

#[derive(Clone, Copy, Debug)]
struct Sounding {
    key: (usize, usize),
    missed: u32,
}

impl Default for DtmfDetector {
    fn default() -> Self {
        Self {
            samples: [0.0; STRETCH],
            filled: 0,
            before: Spectrum::default(),
            run: Run::default(),
            sounding: None,
        }
    }
}

impl DtmfDetector {
    /// Listens on; gives the key that became certain within these samples. Cut them to 60 ms or less:
    /// of two keys in one call only the later is given.
    pub fn take(&mut self, pcm: &[i16]) -> Option<char> {
        let mut heard = None;
        for sample in pcm {
            if let Some(place) = self.samples.get_mut(self.filled) {
                *place = f32::from(*sample);
            }
            self.filled += 1;
            if self.filled == STRETCH {
                heard = self.judge().or(heard);
                self.samples.copy_within(HOP.., 0);
                self.filled = HOP;
            }
        }
        heard
    }

    /// The key that sounds now: from when it became certain until it was silent for 25 ms.
    pub fn sounding(&self) -> Option<char> {
        self.sounding.and_then(|sounding| name(sounding.key))
    }

    /// Judges the stretch that is full.
    fn judge(&mut self) -> Option<char> {
        let stretch = Stretch::new(&self.samples);
        let spectrum = stretch.spectrum();
        let found = candidate(&spectrum, &stretch);
        let before = std::mem::replace(&mut self.before, spectrum);
        match found {
            Some(key) => self.run.extend(key, &spectrum, &before),
            None => self.run = Run::default(),
        }
        if let Some(sounding) = &mut self.sounding {
            if found == Some(sounding.key) {
                sounding.missed = 0;
            } else {
                sounding.missed += 1;
            }
            if sounding.missed < TO_END {
                return None;
            }
            self.sounding = None;
        }
        let key = self.run.key.filter(|_| self.run.is_a_key())?;
        self.sounding = Some(Sounding { key, missed: 0 });
        name(key)
    }
}

impl Run {
    fn extend(&mut self, key: (usize, usize), now: &Spectrum, before: &Spectrum) {
        if self.key != Some(key) {
            *self = Self {
                key: Some(key),
                ..Self::default()
            };
        }
        let drift = drifts(key, now, before);
        let first = self.count == 0;
        if !first && (drift.0.abs() > MOST_OFF_ONCE || drift.1.abs() > MOST_OFF_ONCE) {
            self.count = 0;
        }
        self.powers.rotate_left(1);
        self.parts.rotate_left(1);
        self.drifts.rotate_left(1);
        let row = part(&now.rows, key.0).power();
        let column = part(&now.columns, key.1).power();
        self.powers[TO_BEGIN - 1] = (row, column);
        self.parts[TO_BEGIN - 1] = (unweakened(row, drift.0, &ROWS, key.0)
            + unweakened(column, drift.1, &COLUMNS, key.1))
            / now.all;
        self.drifts[TO_BEGIN - 1] = drift;
        self.count += 1;
    }

    fn is_a_key(&self) -> bool {
        if self.count < TO_BEGIN {
            return false;
        }
        let steady = |powers: [f32; TO_BEGIN]| {
            let most = powers.iter().copied().fold(0.0, f32::max);
            powers
                .iter()
                .all(|power| *power > most * LEAST_OF_STRONGEST)
        };
        // The first of the run drifted from a stretch that was none of it.
        let off = |drifts: [f32; TO_BEGIN]| {
            let sum: f32 = drifts.iter().skip(1).sum();
            (sum / (TO_BEGIN - 1) as f32).abs()
        };
        let inside = self.parts.iter().skip(1).take(TO_BEGIN - 2);
        inside.into_iter().all(|part| *part > LEAST_PART_INSIDE)
            && steady(self.powers.map(|power| power.0))
            && steady(self.powers.map(|power| power.1))
            && off(self.drifts.map(|drift| drift.0)) < MOST_OFF
            && off(self.drifts.map(|drift| drift.1)) < MOST_OFF
    }
}

/// The key that a stretch alone could be.
fn candidate(spectrum: &Spectrum, stretch: &Stretch) -> Option<(usize, usize)> {
    let (row, row_power) = strongest(&spectrum.rows)?;
    let (column, column_power) = strongest(&spectrum.columns)?;
    let strong = row_power > WEAKEST && column_power > WEAKEST;
    let twist = column_power < row_power * MOST_ABOVE && row_power < column_power * MOST_BELOW;
    let alone = row_power + column_power > spectrum.all * LEAST_PART;
    let pure = |index, power: f32| stretch.octave(index) * OCTAVES_BELOW < power;
    let rows_octave = ROWS.get(row)? * 2.0 - COLUMNS.get(column)?;
    let is_key = strong
        && twist
        && alone
        && (rows_octave.abs() < OCTAVE_HIDDEN || pure(row, row_power))
        && pure(4 + column, column_power);
    is_key.then_some((row, column))
}

/// The strongest of a group, where it stands out; its index and power.
fn strongest(parts: &[Part; 4]) -> Option<(usize, f32)> {
    let powers = parts.map(Part::power);
    let (index, most) = powers
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))?;
    let others = powers.iter().enumerate().filter(|(n, _)| *n != index);
    let stands_out = others
        .into_iter()
        .all(|(_, power)| power * OTHERS_BELOW < *most);
    stands_out.then_some((index, *most))
}

/// How far row and column are off their frequencies, as parts of them.
fn drifts((row, column): (usize, usize), now: &Spectrum, before: &Spectrum) -> (f32, f32) {
    let off = |parts: &[Part; 4], earlier: &[Part; 4], all: &[f64; 4], index| {
        let hertz = all.get(index).copied().unwrap_or(1.0);
        let turns = part(parts, index).drift_since(part(earlier, index), hertz);
        turns * (f64::from(RATE) / (HOP as f64 * hertz)) as f32
    };
    (
        off(&now.rows, &before.rows, &ROWS, row),
        off(&now.columns, &before.columns, &COLUMNS, column),
    )
}

/// The power of a tone that is off its frequency by a part of it: the window weakens it.
fn unweakened(power: f32, drift: f32, all: &[f64; 4], index: usize) -> f32 {
    let hertz = all.get(index).copied().unwrap_or(0.0) as f32;
    let off = (drift * hertz * STRETCH as f32 / RATE as f32).clamp(-0.5, 0.5);
    power / (1.0 - 1.29 * off * off)
}

fn part(parts: &[Part; 4], index: usize) -> Part {
    parts.get(index).copied().unwrap_or_default()
}

fn name((row, column): (usize, usize)) -> Option<char> {
    KEYS.get(row)?.get(column).copied()
}
