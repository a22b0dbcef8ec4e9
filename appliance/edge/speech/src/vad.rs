//! Silero's voice activity detector, 8 kHz, on tract.
//!
//! One `Vad` holds the model for all streams; each stream keeps its own `VadState`. A frame is 32 ms;
//! the answer is how likely it holds speech, 0..=1. What to make of it is the `segmenter`'s business.

use std::path::Path;

use tract_onnx::prelude::*;

use crate::SpeechError;
use crate::graph::{Graph, Input};

/// Samples of one frame: 32 ms at 8 kHz.
pub const VAD_FRAME: usize = 256;
/// Samples of the previous frame that the model sees again.
const CONTEXT: usize = 32;

/// The model.
#[derive(Clone)]
pub struct Vad {
    graph: Graph,
}

/// What the model remembers of one stream.
#[derive(Clone)]
pub struct VadState {
    memory: TValue,
    context: [f32; CONTEXT],
}

impl Default for VadState {
    fn default() -> Self {
        let memory = Tensor::zero::<f32>(&[2, 1, 128]).unwrap_or_default();
        Self {
            memory: memory.into_tvalue(),
            context: [0.0; CONTEXT],
        }
    }
}

impl Vad {
    /// Loads the 8 kHz graph at `file`.
    pub fn load(file: &Path) -> Result<Self, SpeechError> {
        let inputs = [
            Input("input", f32::datum_type(), "1,288"),
            Input("state", f32::datum_type(), "2,1,128"),
        ];
        Ok(Self {
            graph: Graph::load(file, &inputs, &["1,1", "2,1,128"])?,
        })
    }

    /// How likely `frame` holds speech.
    pub fn probability(
        &self,
        state: &mut VadState,
        frame: &[f32; VAD_FRAME],
    ) -> Result<f32, SpeechError> {
        let mut input = [0.0; CONTEXT + VAD_FRAME];
        let (head, tail) = input.split_at_mut(CONTEXT);
        head.copy_from_slice(&state.context);
        tail.copy_from_slice(frame);
        let sound = Tensor::from_shape(&[1, CONTEXT + VAD_FRAME], &input);
        let sound = sound.map_err(|e| self.graph.wrong(e.to_string()))?;
        let mut outputs = self
            .graph
            .run(tvec![sound.into_tvalue(), state.memory.clone()])?;
        let probability = self
            .graph
            .floats(&outputs, 0)?
            .first()
            .copied()
            .unwrap_or(0.0);
        state.memory = outputs
            .pop()
            .ok_or_else(|| self.graph.wrong("no state came out"))?;
        if let Some(last) = frame.last_chunk::<CONTEXT>() {
            state.context = *last;
        }
        Ok(probability)
    }
}
