//! Two voices in one Opus stream, apart from each other: what a recording of a call becomes.
//!
//! A stereo coder would share bits and a little of each voice with the other; two mono streams in one
//! packet (RFC 7845 section 5.1.1.2) do not. Driven by whoever archives recordings, never by a call.

use ::opus::{self as libopus, Application, Bitrate, MSDecoder, MSEncoder, Signal};

use super::OpusError;

/// Two streams, none of them a pair, in their order.
const STREAMS: u8 = 2;
const COUPLED: u8 = 0;
const MAPPING: [u8; 2] = [0, 1];
/// Effort: time is plenty where nobody waits.
const COMPLEXITY: i32 = 8;
/// Bits a second of both.
const BITRATE: i32 = 48_000;
/// Bytes of a packet of 20 ms at most: libopus is told, and keeps to it.
pub const MAX_PAIR_PACKET: usize = 1_275 * 2 + 4;

/// Interleaved samples of two voices to packets.
#[derive(Debug)]
pub struct PairEncoder(MSEncoder);

impl PairEncoder {
    /// An encoder for samples at `rate`, Hz.
    ///
    /// # Errors
    /// Where Opus has no such rate, or libopus no memory.
    pub fn new(rate: u32) -> Result<Self, OpusError> {
        let set_up = || {
            let mut inner = MSEncoder::new(rate, STREAMS, COUPLED, &MAPPING, Application::Voip)?;
            inner.set_bitrate(Bitrate::Bits(BITRATE))?;
            inner.set_complexity(COMPLEXITY)?;
            inner.set_signal(Signal::Voice)?;
            Ok(inner)
        };
        let inner = set_up().map_err(|why: libopus::Error| OpusError::new(rate, &why))?;
        Ok(Self(inner))
    }

    /// Encodes 20 ms; says how many bytes were written, 0 where it is of another length.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        self.0.encode(pcm, out).unwrap_or(0)
    }

    /// Samples of one voice by which the output lags.
    pub fn lookahead(&mut self) -> usize {
        let samples = self.0.get_lookahead().unwrap_or(0);
        usize::try_from(samples).unwrap_or(0)
    }
}

/// Packets to interleaved samples of two voices.
#[derive(Debug)]
pub struct PairDecoder(MSDecoder);

impl PairDecoder {
    /// A decoder to samples at `rate`, Hz.
    ///
    /// # Errors
    /// Where Opus has no such rate, or libopus no memory.
    pub fn new(rate: u32) -> Result<Self, OpusError> {
        let inner = MSDecoder::new(rate, STREAMS, COUPLED, &MAPPING);
        let inner = inner.map_err(|why| OpusError::new(rate, &why))?;
        Ok(Self(inner))
    }

    /// Decodes one packet; says how many samples of each voice were written, 0 where it is no such
    /// packet or does not fit.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> usize {
        if packet.is_empty() {
            return 0;
        }
        self.0.decode(packet, out, false).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_voices_come_back_and_do_not_leak_into_each_other() {
        let mut encoder = PairEncoder::new(8_000).unwrap();
        let mut decoder = PairDecoder::new(8_000).unwrap();
        let (mut packet, mut out) = ([0; MAX_PAIR_PACKET], [0; 320]);
        let mut levels = (0.0, 0.0);
        for n in 0..50 {
            let pcm: Vec<i16> = (0..160)
                .flat_map(|i| {
                    let turn = f64::from(n * 160 + i) * 0.3;
                    [(turn.sin() * 9_000.0) as i16, 0]
                })
                .collect();
            let count = encoder.encode(&pcm, &mut packet);
            assert!(count > 10);
            assert_eq!(decoder.decode(&packet[..count], &mut out), 160);
            for pair in out.chunks(2) {
                levels.0 += f64::from(pair[0]).powi(2);
                levels.1 += f64::from(pair[1]).powi(2);
            }
        }
        assert!(levels.0 > 1e9 && levels.1 < levels.0 * 1e-6, "{levels:?}");
        assert_eq!(decoder.decode(&[], &mut out), 0);
        assert!(encoder.lookahead() < 160);
    }
}
