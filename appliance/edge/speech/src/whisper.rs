//! Whisper on tract: a phrase of 16 kHz samples to words.
//!
//! The encoder runs once a phrase over a window that fits it; the decoder then gives one token a
//! step, greedily (`decode`). The token embedding lives outside the graphs (`tables`), so it is in
//! memory once and only the rows of tokens that a phrase may hold are compared. A pack whose only
//! dialect is `zh` hears Chinese characters alone: no Latin letters, no digits, simplified script.

use std::path::Path;

use tract_onnx::prelude::*;

use crate::SpeechError;
use crate::graph::{Graph, Input};
use crate::limits::{MAX_PHRASE_SECONDS, RECOGNISER_RATE};
use crate::mel::{HOP, Mel};
use crate::recogniser::{Recogniser, Words};
use crate::vocabulary::Vocabulary;

mod decode;
mod tables;
mod text;

use decode::{Greedy, Heard, Scores, Steps};
use tables::{Rows, Tables, WIDTH};

/// Encoder positions a second; each covers two mel frames.
const POSITIONS_A_SECOND: usize = 50;
/// Silence shown after the phrase, in positions: the model expects some before it says the end.
const MARGIN: usize = 2 * POSITIONS_A_SECOND;
/// Shortest window, in positions.
const SHORTEST: usize = 4 * POSITIONS_A_SECOND;
/// Level a phrase is brought to (root mean square), so that far and near callers look alike.
const LEVEL: f32 = 0.08;
/// Most amplification: a line's hiss must not become speech.
const MOST_GAIN: f32 = 30.0;

/// Files of a Whisper pack.
#[derive(Clone, Debug)]
pub struct WhisperFiles<'a> {
    /// `mel [1,80,F]`, `positions [1,T,512]` to `[12,8,T,64]`: cross keys and values.
    pub encoder: &'a Path,
    /// `x [1,S,512]`, `mask [1,1,S,P+S]`, `past [12,8,P,64]`, `xkv [12,8,T,64]` to `[1,S,512]` and
    /// `[12,8,P+S,64]`.
    pub decoder: &'a Path,
    /// f16 little endian: a row of 512 for every token.
    pub embedding: &'a Path,
    /// f16 little endian: rows of the decoder's 448 positions, then of the encoder's 1500.
    pub positions: &'a Path,
    /// Byte-level BPE tokenizer.
    pub tokenizer: &'a Path,
    /// `suppress_ids` and `suppress_ids_begin`.
    pub config: &'a Path,
}

/// The engine.
pub struct Whisper {
    encoder: Graph,
    decoder: Graph,
    tables: Tables,
    vocabulary: Vocabulary,
    rules: decode::Rules,
    prompt: Vec<u32>,
    mel: Mel,
    chinese: bool,
}

impl Whisper {
    /// Loads a pack's files for its dialects.
    pub fn load(files: &WhisperFiles<'_>, dialects: &[String]) -> Result<Self, SpeechError> {
        let float = f32::datum_type();
        let encoder = Graph::load(
            files.encoder,
            &[
                Input("mel", float, "1,80,F"),
                Input("positions", float, "1,(F+1)/2,512"),
            ],
            &["12,8,(F+1)/2,64"],
        )?;
        let decoder = Graph::load(
            files.decoder,
            &[
                Input("x", float, "1,S,512"),
                Input("mask", float, "1,1,S,P+S"),
                Input("past", float, "12,8,P,64"),
                Input("xkv", float, "12,8,T,64"),
            ],
            &["1,S,512", "12,8,P+S,64"],
        )?;
        let vocabulary = Vocabulary::load(files.tokenizer)?;
        let chinese = dialects.iter().all(|dialect| dialect == "zh");
        let specials = decode::Specials::find(&vocabulary, dialects, files.tokenizer)?;
        let spoken = if chinese {
            vocabulary.chinese()
        } else {
            vocabulary.all()
        };
        let rules = decode::Rules::load(files.config, spoken, &specials)?;
        let bias = if chinese {
            vocabulary.tokens(text::BIAS)
        } else {
            Vec::new()
        };
        let prompt = specials.prompt(&bias);
        let tables = Tables::load(files.embedding, files.positions, &rules, &prompt)?;
        Ok(Self {
            encoder,
            decoder,
            tables,
            vocabulary,
            rules,
            prompt,
            mel: Mel::new(),
            chinese,
        })
    }

    fn hear(&self, phrase: &[f32], positions: usize) -> Result<Heard, SpeechError> {
        let picture = self.mel.picture(phrase, 2 * positions);
        let failed = |e: TractError| self.encoder.wrong(e.to_string());
        let picture =
            Tensor::from_shape(&[1, crate::mel::BANDS, 2 * positions], &picture).map_err(failed)?;
        let places = Tensor::from_shape(
            &[1, positions, WIDTH],
            self.tables.encoder_positions(positions),
        );
        let inputs = tvec![picture.into_tvalue(), places.map_err(failed)?.into_tvalue()];
        let cross = self
            .encoder
            .run(inputs)?
            .pop()
            .ok_or_else(|| self.encoder.wrong("nothing came out"))?;
        let mut steps = Decoder {
            whisper: self,
            cross,
            past: None,
            fed: 0,
        };
        let seconds = phrase.len() as f32 / RECOGNISER_RATE as f32;
        Greedy {
            rules: &self.rules,
            seconds,
        }
        .run(&mut steps, &self.prompt)
    }
}

impl Recogniser for Whisper {
    fn rate(&self) -> u32 {
        RECOGNISER_RATE
    }

    fn recognise(&mut self, phrase: &[f32]) -> Result<Option<Words>, SpeechError> {
        let most = MAX_PHRASE_SECONDS * RECOGNISER_RATE as usize;
        let phrase = levelled(phrase.get(..most).unwrap_or(phrase));
        let longest = MAX_PHRASE_SECONDS * POSITIONS_A_SECOND + MARGIN;
        let fitting = (phrase.len().div_ceil(2 * HOP) + MARGIN).clamp(SHORTEST, longest);
        let mut heard = self.hear(&phrase, fitting)?;
        if heard.looped && fitting < longest {
            // A window too tight makes the model go round in circles; a wide one seldom does.
            heard = self.hear(&phrase, longest)?;
        }
        if !heard.is_speech() {
            return Ok(None);
        }
        let text = self.vocabulary.text(&heard.tokens);
        let text = if self.chinese {
            text::chinese(&text)
        } else {
            Some(text.trim().to_owned())
        };
        let text = text.filter(|text| !text.is_empty());
        Ok(text.map(|text| Words {
            text,
            confidence: heard.confidence(),
        }))
    }
}

/// `phrase` brought to the common level.
fn levelled(phrase: &[f32]) -> Vec<f32> {
    let power = phrase.iter().map(|s| s * s).sum::<f32>() / phrase.len().max(1) as f32;
    let gain = (LEVEL / (power.sqrt() + 1e-6)).min(MOST_GAIN);
    phrase.iter().map(|s| (s * gain).clamp(-1.0, 1.0)).collect()
}

/// The decoder's side of one phrase.
struct Decoder<'a> {
    whisper: &'a Whisper,
    cross: TValue,
    past: Option<TValue>,
    fed: usize,
}

impl Steps for Decoder<'_> {
    fn feed(&mut self, tokens: &[u32], probe: Option<usize>) -> Result<Scores, SpeechError> {
        let graph = &self.whisper.decoder;
        let failed = |e: TractError| graph.wrong(e.to_string());
        let (new, all) = (tokens.len(), self.fed + tokens.len());
        let x = self
            .whisper
            .tables
            .inputs(tokens, self.fed)
            .ok_or_else(|| graph.wrong("a token has no row"))?;
        let x = Tensor::from_shape(&[1, new, WIDTH], &x).map_err(failed)?;
        // A token sees what was before it and itself.
        let mask = (0..new).flat_map(|row| (0..all).map(move |seen| (row, seen)));
        let mask = mask.map(|(row, seen)| {
            if seen <= self.fed + row {
                0.0
            } else {
                -1e9_f32
            }
        });
        let mask =
            Tensor::from_shape(&[1, 1, new, all], &mask.collect::<Vec<_>>()).map_err(failed)?;
        let past = match self.past.take() {
            Some(past) => past,
            None => Tensor::zero::<f32>(&[12, 8, 0, 64])
                .map_err(failed)?
                .into_tvalue(),
        };
        let inputs = tvec![
            x.into_tvalue(),
            mask.into_tvalue(),
            past,
            self.cross.clone()
        ];
        let mut outputs = graph.run(inputs)?;
        self.past = outputs.pop();
        self.fed = all;
        let hidden = graph.floats(&outputs, 0)?;
        let row = |i: usize| {
            hidden
                .chunks_exact(WIDTH)
                .nth(i)
                .ok_or_else(|| graph.wrong("a row is missing"))
        };
        let last = row(new.saturating_sub(1))?;
        let rows: &Rows = self.whisper.tables.spoken();
        let no_speech = match probe {
            Some(i) => self.whisper.tables.no_speech(row(i)?),
            None => 0.0,
        };
        Ok(Scores {
            spoken: rows.times(last),
            no_speech,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_and_loud_callers_reach_the_same_level_and_silence_stays_silent() {
        let tone = |a: f32| {
            (0..1600)
                .map(|n| a * (n as f32 * 0.3).sin())
                .collect::<Vec<_>>()
        };
        let rms = |x: &[f32]| (x.iter().map(|s| s * s).sum::<f32>() / x.len() as f32).sqrt();
        for amplitude in [0.01, 0.1, 0.9] {
            assert!(
                (rms(&levelled(&tone(amplitude))) - LEVEL).abs() < 0.01,
                "{amplitude}"
            );
        }
        assert!(rms(&levelled(&tone(1e-4))) < 0.01);
        assert!(levelled(&[0.0; 10]).iter().all(|s| *s == 0.0) && levelled(&[]).is_empty());
    }
}
