//! 20 ms on their way to our party, in the form that its codec wants.
//!
//! Made by the tick of [`super::outbound`]: G.711 as codes at once, other codecs as samples that are
//! encoded only where they are sent.

use crate::codec::Codec;
use crate::limits::{FRAME, MAX_CODED};

/// The audio of the last tick, whether it was sent or not.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) codes: [u8; FRAME],
    /// The same as samples, where the codec is not G.711.
    pub(super) pcm: [i16; FRAME],
    pub(super) coded: [u8; MAX_CODED],
    pub(super) length: usize,
    /// The other party's, decoded, for the tick to come.
    pub(super) voice: Option<[i16; FRAME]>,
}

impl Frame {
    pub(super) fn new() -> Self {
        Self {
            codes: [0; FRAME],
            pcm: [0; FRAME],
            coded: [0; MAX_CODED],
            length: 0,
            voice: None,
        }
    }

    pub(super) fn silence(&mut self, codec: Codec) {
        if codec.is_g711() {
            self.codes.fill(codec.silence());
        } else {
            self.pcm.fill(0);
        }
    }

    pub(super) fn set(&mut self, codec: Codec, pcm: &[i16; FRAME]) {
        if codec.is_g711() {
            for (place, sample) in self.codes.iter_mut().zip(pcm) {
                *place = codec.encode(*sample);
            }
        } else {
            self.pcm = *pcm;
        }
    }

    pub(super) fn payload(&self, codec: Codec) -> &[u8] {
        if codec.is_g711() {
            &self.codes
        } else {
            self.coded.get(..self.length).unwrap_or_default()
        }
    }
}
