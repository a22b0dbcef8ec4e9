//! How a phrase sounded: an advisory label and score from 79 figures and a small network.
//!
//! Labels and their order come from the pack's card. The network was trained on acted German speech
//! (see the card): it tells tense from calm better than it names feelings, and nothing may be
//! decided by it alone. Only the caller's leg is ever given to it.

use std::path::Path;

use serde::Deserialize;
use tract_onnx::prelude::*;

use crate::SpeechError;
use crate::graph::{Graph, Input};
use crate::limits::STREAM_RATE;
use crate::manifest::{Manifest, Pack};

pub mod features;

use features::Features;

/// Shortest speech that is scored, in samples: one second.
const SHORTEST: usize = STREAM_RATE as usize;
/// Length of the clips the network was trained on, in samples.
const PART: usize = 2 * STREAM_RATE as usize;

/// The classifier.
pub struct Emotion {
    graph: Graph,
    labels: Vec<String>,
    features: Features,
}

#[derive(Deserialize)]
struct Card {
    labels: Vec<String>,
}

impl Emotion {
    /// Loads the pack's `model` and `card`.
    pub fn load(manifest: &Manifest, pack: &Pack, packs: &Path) -> Result<Self, SpeechError> {
        let model = manifest.verified(pack, "model", packs)?;
        let labels = if pack.labels.is_empty() {
            labels(&manifest.verified(pack, "card", packs)?)?
        } else {
            pack.labels.clone()
        };
        Self::open(&model, labels)
    }

    /// Loads the network at `model`, whose outputs mean `labels`.
    pub fn open(model: &Path, labels: Vec<String>) -> Result<Self, SpeechError> {
        let inputs = [Input("features", f32::datum_type(), "1,79")];
        let graph = Graph::load(model, &inputs, &[&format!("1,{}", labels.len())])?;
        Ok(Self {
            graph,
            labels,
            features: Features::new(),
        })
    }

    /// The likeliest label of `speech` (8 kHz) and its probability; none below a second.
    pub fn score(&self, speech: &[f32]) -> Result<Option<(String, f32)>, SpeechError> {
        if speech.len() < SHORTEST {
            return Ok(None);
        }
        let probabilities = self.probabilities(speech)?;
        let best = self
            .labels
            .iter()
            .zip(&probabilities)
            .max_by(|a, b| a.1.total_cmp(b.1));
        Ok(best.map(|(label, score)| (label.clone(), *score)))
    }

    /// The probability of every label: the mean over parts of about two seconds, the length the
    /// network was trained on.
    pub fn probabilities(&self, speech: &[f32]) -> Result<Vec<f32>, SpeechError> {
        let parts = ((speech.len() + PART / 2) / PART).max(1);
        let mut sums = vec![0.0; self.labels.len()];
        for part in speech.chunks((speech.len().div_ceil(parts)).max(1)) {
            let found = self.part(part)?;
            sums.iter_mut()
                .zip(found)
                .for_each(|(sum, value)| *sum += value / parts as f32);
        }
        Ok(sums)
    }

    /// The probability of every label for one part.
    fn part(&self, speech: &[f32]) -> Result<Vec<f32>, SpeechError> {
        let figures = self.features.of(speech).map(|figure| figure as f32);
        let input = Tensor::from_shape(&[1, figures.len()], &figures);
        let input = input.map_err(|e| self.graph.wrong(e.to_string()))?;
        let outputs = self.graph.run(tvec![input.into_tvalue()])?;
        Ok(self.graph.floats(&outputs, 0)?.to_vec())
    }
}

fn labels(card: &Path) -> Result<Vec<String>, SpeechError> {
    let text = std::fs::read_to_string(card)
        .map_err(|e| SpeechError::system(format!("reading {}", card.display()), e))?;
    let card_error = |what: String| SpeechError::Model {
        file: card.to_owned(),
        what,
        hint: "the card must list its labels: labels = [..]".to_owned(),
    };
    let read: Card = toml::from_str(&text).map_err(|e| card_error(e.to_string()))?;
    if read.labels.is_empty() || read.labels.len() > 32 {
        return Err(card_error(format!(
            "{} labels are not possible",
            read.labels.len()
        )));
    }
    Ok(read.labels)
}
