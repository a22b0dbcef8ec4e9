//! A jitter buffer with its concealment: what one side says, evened out to a frame each 20 ms.
//!
//! A stream has two: one for its own party, one for what that party is sent (both only while
//! somebody records or listens).

use crate::codec::Codec;
use crate::conceal::Conceal;
use crate::jitter::{Jitter, Landed};
use crate::limits::FRAME;

#[derive(Clone, Debug, Default)]
pub(super) struct Ear {
    jitter: Jitter,
    conceal: Conceal,
    is_used: bool,
}

impl Ear {
    /// Puts G.711 codes in their place; says whether they came in time.
    pub(super) fn write(&mut self, timestamp: u32, codes: &[u8]) -> bool {
        self.is_used = true;
        self.jitter.write(timestamp, codes) == Landed::InTime
    }

    /// The next frame; says whether something of it was made up.
    pub(super) fn read(&mut self, codec: Codec, pcm: &mut [i16; FRAME]) -> bool {
        let frame = self.jitter.read().unwrap_or([None; FRAME]);
        let ahead = self.jitter.ahead();
        self.conceal.decode(codec, &frame, &ahead, pcm)
    }

    /// Begins anew: another source, another codec, another life. Memory that was never used is not
    /// touched, so that it stays the system's.
    pub(super) fn forget(&mut self) {
        if std::mem::take(&mut self.is_used) {
            self.jitter.reset();
            self.conceal = Conceal::default();
        }
    }
}
