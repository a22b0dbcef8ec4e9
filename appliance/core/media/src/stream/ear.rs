//! A jitter buffer with its concealment: what one side says, evened out to a frame each 20 ms.
//!
//! A stream has two: one for its own party, one for what that party is sent (both only while
//! somebody records, listens or must be transcoded to). Opus packets wait in their own receiver.

use crate::codec::Codec;
use crate::conceal::Conceal;
use crate::jitter::{Jitter, Landed};
use crate::limits::FRAME;

use super::gear::Voice;

/// Samples of a frame in which nobody speaks are less: -42 dBm0, the hum of an office.
const QUIET: u16 = 256;

#[derive(Clone, Debug, Default)]
pub(super) struct Ear {
    jitter: Jitter,
    conceal: Conceal,
    is_used: bool,
    /// G.722 was decoded, so there is something to go on with.
    is_begun: bool,
    /// In the last frame nobody spoke.
    is_quiet: bool,
    /// What waits is of no use any more.
    is_stale: bool,
}

impl Ear {
    /// Puts a payload in its place; says whether it came in time. `arrival` counts samples at 8 kHz.
    pub(super) fn write(
        &mut self,
        mut voice: Option<&mut Voice>,
        (arrival, timestamp): (u32, u32),
        payload: &[u8],
    ) -> bool {
        self.settle(voice.as_deref_mut());
        self.is_used = true;
        let landed = match voice {
            Some(Voice::Opus(receiver)) => receiver.write(arrival, timestamp, payload),
            _ => self.jitter.write(timestamp, payload),
        };
        landed == Landed::InTime
    }

    /// The next frame; says whether something of it was made up.
    pub(super) fn read(
        &mut self,
        codec: Codec,
        mut voice: Option<&mut Voice>,
        now: u32,
        pcm: &mut [i16; FRAME],
    ) -> bool {
        self.settle(voice.as_deref_mut());
        let voice = match voice {
            Some(Voice::Opus(receiver)) => return receiver.read_at(now, false, pcm),
            other => other,
        };
        let is_coded = voice.is_some();
        if self.is_quiet && (is_coded || self.stays_quiet(codec)) {
            self.jitter.shrink();
        }
        let made_up = self.read_frame(codec, voice, pcm);
        self.is_quiet = pcm.iter().all(|sample| sample.unsigned_abs() < QUIET);
        made_up
    }

    /// Whether nobody speaks in the next frame either, and all of it came.
    fn stays_quiet(&mut self, codec: Codec) -> bool {
        let ahead = self.jitter.ahead();
        let is_quiet =
            |code: &Option<u8>| code.is_some_and(|code| codec.decode(code).unsigned_abs() < QUIET);
        codec.is_g711() && ahead.iter().take(FRAME).all(is_quiet)
    }

    fn read_frame(
        &mut self,
        codec: Codec,
        voice: Option<&mut Voice>,
        pcm: &mut [i16; FRAME],
    ) -> bool {
        let frame = self.jitter.read().unwrap_or([None; FRAME]);
        if let Some(voice) = voice {
            return self.read_coded(voice, &frame, pcm);
        }
        if !codec.is_g711() {
            pcm.fill(0);
            return false;
        }
        let ahead = self.jitter.ahead();
        self.conceal.decode(codec, &frame, &ahead, pcm)
    }

    /// A decoder with memory wants whole frames: one that lacks a part is made up.
    fn read_coded(
        &mut self,
        voice: &mut Voice,
        frame: &[Option<u8>; FRAME],
        pcm: &mut [i16; FRAME],
    ) -> bool {
        let mut codes = [0; FRAME];
        let is_whole = frame.iter().all(Option::is_some);
        for (place, code) in codes.iter_mut().zip(frame) {
            *place = code.unwrap_or(0);
        }
        if !is_whole && !self.is_begun {
            pcm.fill(0);
            return false;
        }
        self.is_begun = true;
        voice.frame(is_whole.then_some(&codes), pcm);
        !is_whole
    }

    /// Begins anew: another source, another codec, another life. Memory that was never used is not
    /// touched, so that it stays the system's.
    pub(super) fn forget(&mut self) {
        self.is_stale |= std::mem::take(&mut self.is_used);
    }

    /// Forgets what is to be forgotten.
    fn settle(&mut self, voice: Option<&mut Voice>) {
        if std::mem::take(&mut self.is_stale) {
            self.jitter.reset();
            self.conceal = Conceal::default();
            self.is_begun = false;
            self.is_quiet = false;
            if let Some(voice) = voice {
                voice.forget();
            }
        }
    }
}
