//! Call progress tones as China's exchanges play them: data, and samples made from it.
//!
//! A tone is one frequency in a cadence, at 8 kHz. [`Tone::cycle`] gives one round to be looped as
//! a prompt; [`TonePlayer`] makes it sample by sample where a prompt cannot be used.

use serde::{Deserialize, Serialize};

use crate::limits::RATE;
use crate::oscillator::Oscillator;

/// Level of every tone, dBm0: the middle of what exchanges play.
const LEVEL: f64 = -10.0;

/// What a tone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Dial now.
    Dial,
    /// The other side rings.
    Ringback,
    /// The other side is engaged.
    Busy,
    /// There is no way through.
    Congestion,
    /// Another call waits.
    CallWaiting,
    /// This call is recorded.
    Record,
    /// The number does not exist.
    Info,
}

impl Tone {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Dial,
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::CallWaiting,
        Self::Record,
        Self::Info,
    ];

    /// Frequency, Hz.
    pub fn hertz(self) -> f64 {
        match self {
            Self::Record => 950.0,
            _ => 450.0,
        }
    }

    /// One round: pairs of on and off, milliseconds.
    pub fn cadence(self) -> &'static [(u32, u32)] {
        match self {
            Self::Dial => &[(1_000, 0)],
            Self::Ringback => &[(1_000, 4_000)],
            Self::Busy => &[(350, 350)],
            Self::Congestion => &[(700, 700)],
            Self::CallWaiting => &[(400, 4_000)],
            Self::Record => &[(400, 10_000)],
            Self::Info => &[(100, 100), (100, 100), (100, 100), (400, 400)],
        }
    }

    /// The samples of one round at 8 kHz; played again and again without a seam.
    pub fn cycle(self) -> Vec<i16> {
        let length: u32 = self.cadence().iter().map(|(on, off)| on + off).sum();
        let mut pcm = vec![0; (length * RATE / 1_000) as usize];
        TonePlayer::new(self).fill(&mut pcm);
        pcm
    }
}

/// A tone that plays for ever.
#[derive(Clone, Debug)]
pub struct TonePlayer {
    tone: Tone,
    oscillator: Oscillator,
    /// Which pair of the cadence, and samples left of its two halves.
    step: usize,
    on: u32,
    off: u32,
}

impl TonePlayer {
    /// A tone at its beginning.
    pub fn new(tone: Tone) -> Self {
        let mut player = Self {
            tone,
            oscillator: Oscillator::new(tone.hertz(), LEVEL, RATE),
            step: 0,
            on: 0,
            off: 0,
        };
        player.enter(0);
        player
    }

    /// Fills `pcm`.
    pub fn fill(&mut self, pcm: &mut [i16]) {
        for place in pcm {
            *place = self.next_sample();
        }
    }

    fn next_sample(&mut self) -> i16 {
        if self.on == 0 && self.off == 0 {
            self.enter(self.step + 1);
        }
        if self.on > 0 {
            self.on -= 1;
            // Every burst lasts whole turns of its sine, so it begins and ends at zero.
            return self.oscillator.next_sample() as i16;
        }
        self.off -= 1;
        0
    }

    fn enter(&mut self, step: usize) {
        let cadence = self.tone.cadence();
        self.step = if step < cadence.len() { step } else { 0 };
        let (on, off) = cadence.get(self.step).copied().unwrap_or((1_000, 0));
        self.on = on * RATE / 1_000;
        self.off = off * RATE / 1_000;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oscillator::peak_of;

    /// Milliseconds of sound and silence in turn.
    fn rhythm(pcm: &[i16]) -> Vec<u32> {
        let sounds: Vec<bool> = pcm
            .chunks(80)
            .map(|part| part.iter().any(|s| s.unsigned_abs() > 1_000))
            .collect();
        let runs = sounds.chunk_by(|a, b| a == b);
        runs.map(|run| run.len() as u32 * 10).collect()
    }

    #[test]
    fn each_tone_has_the_rhythm_of_the_table() {
        let rounds = |tone: Tone| rhythm(&tone.cycle());
        assert_eq!(rounds(Tone::Dial), [1_000]);
        assert_eq!(rounds(Tone::Ringback), [1_000, 4_000]);
        assert_eq!(rounds(Tone::Busy), [350, 350]);
        assert_eq!(rounds(Tone::Congestion), [700, 700]);
        assert_eq!(rounds(Tone::CallWaiting), [400, 4_000]);
        assert_eq!(rounds(Tone::Record), [400, 10_000]);
        assert_eq!(rounds(Tone::Info), [100, 100, 100, 100, 100, 100, 400, 400]);
    }

    #[test]
    fn each_tone_has_its_frequency_its_level_and_no_seam() {
        for tone in Tone::ALL {
            let cycle = tone.cycle();
            let mut player = TonePlayer::new(tone);
            let mut twice = vec![0; cycle.len() * 2];
            player.fill(&mut twice);
            let most = twice.iter().map(|s| s.unsigned_abs()).max().unwrap();
            assert!((f64::from(most) - peak_of(-10.0)).abs() < 60.0, "{tone:?}");
            let steepest = twice.windows(2).map(|w| (w[1] - w[0]).unsigned_abs()).max();
            let turn = std::f64::consts::TAU * tone.hertz() / 8_000.0;
            assert!(
                f64::from(steepest.unwrap()) < peak_of(-10.0) * turn * 1.05,
                "{tone:?}"
            );
            let (sound, _) = tone.cadence()[0];
            let burst = &cycle[..sound as usize * 8];
            let rising = burst.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
            let expected = tone.hertz() * f64::from(sound) / 1_000.0;
            assert!(
                (rising as f64 - expected).abs() <= 1.0,
                "{tone:?}: {rising}"
            );
        }
    }
}
