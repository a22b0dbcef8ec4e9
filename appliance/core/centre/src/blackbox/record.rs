//! Writing: a recorder that stands beside a running centre and never touches it.

use std::time::Instant;

use serde::Serialize;

use super::digest::Digest;
use super::keys;
use super::{Answered, Birth, MAGIC, Written};
use crate::input::{Input, Output};

/// Turns what a centre is told and what it answers into bytes.
///
/// For each step: [`Recorder::told`] or [`Recorder::woken`] before the centre handles it,
/// [`Recorder::answered`] for each output, [`Recorder::settle`] when there are no more.
#[derive(Debug)]
pub struct Recorder {
    start: Instant,
    bytes: Vec<u8>,
    digest: Digest,
}

impl Recorder {
    /// A recorder for the centre that was born at `now`.
    pub fn new(birth: &Birth, now: Instant) -> Self {
        let mut recorder = Self {
            start: now,
            bytes: MAGIC.to_vec(),
            digest: Digest::new(),
        };
        recorder.write(birth);
        recorder
    }

    /// The centre is about to handle `input` at `now`.
    pub fn told(&mut self, now: Instant, input: &Input) {
        let covered = match input {
            Input::Datagram { from, bytes } => keys::disguised(bytes).map(|bytes| {
                let from = *from;
                Input::Datagram { from, bytes }
            }),
            _ => None,
        };
        self.step(now, Some(covered.as_ref().unwrap_or(input)));
    }

    /// The centre is about to handle a time-out at `now`.
    pub fn woken(&mut self, now: Instant) {
        self.step(now, None);
    }

    /// The centre answered this.
    pub fn answered(&mut self, output: &Output) {
        self.digest.take(output);
    }

    /// The step is over: its bytes, to be kept after all bytes before.
    pub fn settle(&mut self) -> Vec<u8> {
        let digest = std::mem::replace(&mut self.digest, Digest::new());
        self.write(&Answered {
            outputs: digest.outputs(),
            digest: digest.value(),
        });
        std::mem::take(&mut self.bytes)
    }

    fn step(&mut self, now: Instant, input: Option<&Input>) {
        let since = now.saturating_duration_since(self.start).as_nanos();
        let at_ns = u64::try_from(since).unwrap_or(u64::MAX);
        self.write(&Written { at_ns, input });
    }

    fn write(&mut self, entry: &impl Serialize) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        let bytes = std::mem::take(&mut self.bytes);
        // Plain data into memory: nothing in it can fail to be written.
        self.bytes = postcard::to_extend(entry, bytes).unwrap_or_default();
        let length = self.bytes.len().saturating_sub(begin + 4);
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(place) = self.bytes.get_mut(begin..begin + 4) {
            place.copy_from_slice(&length);
        }
    }
}
