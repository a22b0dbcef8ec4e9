//! Whisper's tables outside the graphs: positions and token embedding. Private to `whisper`.
//!
//! The files hold all rows as f16; in memory are, as f32, only the rows of tokens a phrase may
//! hold, of the prompt, and of the specials that compete with "no speech".

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tract_onnx::prelude::f16;

use super::decode::Rules;
use crate::SpeechError;

/// Numbers in a row (Whisper base).
pub(super) const WIDTH: usize = 512;
const ENCODER_POSITIONS: usize = 1500;
const DECODER_POSITIONS: usize = 448;

/// Rows of some tokens, one after another.
pub(super) struct Rows {
    flat: Vec<f32>,
}

impl Rows {
    /// Every row's product with `vector`.
    pub(super) fn times(&self, vector: &[f32]) -> Vec<f32> {
        self.flat
            .chunks_exact(WIDTH)
            .map(|row| dot(row, vector))
            .collect()
    }
}

pub(super) struct Tables {
    encoder_positions: Vec<f32>,
    decoder_positions: Vec<f32>,
    /// Rows of tokens that can be fed, and where each is.
    fed: HashMap<u32, Vec<f32>>,
    spoken: Rows,
    specials: Rows,
    no_speech: usize,
}

impl Tables {
    /// Reads `embedding` (a row for every token) and `positions` (the decoder's, then the encoder's).
    pub(super) fn load(
        embedding: &Path,
        positions: &Path,
        rules: &Rules,
        prompt: &[u32],
    ) -> Result<Self, SpeechError> {
        let positions = HalfRows::read(positions)?;
        let embedding = HalfRows::read(embedding)?;
        let mut fed = HashMap::new();
        for number in rules.spoken.iter().chain(prompt) {
            fed.insert(*number, embedding.rows([*number as usize])?);
        }
        let numbers = |tokens: Vec<u32>| tokens.into_iter().map(|token| token as usize);
        Ok(Self {
            decoder_positions: positions.rows(0..DECODER_POSITIONS)?,
            encoder_positions: positions
                .rows(DECODER_POSITIONS..DECODER_POSITIONS + ENCODER_POSITIONS)?,
            fed,
            spoken: Rows {
                flat: embedding.rows(numbers(rules.spoken.clone()))?,
            },
            specials: Rows {
                flat: embedding.rows(numbers(rules.specials.clone().collect()))?,
            },
            no_speech: rules.no_speech.saturating_sub(rules.specials.start) as usize,
        })
    }

    /// The first `count` encoder positions.
    pub(super) fn encoder_positions(&self, count: usize) -> &[f32] {
        self.encoder_positions
            .get(..count * WIDTH)
            .unwrap_or(&self.encoder_positions)
    }

    /// The decoder's input for `tokens` at places from `first` on; none for a token never loaded.
    pub(super) fn inputs(&self, tokens: &[u32], first: usize) -> Option<Vec<f32>> {
        let mut inputs = Vec::with_capacity(tokens.len() * WIDTH);
        for (n, token) in tokens.iter().enumerate() {
            let place = self
                .decoder_positions
                .get((first + n) * WIDTH..(first + n + 1) * WIDTH)?;
            inputs.extend(self.fed.get(token)?.iter().zip(place).map(|(a, b)| a + b));
        }
        Some(inputs)
    }

    pub(super) fn spoken(&self) -> &Rows {
        &self.spoken
    }

    /// How likely the model finds it that nobody speaks, from the state after its start token.
    pub(super) fn no_speech(&self, hidden: &[f32]) -> f32 {
        let scores = self.specials.times(hidden);
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = scores.iter().map(|score| (score - most).exp()).sum();
        scores
            .get(self.no_speech)
            .map_or(0.0, |score| (score - most).exp() / sum)
    }
}

/// A file of rows as f16, little endian.
struct HalfRows {
    file: PathBuf,
    bytes: Vec<u8>,
}

impl HalfRows {
    fn read(file: &Path) -> Result<Self, SpeechError> {
        let bytes = std::fs::read(file)
            .map_err(|e| SpeechError::system(format!("reading {}", file.display()), e))?;
        Ok(Self {
            file: file.to_owned(),
            bytes,
        })
    }

    fn rows(&self, numbers: impl IntoIterator<Item = usize>) -> Result<Vec<f32>, SpeechError> {
        let size = 2 * WIDTH;
        let mut flat = Vec::new();
        for number in numbers {
            let row = self.bytes.get(number * size..(number + 1) * size);
            let row = row.ok_or_else(|| SpeechError::Model {
                file: self.file.clone(),
                what: format!(
                    "has {} rows of {WIDTH}, row {number} is needed",
                    self.bytes.len() / size
                ),
                hint: "install the packs of this release again with scripts/models".to_owned(),
            })?;
            let halves = row.chunks_exact(2).filter_map(|half| half.first_chunk());
            flat.extend(halves.map(|half| f16::from_le_bytes(*half).to_f32()));
        }
        Ok(flat)
    }
}

/// Eight partial sums, so that the compiler can use vector registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
