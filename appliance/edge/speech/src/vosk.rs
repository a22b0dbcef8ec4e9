//! Kaldi by libvosk: packs of engine `vosk`, in builds with the feature of that name.
//!
//! For operator packs of dialects that Whisper does not know. Takes 8 kHz as it is; a phrase is
//! streamed in frames of 20 ms, as libvosk likes it. libvosk is C++ and may fail in ways of its own,
//! which is one more reason why all this runs in a process apart.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use ::vosk::{LogLevel, Model, Recognizer, set_log_level};

use crate::SpeechError;
use crate::limits::{FRAME_SAMPLES, STREAM_RATE};
use crate::recogniser::{Recogniser, Words};

/// The engine.
pub struct Vosk {
    recognizer: Recognizer,
    folder: PathBuf,
    /// The recognizer uses it as long as it lives.
    _model: Model,
}

impl Vosk {
    /// Loads the model in `folder`.
    pub fn load(folder: &Path) -> Result<Self, SpeechError> {
        set_log_level(LogLevel::Error);
        let fail = |what: &str| SpeechError::Model {
            file: folder.to_owned(),
            what: what.to_owned(),
            hint: "the folder must be an unpacked vosk model (am, conf, graph, ..)".to_owned(),
        };
        let name = folder
            .to_str()
            .ok_or_else(|| fail("its path is not UTF-8"))?;
        let model = Model::new(name).ok_or_else(|| fail("libvosk cannot load it"))?;
        let recognizer = Recognizer::new(&model, STREAM_RATE as f32);
        let mut recognizer = recognizer.ok_or_else(|| fail("libvosk refuses 8 kHz for it"))?;
        recognizer.set_words(true);
        Ok(Self {
            recognizer,
            folder: folder.to_owned(),
            _model: model,
        })
    }

    fn hear(&mut self, phrase: &[f32]) -> Option<Words> {
        self.recognizer.reset();
        for frame in phrase.chunks(FRAME_SAMPLES) {
            let frame = frame
                .iter()
                .map(|s| (s * 32768.0).clamp(-32768.0, 32767.0) as i16);
            self.recognizer
                .accept_waveform(&frame.collect::<Vec<_>>())
                .ok()?;
        }
        let result = self.recognizer.final_result().single()?;
        let text = result.text.trim().to_owned();
        let sum: f32 = result.result.iter().map(|word| word.conf).sum();
        let confidence = (sum / result.result.len().max(1) as f32).clamp(0.0, 1.0);
        (!text.is_empty()).then_some(Words { text, confidence })
    }
}

impl Recogniser for Vosk {
    fn rate(&self) -> u32 {
        STREAM_RATE
    }

    fn recognise(&mut self, phrase: &[f32]) -> Result<Option<Words>, SpeechError> {
        // The binding unwraps what libvosk says.
        catch_unwind(AssertUnwindSafe(|| self.hear(phrase))).map_err(|_| SpeechError::Model {
            file: self.folder.clone(),
            what: "libvosk's answer could not be read".to_owned(),
            hint: "try another pack".to_owned(),
        })
    }
}
