//! Making keys: tone, pause, and no more.

use super::frequencies;
use crate::limits::RATE;
use crate::oscillator::Oscillator;

/// Levels of row and column, dBm0: the column 2 dB above, because lines weaken it more.
const ROW_LEVEL: f64 = -9.0;
const COLUMN_LEVEL: f64 = -7.0;
/// Length of tone and pause where nothing else is asked for, samples: 100 ms each, what every
/// exchange hears (Q.24 asks for 40).
const TONE: usize = 800;
const PAUSE: usize = 800;
/// Samples over which the tone rises and falls: 2.5 ms, so that it does not click.
const RAMP: usize = 20;

/// One key being sounded.
#[derive(Clone, Copy, Debug)]
pub struct DtmfGenerator {
    row: Oscillator,
    column: Oscillator,
    at: usize,
    tone: usize,
    pause: usize,
}

impl DtmfGenerator {
    /// A key of 100 ms and a pause of 100 ms at 8 kHz; `None` for what is no key.
    pub fn new(key: char) -> Option<Self> {
        let (row, column) = frequencies(key)?;
        Some(Self {
            row: Oscillator::new(row, ROW_LEVEL, RATE),
            column: Oscillator::new(column, COLUMN_LEVEL, RATE),
            at: 0,
            tone: TONE,
            pause: PAUSE,
        })
    }

    /// The same with other lengths of tone and pause, milliseconds.
    #[must_use]
    pub fn lasting(mut self, tone_ms: u32, pause_ms: u32) -> Self {
        let samples = |ms: u32| ms.min(60_000) as usize * RATE as usize / 1_000;
        self.tone = samples(tone_ms);
        self.pause = samples(pause_ms);
        self
    }

    /// The key was let go: the tone falls silent now, the pause still follows.
    pub fn release(&mut self) {
        self.tone = self.tone.min(self.at + RAMP);
    }

    /// Fills `pcm`, with silence once pause and all are over; says whether more is to come.
    pub fn fill(&mut self, pcm: &mut [i16]) -> bool {
        for place in pcm {
            *place = self.next_sample();
        }
        self.at < self.tone + self.pause
    }

    fn next_sample(&mut self) -> i16 {
        let left = self.tone.saturating_sub(self.at);
        if left == 0 {
            self.at = self.at.saturating_add(1);
            return 0;
        }
        let sum = self.row.next_sample() + self.column.next_sample();
        let ramp = left.min(self.at + 1).min(RAMP) as f64 / RAMP as f64;
        self.at += 1;
        (sum * ramp) as i16
    }
}
