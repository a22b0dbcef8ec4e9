//! Cuts one stream into phrases by how likely each frame holds speech.
//!
//! Driven by the worker, one 32 ms frame at a time. A phrase begins a little before speech is sure
//! (pre-roll, so first syllables are whole), ends after a pause (hangover) and is never longer than
//! the recogniser's window: a longer one is cut where speech was least likely. Holds at most one
//! phrase of audio; never looks at a clock.

use std::collections::VecDeque;
use std::ops::Range;

use crate::limits::{MAX_PHRASE_SECONDS, STREAM_RATE};
use crate::vad::VAD_FRAME;

/// Frames kept from before speech was sure: 384 ms.
const PRE_ROLL: usize = 12;
/// Frames without speech that end a phrase: 544 ms.
const HANGOVER: usize = 17;
/// Frames of the pause that stay with the phrase: 256 ms.
const TAIL: usize = 8;
/// Frames of speech a phrase must have, or it was a click: 128 ms.
const LEAST_SPEECH: usize = 4;
/// Longest phrase, in frames.
const LONGEST: usize = MAX_PHRASE_SECONDS * STREAM_RATE as usize / VAD_FRAME;
/// The part at a too long phrase's end in which the cut is sought: 3 s.
const CUT_ZONE: usize = 94;
/// Speech begins at this probability,
const BEGIN: f32 = 0.5;
/// and ends below this one.
const END: f32 = 0.35;

/// A phrase cut out of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// First sample's place in the stream, in samples.
    pub start: u64,
    /// Samples at 8 kHz, -1..1, pre-roll and tail included.
    pub samples: Vec<f32>,
    /// Where in `samples` speech was first and last sure.
    pub speech: Range<usize>,
}

impl Phrase {
    /// The samples in which speech was sure.
    pub fn spoken(&self) -> &[f32] {
        self.samples
            .get(self.speech.clone())
            .unwrap_or(&self.samples)
    }

    /// Where speech begins, milliseconds since the stream's sample 0.
    pub fn at_ms(&self) -> u64 {
        (self.start + self.speech.start as u64) * 1000 / u64::from(STREAM_RATE)
    }

    /// How long it lasts, milliseconds.
    pub fn length_ms(&self) -> u64 {
        self.speech.len() as u64 * 1000 / u64::from(STREAM_RATE)
    }
}

#[derive(Clone)]
struct Frame {
    samples: [f32; VAD_FRAME],
    probability: f32,
}

/// One stream's cutter.
pub struct Segmenter {
    /// Pre-roll while silent, the phrase while speaking.
    frames: VecDeque<Frame>,
    /// Place of the next frame in the stream, in samples.
    next: u64,
    speaking: bool,
    quiet: usize,
}

impl Segmenter {
    /// A cutter for a stream whose next sample is number `start`.
    pub fn new(start: u64) -> Self {
        Self {
            frames: VecDeque::new(),
            next: start,
            speaking: false,
            quiet: 0,
        }
    }

    /// Takes one frame; gives a phrase when it has ended.
    pub fn push(&mut self, samples: &[f32; VAD_FRAME], probability: f32) -> Option<Phrase> {
        self.frames.push_back(Frame {
            samples: *samples,
            probability,
        });
        self.next += VAD_FRAME as u64;
        if !self.speaking {
            self.speaking = probability >= BEGIN;
            self.quiet = 0;
            while !self.speaking && self.frames.len() > PRE_ROLL {
                self.frames.pop_front();
            }
            return None;
        }
        self.quiet = if probability < END { self.quiet + 1 } else { 0 };
        if self.quiet >= HANGOVER {
            return self.finish();
        }
        if self.frames.len() >= LONGEST {
            self.cut()
        } else {
            None
        }
    }

    /// Ends the phrase in progress, as when the stream ends.
    pub fn finish(&mut self) -> Option<Phrase> {
        let keep = self.frames.len() - self.quiet.saturating_sub(TAIL).min(self.frames.len());
        let phrase = if self.speaking { self.take(keep) } else { None };
        while self.frames.len() > PRE_ROLL {
            self.frames.pop_front();
        }
        (self.speaking, self.quiet) = (false, 0);
        phrase
    }

    /// Whether a phrase is in progress.
    pub fn speaking(&self) -> bool {
        self.speaking
    }

    /// Cuts a too long phrase at its least likely frame; the rest goes on as the next phrase.
    fn cut(&mut self) -> Option<Phrase> {
        let from = self.frames.len().saturating_sub(CUT_ZONE);
        let zone = self.frames.iter().enumerate().skip(from);
        let quietest = zone
            .min_by(|a, b| a.1.probability.total_cmp(&b.1.probability))
            .map(|(i, _)| i);
        self.take(quietest.unwrap_or(from).max(1))
    }

    /// Takes the first `count` frames as a phrase, unless it was only a click.
    fn take(&mut self, count: usize) -> Option<Phrase> {
        let start = self.next - (self.frames.len() * VAD_FRAME) as u64;
        let frames = self.frames.drain(..count).collect::<Vec<_>>();
        let sure = |frame: &Frame| frame.probability >= BEGIN;
        if frames.iter().filter(|frame| sure(frame)).count() < LEAST_SPEECH {
            return None;
        }
        let first = frames.iter().position(sure).unwrap_or(0);
        let last = frames.iter().rposition(sure).unwrap_or(0);
        let samples = frames.iter().flat_map(|frame| frame.samples).collect();
        Some(Phrase {
            start,
            samples,
            speech: first * VAD_FRAME..(last + 1) * VAD_FRAME,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `(frames, probability)` runs; gives the phrases as (start frame, frames).
    fn cut(runs: &[(usize, f32)], end: bool) -> Vec<(u64, usize)> {
        let mut segmenter = Segmenter::new(0);
        let mut phrases = Vec::new();
        for (count, probability) in runs {
            for _ in 0..*count {
                phrases.extend(segmenter.push(&[*probability; VAD_FRAME], *probability));
            }
        }
        if end {
            phrases.extend(segmenter.finish());
        }
        let frame = VAD_FRAME as u64;
        phrases
            .iter()
            .map(|p| (p.start / frame, p.samples.len() / VAD_FRAME))
            .collect()
    }

    #[test]
    fn a_phrase_has_its_pre_roll_and_a_short_tail() {
        assert_eq!(
            cut(&[(100, 0.0), (30, 0.9), (40, 0.0)], false),
            [(100 - PRE_ROLL as u64, PRE_ROLL + 30 + TAIL)]
        );
    }

    #[test]
    fn a_phrase_knows_when_speech_was_sure() {
        let mut segmenter = Segmenter::new(8000);
        let runs = [(20, 0.0), (30, 0.9), (40, 0.0)];
        let frames = runs
            .into_iter()
            .flat_map(|(n, p)| std::iter::repeat_n(p, n));
        let phrase = frames
            .filter_map(|p| segmenter.push(&[p; VAD_FRAME], p))
            .next()
            .unwrap();
        assert_eq!(
            (phrase.at_ms(), phrase.length_ms()),
            (1000 + 20 * 32, 30 * 32)
        );
        assert!(phrase.spoken().iter().all(|sample| *sample == 0.9));
    }

    #[test]
    fn a_short_pause_does_not_cut_but_a_long_one_does() {
        assert_eq!(
            cut(
                &[(20, 0.9), (HANGOVER - 1, 0.1), (20, 0.9), (40, 0.0)],
                false
            )
            .len(),
            1
        );
        assert_eq!(
            cut(
                &[(20, 0.9), (HANGOVER + 1, 0.1), (20, 0.9), (40, 0.0)],
                false
            )
            .len(),
            2
        );
    }

    #[test]
    fn a_click_is_no_phrase() {
        assert_eq!(
            cut(&[(50, 0.0), (LEAST_SPEECH - 1, 0.9), (60, 0.0)], true),
            []
        );
    }

    #[test]
    fn the_end_of_the_stream_ends_the_phrase() {
        assert_eq!(cut(&[(30, 0.9)], true), [(0, 30)]);
        assert_eq!(cut(&[(30, 0.0)], true), []);
    }

    #[test]
    fn endless_speech_is_cut_where_it_was_quietest_and_nothing_is_lost() {
        let phrases = cut(&[(250, 0.9), (2, 0.6), (400, 0.9)], true);
        assert_eq!(phrases.first(), Some(&(0, 250)));
        assert!(phrases.iter().all(|(_, frames)| *frames <= LONGEST));
        let mut next = 0;
        for (start, frames) in phrases {
            assert_eq!(start, next);
            next = start + frames as u64;
        }
        assert_eq!(next, 652);
    }

    #[test]
    fn memory_stays_bounded_in_silence() {
        let mut segmenter = Segmenter::new(0);
        for _ in 0..10_000 {
            assert_eq!(segmenter.push(&[0.0; VAD_FRAME], 0.0), None);
        }
        assert!(segmenter.frames.len() <= PRE_ROLL && !segmenter.speaking());
    }
}
