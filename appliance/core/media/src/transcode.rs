//! From any codec to any other: payloads to samples, samples to payloads, and both at once.
//!
//! Driven by whoever bridges two streams that speak differently, at 20 ms a turn. The only memory is
//! taken when a coder is made. Bytes that are no payload of the codec give no samples; whoever
//! drives decides whether that is concealed.

use crate::codec::Codec;
use crate::g722;
use crate::limits::MAX_SAMPLES;
use crate::opus::{OpusDecoder, OpusEncoder, OpusError};
use crate::plc::{NARROW, Plc, WIDE};
use crate::resample::Resampler;

/// Payloads of one codec to samples at [`rate`](Self::rate).
#[derive(Debug)]
pub struct AudioDecoder {
    rate: u32,
    inner: Decoder,
}

#[derive(Debug)]
enum Decoder {
    G711(Codec, Box<Plc<NARROW>>),
    G722(Box<(g722::Decoder, Plc<WIDE>)>),
    Opus(OpusDecoder),
}

impl AudioDecoder {
    /// A decoder at the codec's own rate.
    ///
    /// # Errors
    /// Where libopus has no memory.
    pub fn new(codec: Codec) -> Result<Self, OpusError> {
        let inner = match codec {
            Codec::Pcma | Codec::Pcmu => Decoder::G711(codec, Box::default()),
            Codec::G722 => Decoder::G722(Box::default()),
            Codec::Opus => return Self::opus(codec.rate()),
        };
        Ok(Self {
            rate: codec.rate(),
            inner,
        })
    }

    /// An Opus decoder to samples at `rate`, Hz.
    ///
    /// # Errors
    /// Where Opus has no such rate, or libopus no memory.
    pub fn opus(rate: u32) -> Result<Self, OpusError> {
        Ok(Self {
            rate,
            inner: Decoder::Opus(OpusDecoder::new(rate)?),
        })
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Samples of 20 ms.
    pub fn frame(&self) -> usize {
        self.rate as usize / 50
    }

    /// Decodes one payload; says how many samples were written. What `out` cannot hold of G.711 and
    /// G.722 is left out; an Opus packet that it cannot hold, or that is none, gives 0.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match &mut self.inner {
            Decoder::G711(codec, plc) => {
                let count = payload.len().min(out.len());
                let (out, _) = out.split_at_mut(count);
                for (code, place) in payload.iter().zip(out.iter_mut()) {
                    *place = codec.decode(*code);
                }
                plc.good(out);
                count
            }
            Decoder::G722(parts) => {
                let (decoder, plc) = &mut **parts;
                let count = decoder.decode(payload, out);
                let (out, _) = out.split_at_mut(count);
                plc.good(out);
                count
            }
            Decoder::Opus(decoder) => decoder.decode(payload, out),
        }
    }

    /// Makes up all of `out` for audio that did not come; Opus wants a multiple of 2.5 ms. Says how
    /// many samples were written.
    pub fn conceal(&mut self, out: &mut [i16]) -> usize {
        match &mut self.inner {
            Decoder::G711(_, plc) => {
                plc.lost(out);
            }
            Decoder::G722(parts) => {
                let (decoder, plc) = &mut **parts;
                plc.lost(out);
                let mut after = [0; g722::DELAY];
                plc.clone().lost(&mut after);
                decoder.follow(out, &after);
            }
            Decoder::Opus(decoder) => return decoder.conceal(out),
        }
        out.len()
    }

    /// The same where the packet after the missing one is there already: G.711 is filled from both
    /// sides, Opus may carry a copy of the missing one in it. `out` is as long as the missing one;
    /// `next` is decoded afterwards.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> usize {
        match &mut self.inner {
            Decoder::Opus(decoder) => return decoder.recover(next, out),
            Decoder::G711(codec, plc) => {
                let mut ahead = [0; MAX_SAMPLES];
                for (code, place) in next.iter().zip(&mut ahead) {
                    *place = codec.decode(*code);
                }
                let known = next.len().min(MAX_SAMPLES);
                plc.between(out, 0, ahead.get(..known).unwrap_or_default());
            }
            // What is decoded first behind a gap is distorted: nothing to go by.
            Decoder::G722(_) => return self.conceal(out),
        }
        out.len()
    }
}

/// Samples at [`rate`](Self::rate) to payloads of one codec.
#[derive(Debug)]
pub struct AudioEncoder {
    rate: u32,
    inner: Encoder,
}

#[derive(Debug)]
enum Encoder {
    G711(Codec),
    G722(Box<g722::Encoder>),
    Opus(OpusEncoder),
}

impl AudioEncoder {
    /// An encoder at the codec's own rate.
    ///
    /// # Errors
    /// Where libopus has no memory.
    pub fn new(codec: Codec) -> Result<Self, OpusError> {
        let inner = match codec {
            Codec::Pcma | Codec::Pcmu => Encoder::G711(codec),
            Codec::G722 => Encoder::G722(Box::default()),
            Codec::Opus => return Self::opus(codec.rate()),
        };
        Ok(Self {
            rate: codec.rate(),
            inner,
        })
    }

    /// An Opus encoder of samples at `rate`, Hz.
    ///
    /// # Errors
    /// Where Opus has no such rate, or libopus no memory.
    pub fn opus(rate: u32) -> Result<Self, OpusError> {
        Ok(Self {
            rate,
            inner: Encoder::Opus(OpusEncoder::new(rate)?),
        })
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Samples of 20 ms.
    pub fn frame(&self) -> usize {
        self.rate as usize / 50
    }

    /// Encodes samples; says how many bytes were written. Opus takes 2.5, 5, 10, 20, 40 or 60 ms and
    /// writes nothing for another length; G.722 leaves out an odd last sample.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        match &mut self.inner {
            Encoder::G711(codec) => {
                for (sample, place) in pcm.iter().zip(out.iter_mut()) {
                    *place = codec.encode(*sample);
                }
                pcm.len().min(out.len())
            }
            Encoder::G722(encoder) => encoder.encode(pcm, out),
            Encoder::Opus(encoder) => encoder.encode(pcm, out),
        }
    }

    /// Prepares for the loss that the peer reports, 0..=1. Only Opus can.
    pub fn expect_loss(&mut self, loss: f32) {
        if let Encoder::Opus(encoder) = &mut self.inner {
            encoder.expect_loss(loss);
        }
    }
}

/// Payloads of one codec to payloads of another.
#[derive(Debug)]
pub struct Transcoder {
    decoder: AudioDecoder,
    resampler: Option<Resampler>,
    encoder: AudioEncoder,
}

impl Transcoder {
    /// From one codec to another. Opus works at the other's rate, so only G.722 with G.711 is
    /// resampled.
    ///
    /// # Errors
    /// Where libopus has no memory.
    pub fn new(from: Codec, to: Codec) -> Result<Self, OpusError> {
        let decoder = match from {
            Codec::Opus => AudioDecoder::opus(to.rate())?,
            _ => AudioDecoder::new(from)?,
        };
        let encoder = match to {
            Codec::Opus => AudioEncoder::opus(from.rate())?,
            _ => AudioEncoder::new(to)?,
        };
        let resampler = if decoder.rate == encoder.rate {
            None
        } else {
            Resampler::new(decoder.rate, encoder.rate).ok()
        };
        Ok(Self {
            decoder,
            resampler,
            encoder,
        })
    }

    /// Turns one payload into another; says how many bytes were written, 0 where it cannot be
    /// decoded or encoded. A relay between the two laws that leaves loss to the far end has
    /// [`translation`](crate::codec::translation), which is cheaper.
    pub fn transcode(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        let mut pcm = [0; MAX_SAMPLES];
        let count = self.decoder.decode(payload, &mut pcm);
        self.encode(pcm.get(..count).unwrap_or_default(), out)
    }

    /// Makes up 20 ms that did not come, from `next` where that is there already; says how many
    /// bytes were written.
    pub fn conceal(&mut self, next: Option<&[u8]>, out: &mut [u8]) -> usize {
        let mut pcm = [0; MAX_SAMPLES];
        let (pcm, _) = pcm.split_at_mut(self.decoder.frame().min(MAX_SAMPLES));
        let count = match next {
            Some(next) => self.decoder.recover(next, pcm),
            None => self.decoder.conceal(pcm),
        };
        self.encode(pcm.get(..count).unwrap_or_default(), out)
    }

    /// The encoding half, for what only it can be told.
    pub fn encoder(&mut self) -> &mut AudioEncoder {
        &mut self.encoder
    }

    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let Some(resampler) = &mut self.resampler else {
            return self.encoder.encode(pcm, out);
        };
        let mut other = [0; 2 * MAX_SAMPLES];
        let count = resampler.take(pcm, &mut other);
        self.encoder
            .encode(other.get(..count).unwrap_or_default(), out)
    }
}

#[cfg(test)]
mod tests;
