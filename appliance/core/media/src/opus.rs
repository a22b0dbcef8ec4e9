//! Opus (RFC 6716) as telephony wants it: one channel, 20 ms, in-band error correction, no DTX.
//!
//! A thin cover over libopus. The encoder works at the rate of its source, so that narrow-band
//! audio is not encoded as if it were wide. Driven by [`crate::transcode`]; takes memory only when it is
//! made. A packet that libopus refuses gives no samples and leaves the decoder as it was.

mod pair;
mod receive;

pub use pair::{MAX_PAIR_PACKET, PairDecoder, PairEncoder};
pub use receive::OpusReceiver;

use ::opus::{self as libopus, Application, Bitrate, Channels, Signal};

/// Effort of the encoder, 0..=10: above 5 the ear gains little and the processor pays much.
const COMPLEXITY: i32 = 5;
/// Bits a second at 8 kHz; with error correction, which lives of what is left over.
const NARROW_BITRATE: i32 = 24_000;
/// Bits a second at 16 kHz.
const WIDE_BITRATE: i32 = 32_000;
/// Loss the encoder prepares for before the peer has reported any, percent.
const EXPECTED_LOSS: i32 = 5;

/// Why no Opus coder could be made: an unfit rate, or no memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no Opus coder at {rate} Hz: {why}\nhint: its rates are 8000, 12000, 16000, 24000 and 48000"
)]
pub struct OpusError {
    rate: u32,
    why: &'static str,
}

impl OpusError {
    fn new(rate: u32, why: &libopus::Error) -> Self {
        Self {
            rate,
            why: why.description(),
        }
    }
}

/// Samples to Opus packets.
#[derive(Debug)]
pub struct OpusEncoder {
    inner: libopus::Encoder,
    loss: i32,
}

impl OpusEncoder {
    /// An encoder for samples at `rate`, Hz.
    pub fn new(rate: u32) -> Result<Self, OpusError> {
        let set_up = || {
            let mut inner = libopus::Encoder::new(rate, Channels::Mono, Application::Voip)?;
            let bitrate = if rate <= 8_000 {
                NARROW_BITRATE
            } else {
                WIDE_BITRATE
            };
            inner.set_bitrate(Bitrate::Bits(bitrate))?;
            inner.set_complexity(COMPLEXITY)?;
            inner.set_signal(Signal::Voice)?;
            inner.set_inband_fec(true)?;
            inner.set_packet_loss_perc(EXPECTED_LOSS)?;
            Ok(inner)
        };
        let inner = set_up().map_err(|why: libopus::Error| OpusError::new(rate, &why))?;
        Ok(Self {
            inner,
            loss: EXPECTED_LOSS,
        })
    }

    /// Encodes one frame of 2.5, 5, 10, 20, 40 or 60 ms; says how many bytes were written, 0 where
    /// the frame has another length or `out` is too short.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        self.inner.encode(pcm, out).unwrap_or(0)
    }

    /// Prepares for the loss that the peer reports, 0..=1. A whole percent or less of change is not
    /// worth the call.
    pub fn expect_loss(&mut self, loss: f32) {
        let percent = ((loss * 100.0) as i32).clamp(0, 30);
        if (percent - self.loss).abs() > 1 && self.inner.set_packet_loss_perc(percent).is_ok() {
            self.loss = percent;
        }
    }

    /// Bits a second from now on; for recordings and narrow links. A value that libopus refuses
    /// changes nothing.
    pub fn set_bitrate(&mut self, bits: i32) {
        let _ = self.inner.set_bitrate(Bitrate::Bits(bits));
    }

    /// Samples, at the encoder's rate, by which its output lags (RFC 7845 calls it pre-skip).
    pub fn lookahead(&mut self) -> usize {
        let samples = self.inner.get_lookahead().unwrap_or(0);
        usize::try_from(samples).unwrap_or(0)
    }
}

/// Opus packets to samples.
#[derive(Debug)]
pub struct OpusDecoder {
    inner: libopus::Decoder,
}

impl OpusDecoder {
    /// A decoder to samples at `rate`, Hz, whatever rate the packets were made from.
    pub fn new(rate: u32) -> Result<Self, OpusError> {
        let inner = libopus::Decoder::new(rate, Channels::Mono);
        let inner = inner.map_err(|why| OpusError::new(rate, &why))?;
        Ok(Self { inner })
    }

    /// Decodes one packet; says how many samples were written, 0 where it is no Opus packet or
    /// longer than `out`.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> usize {
        // To libopus an empty packet is a lost one; here it is none at all.
        if packet.is_empty() {
            return 0;
        }
        self.inner.decode(packet, out, false).unwrap_or(0)
    }

    /// Makes up all of `out` for a packet that did not come; its length is a multiple of 2.5 ms.
    pub fn conceal(&mut self, out: &mut [i16]) -> usize {
        self.inner.decode(&[], out, false).unwrap_or(0)
    }

    /// Fills `out` with the packet that did not come, from the copy of it that `next` carries where
    /// its sender used error correction, else as [`conceal`](Self::conceal). `out` is as long as the
    /// missing packet. [`decode`](Self::decode) still takes `next` afterwards.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> usize {
        if next.is_empty() {
            return self.conceal(out);
        }
        self.inner.decode(next, out, true).unwrap_or(0)
    }

    /// Samples a packet holds, without decoding it; 0 where it is no Opus packet.
    pub fn length_of(&self, packet: &[u8]) -> usize {
        self.inner.get_nb_samples(packet).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
