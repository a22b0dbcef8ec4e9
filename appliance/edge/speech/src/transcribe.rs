//! A WAV file through the box's own path: detector, segmenter, recogniser, emotion.
//!
//! For the command line, tests and measurements; the worker does the same with live streams. A
//! 16 kHz file is cut by its 8 kHz half and recognised at 16 kHz, unless it is sent "through the
//! telephone" first (A-law at 8 kHz).

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::SpeechError;
use crate::limits::{RECOGNISER_RATE, STREAM_RATE};
use crate::manifest::Manifest;
use crate::models::{Models, Mood};
use crate::recogniser::Words;
use crate::resample::HalfBand;
use crate::segmenter::{Phrase, Segmenter};
use crate::vad::{VAD_FRAME, VadState};
use crate::wav::{self, Audio};

/// How to transcribe.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the packs.
    pub packs: PathBuf,
    /// The manifest.
    pub manifest: PathBuf,
    /// The recogniser's pack, or the manifest's default.
    pub recogniser: Option<String>,
    /// Send the audio through A-law at 8 kHz first.
    pub telephone: bool,
}

/// Loaded models and how to use them.
pub struct Transcriber {
    models: Models,
    half_band: HalfBand,
    telephone: bool,
    load_seconds: f64,
}

/// One phrase of a file.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Start, milliseconds into the file.
    pub at_ms: u64,
    /// Length, milliseconds.
    pub length_ms: u64,
    /// The words.
    pub words: Words,
    /// How it sounded.
    pub mood: Option<Mood>,
    /// Seconds its recognition took.
    pub seconds: f64,
}

/// All that was heard in a file.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// The phrases with words, in order.
    pub phrases: Vec<Heard>,
    /// Length of the audio, seconds.
    pub audio_seconds: f64,
    /// Seconds the whole took.
    pub seconds: f64,
}

impl Transcript {
    /// The words of all phrases, joined.
    pub fn text(&self) -> String {
        self.phrases
            .iter()
            .map(|heard| heard.words.text.as_str())
            .collect()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rtf = self.seconds / self.audio_seconds.max(1e-9);
        write!(
            f,
            "{:.2} s of audio in {:.2} s, RTF {rtf:.3}",
            self.audio_seconds, self.seconds
        )?;
        for heard in &self.phrases {
            let Heard {
                at_ms,
                length_ms,
                words,
                seconds,
                ..
            } = heard;
            write!(
                f,
                "\n  at {at_ms} ms for {length_ms} ms: {} ({:.2}",
                words.text, words.confidence
            )?;
            if let Some((label, score)) = &heard.mood {
                write!(f, ", {label} {score:.2}")?;
            }
            write!(f, ", took {seconds:.2} s)")?;
        }
        Ok(())
    }
}

impl Transcriber {
    /// Loads the models.
    pub fn load(options: &Options) -> Result<Self, SpeechError> {
        let began = Instant::now();
        let manifest = Manifest::load(&options.manifest)?;
        let models = Models::load(&manifest, &options.packs, options.recogniser.as_deref())?;
        let load_seconds = began.elapsed().as_secs_f64();
        Ok(Self {
            models,
            half_band: HalfBand::new(),
            telephone: options.telephone,
            load_seconds,
        })
    }

    /// Seconds that loading took.
    pub fn load_seconds(&self) -> f64 {
        self.load_seconds
    }

    /// Transcribes samples.
    pub fn transcribe(&mut self, audio: &Audio) -> Result<Transcript, SpeechError> {
        let began = Instant::now();
        let wide =
            (audio.rate == RECOGNISER_RATE && !self.telephone).then_some(audio.samples.as_slice());
        let mut narrow = match audio.rate {
            STREAM_RATE => audio.samples.clone(),
            _ => self.half_band.down(&audio.samples),
        };
        if self.telephone {
            narrow
                .iter_mut()
                .for_each(|sample| *sample = through_alaw(*sample));
        }
        let mut transcript = Transcript {
            audio_seconds: narrow.len() as f64 / f64::from(STREAM_RATE),
            ..Transcript::default()
        };
        for phrase in self.phrases(&narrow)? {
            let began = Instant::now();
            let understood = match wide {
                // The same span of the 16 kHz original.
                Some(wide) => {
                    let start = phrase.start as usize * 2;
                    let end = (start + phrase.samples.len() * 2).min(wide.len());
                    let words = self.models.ear.words(wide.get(start..end).unwrap_or(&[]))?;
                    words.map(|words| (words, None))
                }
                None => self.models.ear.understand(&phrase)?,
            };
            let seconds = began.elapsed().as_secs_f64();
            transcript
                .phrases
                .extend(understood.map(|(words, mood)| Heard {
                    at_ms: phrase.at_ms(),
                    length_ms: phrase.length_ms(),
                    words,
                    mood,
                    seconds,
                }));
        }
        transcript.seconds = began.elapsed().as_secs_f64();
        Ok(transcript)
    }

    fn phrases(&self, narrow: &[f32]) -> Result<Vec<Phrase>, SpeechError> {
        let (mut state, mut segmenter) = (VadState::default(), Segmenter::new(0));
        let mut phrases = Vec::new();
        for chunk in narrow.chunks(VAD_FRAME) {
            let mut frame = [0.0; VAD_FRAME];
            frame
                .iter_mut()
                .zip(chunk)
                .for_each(|(slot, sample)| *slot = *sample);
            let probability = self.models.vad.probability(&mut state, &frame)?;
            phrases.extend(segmenter.push(&frame, probability));
        }
        phrases.extend(segmenter.finish());
        Ok(phrases)
    }
}

/// Transcribes the WAV file at `file`.
pub fn transcribe_file(
    transcriber: &mut Transcriber,
    file: &Path,
) -> Result<Transcript, SpeechError> {
    transcriber.transcribe(&wav::read(file)?)
}

fn through_alaw(sample: f32) -> f32 {
    let linear = (sample * 32768.0).clamp(-32768.0, 32767.0) as i16;
    f32::from(wav::alaw_to_linear(wav::linear_to_alaw(linear))) / 32768.0
}
