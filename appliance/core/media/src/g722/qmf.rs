//! The quadrature mirror filters: two bands out of one signal, and back (G.722 figure 4, table 11).
//!
//! Both keep 24 samples of history behind the newest, in a line long enough that it is moved only
//! once in many pairs.

/// The filter's first half; the second is its mirror (h0 to h11 of table 11).
const COEFFICIENTS: [i16; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];
/// Samples the filter sees.
const TAPS: usize = 24;
/// Length of the line: room for this many samples before it is moved.
const LINE: usize = 256;

/// Samples in time order; the window is the last 24 before `end`.
#[derive(Clone, Debug)]
struct Line {
    samples: [i32; LINE],
    end: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            samples: [0; LINE],
            end: TAPS,
        }
    }
}

impl Line {
    /// Takes a pair and gives what each half of the filter makes of the window: the products of
    /// even places with the coefficients forward, and of odd places with them backward.
    #[inline]
    fn take(&mut self, pair: [i32; 2]) -> (i32, i32) {
        if self.end == LINE {
            self.samples.copy_within(LINE - TAPS.., 0);
            self.end = TAPS;
        }
        if let Some(place) = self.samples.get_mut(self.end..self.end + 2) {
            place.copy_from_slice(&pair);
        }
        self.end += 2;
        let window = self.samples.get(self.end - TAPS..self.end);
        let (pairs, _) = window.unwrap_or_default().as_chunks::<2>();
        let mirrored = COEFFICIENTS.iter().rev();
        let mut sums = (0, 0);
        for (([even, odd], forward), backward) in pairs.iter().zip(&COEFFICIENTS).zip(mirrored) {
            sums.0 += even * i32::from(*forward);
            sums.1 += odd * i32::from(*backward);
        }
        sums
    }
}

/// Splits 16 kHz into two bands of 8 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Analysis(Line);

impl Analysis {
    /// Two samples in, one of each band out: low, high.
    #[inline]
    pub(super) fn take(&mut self, pair: [i16; 2]) -> (i32, i32) {
        let (even, odd) = self.0.take(pair.map(i32::from));
        ((odd + even) >> 14, (odd - even) >> 14)
    }
}

/// Joins two bands of 8 kHz to 16 kHz.
#[derive(Clone, Debug, Default)]
pub(super) struct Synthesis(Line);

impl Synthesis {
    /// One sample of each band in, two out.
    #[inline]
    pub(super) fn take(&mut self, low: i32, high: i32) -> [i16; 2] {
        let (even, odd) = self.0.take([low + high, low - high]);
        [odd, even].map(|sum| super::band::saturate(sum >> 11) as i16)
    }
}
