//! What a stream needs beyond G.711: coder states and keys, made where memory may be taken.
//!
//! The owner makes it from the description before a stream opens or changes, hands it over by
//! [`Stream::fit`](super::Stream::fit), and frees what comes back. Audio inside the box is 8 kHz: what
//! G.722 and Opus carry above 4 kHz ends here, while between two that speak the same it is relayed.

use crate::codec::Codec;
use crate::limits::{FRAME, RATE};
use crate::opus::OpusReceiver;
use crate::resample::Resampler;
use crate::sdp::{StreamKeys, StreamSpec};
use crate::srtp::{Opener, Sealer};
use crate::transcode::{AudioDecoder, AudioEncoder};

/// Samples of 20 ms of G.722.
const WIDE_FRAME: usize = 2 * FRAME;

/// The memory that one description calls for; nothing for plain G.711.
#[derive(Debug, Default)]
pub struct Gear {
    pub(super) coders: Option<Box<Coders>>,
    pub(super) guard: Option<Box<Guard>>,
}

impl Gear {
    /// What a stream of this description needs. Where there is no memory for a coder, the stream
    /// will send and hear nothing.
    pub fn new(spec: &StreamSpec) -> Self {
        Self {
            coders: Coders::new(spec.codec).map(Box::new),
            guard: spec.keys.as_ref().map(|keys| Box::new(Guard::new(keys))),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.coders.is_none() && self.guard.is_none()
    }

    /// Takes over what goes on as it was: a coder of the same codec, a key that did not change.
    pub(super) fn inherit(&mut self, old: &mut Self) {
        let codec = |gear: &Self| gear.coders.as_ref().map(|coders| coders.codec);
        if codec(self) == codec(old) {
            std::mem::swap(&mut self.coders, &mut old.coders);
        }
        if let (Some(guard), Some(old)) = (&mut self.guard, &mut old.guard) {
            guard.inherit(old);
        }
    }
}

/// What protects one leg's packets, both ways.
#[derive(Debug)]
pub(super) struct Guard {
    keys: StreamKeys,
    pub(super) sealer: Sealer,
    pub(super) opener: Opener,
}

impl Guard {
    fn new(keys: &StreamKeys) -> Self {
        Self {
            keys: *keys,
            sealer: Sealer::new(&keys.send),
            opener: Opener::new(&keys.receive),
        }
    }

    /// A key that did not change goes on counting: begun anew it would protect two packets alike,
    /// and take replayed ones.
    fn inherit(&mut self, old: &mut Self) {
        if self.keys.send == old.keys.send {
            std::mem::swap(&mut self.sealer, &mut old.sealer);
        }
        if self.keys.receive == old.keys.receive {
            std::mem::swap(&mut self.opener, &mut old.opener);
        }
    }
}

/// The coders of one leg that speaks G.722 or Opus.
#[derive(Debug)]
pub(super) struct Coders {
    pub(super) codec: Codec,
    /// What the party says.
    pub(super) ear: Voice,
    /// What the party is sent, while that is recorded.
    pub(super) heard: Voice,
    pub(super) mouth: Mouth,
}

/// Payloads to samples at 8 kHz, 20 ms a turn.
#[derive(Debug)]
pub(super) enum Voice {
    /// Its bytes wait in the jitter buffer as G.711's do: one for each unit of its clock.
    G722(AudioDecoder, Resampler),
    /// Its packets wait here.
    Opus(OpusReceiver),
}

/// Samples at 8 kHz to payloads.
#[derive(Debug)]
pub(super) struct Mouth {
    up: Option<Resampler>,
    encoder: AudioEncoder,
}

impl Coders {
    fn new(codec: Codec) -> Option<Self> {
        if codec.is_g711() {
            return None;
        }
        let encoder = AudioEncoder::new(codec).ok()?;
        Some(Self {
            codec,
            ear: Voice::new(codec)?,
            heard: Voice::new(codec)?,
            mouth: Mouth {
                up: match encoder.rate() {
                    RATE => None,
                    rate => Some(Resampler::new(RATE, rate).ok()?),
                },
                encoder,
            },
        })
    }
}

impl Voice {
    fn new(codec: Codec) -> Option<Self> {
        if codec == Codec::Opus {
            return OpusReceiver::new(RATE).ok().map(Self::Opus);
        }
        let decoder = AudioDecoder::new(codec).ok()?;
        let down = Resampler::new(decoder.rate(), RATE).ok()?;
        Some(Self::G722(decoder, down))
    }

    /// The next frame of G.722 from its bytes, or made up where there are none.
    pub(super) fn frame(&mut self, codes: Option<&[u8; FRAME]>, pcm: &mut [i16; FRAME]) {
        let Self::G722(decoder, down) = self else {
            return;
        };
        let mut wide = [0; WIDE_FRAME];
        match codes {
            Some(codes) => decoder.decode(codes, &mut wide),
            None => decoder.conceal(&mut wide),
        };
        down.take(&wide, pcm);
    }

    /// Forgets what waits.
    pub(super) fn forget(&mut self) {
        if let Self::Opus(receiver) = self {
            receiver.reset();
        }
    }
}

impl Mouth {
    /// Encodes 20 ms; says how many bytes were written.
    pub(super) fn say(&mut self, pcm: &[i16; FRAME], out: &mut [u8]) -> usize {
        let Some(up) = &mut self.up else {
            return self.encoder.encode(pcm, out);
        };
        let mut wide = [0; WIDE_FRAME];
        let count = up.take(pcm, &mut wide);
        self.encoder
            .encode(wide.get(..count).unwrap_or_default(), out)
    }

    /// Prepares for the loss that the peer reports, 0..=1.
    pub(super) fn expect_loss(&mut self, loss: f32) {
        self.encoder.expect_loss(loss);
    }
}
