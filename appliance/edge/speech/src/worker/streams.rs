//! The open streams: frames of 20 ms in, phrases out. Private to `worker`.
//!
//! Each stream has its own detector state and segmenter. Frames lost on the way are heard as
//! silence, many lost frames end the phrase; late and repeated frames are passed over.

use std::collections::BTreeMap;

use crate::SpeechError;
use crate::limits::{FRAME_SAMPLES, MAX_GAP_FRAMES, MAX_STREAMS};
use crate::segmenter::{Phrase, Segmenter};
use crate::vad::{VAD_FRAME, Vad, VadState};

pub(super) struct Streams {
    vad: Vad,
    open: BTreeMap<u32, Stream>,
}

struct Stream {
    state: VadState,
    segmenter: Segmenter,
    /// Number of the frame expected next.
    next: u32,
    /// Samples that do not yet fill a detector's frame.
    rest: Vec<f32>,
}

impl Stream {
    fn new(first: u32) -> Self {
        Self {
            state: VadState::default(),
            segmenter: Segmenter::new(u64::from(first) * FRAME_SAMPLES as u64),
            next: first,
            rest: Vec::with_capacity(VAD_FRAME + FRAME_SAMPLES),
        }
    }

    fn hear(
        &mut self,
        vad: &Vad,
        samples: &[i16; FRAME_SAMPLES],
    ) -> Result<Option<Phrase>, SpeechError> {
        self.rest
            .extend(samples.iter().map(|sample| f32::from(*sample) / 32768.0));
        let mut phrase = None;
        while let Some(frame) = self.rest.first_chunk::<VAD_FRAME>().copied() {
            self.rest.drain(..VAD_FRAME);
            let probability = vad.probability(&mut self.state, &frame)?;
            // A frame of 20 ms never completes two phrases: each takes more than a second.
            phrase = self.segmenter.push(&frame, probability).or(phrase);
        }
        Ok(phrase)
    }
}

impl Streams {
    pub(super) fn new(vad: Vad) -> Self {
        Self {
            vad,
            open: BTreeMap::new(),
        }
    }

    /// Opens `stream`; one that is already open begins anew.
    pub(super) fn open(&mut self, stream: u32) -> Result<(), String> {
        if self.open.len() >= MAX_STREAMS && !self.open.contains_key(&stream) {
            return Err(format!("{MAX_STREAMS} streams are open, no more are heard"));
        }
        self.open.insert(stream, Stream::new(0));
        Ok(())
    }

    /// Takes frame `seq` of `stream`; gives the phrases that have ended. A stream that is not open
    /// is not heard.
    pub(super) fn take(
        &mut self,
        stream: u32,
        seq: u32,
        samples: &[i16; FRAME_SAMPLES],
    ) -> Result<Vec<Phrase>, SpeechError> {
        let Some(open) = self.open.get_mut(&stream) else {
            return Ok(Vec::new());
        };
        let Some(missing) = seq.checked_sub(open.next) else {
            return Ok(Vec::new());
        };
        let mut phrases = Vec::new();
        if missing > MAX_GAP_FRAMES {
            phrases.extend(open.segmenter.finish());
            *open = Stream::new(seq);
        } else {
            for _ in 0..missing {
                phrases.extend(open.hear(&self.vad, &[0; FRAME_SAMPLES])?);
            }
        }
        phrases.extend(open.hear(&self.vad, samples)?);
        open.next = seq.saturating_add(1);
        Ok(phrases)
    }

    /// Closes `stream`; gives the phrase that was in progress.
    pub(super) fn close(&mut self, stream: u32) -> Option<Phrase> {
        self.open
            .remove(&stream)
            .and_then(|mut stream| stream.segmenter.finish())
    }
}
