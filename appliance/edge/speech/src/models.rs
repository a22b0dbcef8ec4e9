//! The models a worker needs: found in the manifest, checked, loaded, warm.
//!
//! One recogniser, one voice detector and, where its pack is there, one emotion classifier for all
//! streams. Loading is the only slow part; afterwards nothing is read from disk.

use std::path::Path;

use crate::SpeechError;
use crate::emotion::Emotion;
use crate::limits::{RECOGNISER_RATE, STREAM_RATE};
use crate::manifest::{Engine, Manifest, Pack};
use crate::recogniser::{Recogniser, Words};
use crate::resample::HalfBand;
use crate::segmenter::Phrase;
use crate::vad::{VAD_FRAME, Vad, VadState};
use crate::whisper::{Whisper, WhisperFiles};

/// Everything loaded.
pub struct Models {
    /// Finds speech.
    pub vad: Vad,
    /// Understands phrases.
    pub ear: Ear,
}

/// What understands a phrase.
pub struct Ear {
    recogniser: Box<dyn Recogniser>,
    emotion: Option<Emotion>,
    half_band: HalfBand,
    engine: String,
    dialects: Vec<String>,
}

/// A label and its probability, 0..=1.
pub type Mood = (String, f32);

impl Models {
    /// Loads the pack called `recogniser`, or the default one, with the detector and the emotion
    /// classifier of the manifest, and runs each once.
    pub fn load(
        manifest: &Manifest,
        packs: &Path,
        recogniser: Option<&str>,
    ) -> Result<Self, SpeechError> {
        let pack = match recogniser {
            Some(name) => manifest.pack(name)?,
            None => manifest.recogniser()?,
        };
        let recogniser = engine(manifest, pack, packs)?;
        let detector = manifest.needed(&Engine::Silero)?;
        let vad = Vad::load(&manifest.verified(detector, "model", packs)?)?;
        let emotion = manifest.default_pack(&Engine::Emotion);
        let mut ear = Ear {
            recogniser,
            emotion: emotion
                .map(|pack| Emotion::load(manifest, pack, packs))
                .transpose()?,
            half_band: HalfBand::new(),
            engine: pack.name.clone(),
            dialects: pack.dialects.clone(),
        };
        vad.probability(&mut VadState::default(), &[0.0; VAD_FRAME])?;
        ear.warm_up()?;
        Ok(Self { vad, ear })
    }
}

impl Ear {
    /// Name of the recogniser's pack.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// Dialects of the recogniser's pack.
    pub fn dialects(&self) -> &[String] {
        &self.dialects
    }

    /// Words and mood of one phrase, or none where nothing was said after all.
    pub fn understand(
        &mut self,
        phrase: &Phrase,
    ) -> Result<Option<(Words, Option<Mood>)>, SpeechError> {
        let words = if self.recogniser.rate() == RECOGNISER_RATE {
            self.words(&self.half_band.up(&phrase.samples))?
        } else {
            self.words(&phrase.samples)?
        };
        let Some(words) = words else { return Ok(None) };
        let mood = match &self.emotion {
            Some(emotion) => emotion.score(phrase.spoken())?,
            None => None,
        };
        Ok(Some((words, mood)))
    }

    /// Words alone, of samples at the recogniser's own rate.
    pub fn words(&mut self, samples: &[f32]) -> Result<Option<Words>, SpeechError> {
        self.recogniser.recognise(samples)
    }

    /// Hears a second of quiet hum, so that the first caller does not wait for cold memory.
    fn warm_up(&mut self) -> Result<(), SpeechError> {
        let hum = (0..STREAM_RATE)
            .map(|n| (n as f32 * 0.2).sin() * 0.01)
            .collect::<Vec<_>>();
        let speech = 0..hum.len();
        self.understand(&Phrase {
            start: 0,
            samples: hum,
            speech,
        })?;
        Ok(())
    }
}

fn engine(
    manifest: &Manifest,
    pack: &Pack,
    packs: &Path,
) -> Result<Box<dyn Recogniser>, SpeechError> {
    let file = |role| manifest.verified(pack, role, packs);
    match &pack.engine {
        Engine::Whisper => {
            let (encoder, decoder) = (file("encoder")?, file("decoder")?);
            let (embedding, positions) = (file("embedding")?, file("positions")?);
            let (tokenizer, config) = (file("tokenizer")?, file("config")?);
            let files = WhisperFiles {
                encoder: &encoder,
                decoder: &decoder,
                embedding: &embedding,
                positions: &positions,
                tokenizer: &tokenizer,
                config: &config,
            };
            Ok(Box::new(Whisper::load(&files, &pack.dialects)?))
        }
        #[cfg(feature = "vosk")]
        Engine::Vosk => Ok(Box::new(crate::vosk::Vosk::load(
            &manifest.verified_folder(pack, packs)?,
        )?)),
        other => Err(SpeechError::Engine {
            engine: other.name().to_owned(),
            hint: match other {
                Engine::Vosk => {
                    "build with --features speech/vosk, or choose a whisper pack".to_owned()
                }
                _ => "choose a pack of engine whisper".to_owned(),
            },
        }),
    }
}
