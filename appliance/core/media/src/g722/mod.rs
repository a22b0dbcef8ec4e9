//! G.722 at 64 kbit/s (ITU-T G.722): 16 kHz audio in two ADPCM bands, one byte for two samples.
//!
//! Bit exact with the recommendation's fixed-point description. [`Encoder`] and [`Decoder`] are
//! driven by [`crate::transcode`]; every byte is a valid code, so a decoder refuses nothing. The
//! lower rates (56 and 48 kbit/s) never occur in RTP and are not spoken.

mod band;
mod qmf;

use band::Band;
use qmf::{Analysis, Synthesis};

/// Samples by which a signal is later after encoding and decoding: both filters' length, less two.
pub const DELAY: usize = 22;

/// Samples to G.722 bytes.
#[derive(Clone, Debug)]
pub struct Encoder {
    split: Analysis,
    low: Band,
    high: Band,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            split: Analysis::default(),
            low: Band::low(),
            high: Band::high(),
        }
    }
}

impl Encoder {
    /// Encodes 16 kHz samples, two to a byte; says how many bytes were written. An odd last sample
    /// and what `out` cannot hold are left out.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let mut written = 0;
        let (pairs, _) = pcm.as_chunks::<2>();
        for (pair, byte) in pairs.iter().zip(out) {
            let (low, high) = self.split.take(*pair);
            *byte = self.low.encode_low(low) | self.high.encode_high(high) << 6;
            written += 1;
        }
        written
    }
}

/// G.722 bytes to samples.
#[derive(Clone, Debug)]
pub struct Decoder {
    join: Synthesis,
    low: Band,
    high: Band,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            join: Synthesis::default(),
            low: Band::low(),
            high: Band::high(),
        }
    }
}

impl Decoder {
    /// Decodes bytes to 16 kHz samples, two for each; says how many samples were written. What
    /// `out` cannot hold is left out.
    pub fn decode(&mut self, codes: &[u8], out: &mut [i16]) -> usize {
        let mut written = 0;
        let (pairs, _) = out.as_chunks_mut::<2>();
        for (code, pair) in codes.iter().zip(pairs) {
            let low = self.low.decode_low(code & 0x3F);
            let high = self.high.decode_high(code >> 6);
            *pair = self.join.take(low, high);
            written += 2;
        }
        written
    }

    /// Follows audio that was made up for lost bytes, as if it had been decoded: predictors and
    /// quantisers else stay where the loss began, and what comes after it is distorted for long.
    /// `after` is how the made-up audio would go on, [`DELAY`] samples of it.
    pub fn follow(&mut self, made_up: &[i16], after: &[i16; DELAY]) {
        let mut split = Analysis::default();
        let (begun, _) = made_up.as_chunks::<2>();
        let (ended, _) = after.as_chunks::<2>();
        // The bands of a pair are what the encoder saw up to it, and that is heard later by the
        // delay of both filters.
        let pairs = begun.iter().chain(ended).enumerate();
        for (n, pair) in pairs {
            let (low, high) = split.take(*pair);
            if n >= DELAY / 2 {
                self.low.encode_low(low);
                self.high.encode_high(high);
                self.join.take(low, high);
            }
        }
    }
}

#[cfg(test)]
mod tests;
