//! One ONNX graph on tract, loaded once, run many times.
//!
//! The engine that needs it states every input's and output's shape; a file whose graph differs is
//! refused at load with words, not met as a panic later. tract itself may panic on a graph nobody
//! foresaw, so both loading and running are fenced. It never knows what a model is for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::{Factoid, ShapeFactoid};

use crate::SpeechError;

/// A graph ready to run. Cheap to clone; clones share the weights.
#[derive(Clone)]
pub(crate) struct Graph {
    plan: Arc<TypedSimplePlan>,
    file: PathBuf,
}

/// Name, number type and shape of an input; the shape in tract's words: `12,8,P,64`.
pub(crate) struct Input(
    pub(crate) &'static str,
    pub(crate) DatumType,
    pub(crate) &'static str,
);

impl Graph {
    /// Loads `file`; `inputs` in the graph's order, `outputs` by shape in the graph's order.
    pub(crate) fn load(
        file: &Path,
        inputs: &[Input],
        outputs: &[&str],
    ) -> Result<Self, SpeechError> {
        let plan = fenced(file, "its graph cannot be used", || {
            build(file, inputs, outputs)
        })?;
        Ok(Self {
            plan,
            file: file.to_owned(),
        })
    }

    /// Runs the graph once.
    pub(crate) fn run(&self, inputs: TVec<TValue>) -> Result<TVec<TValue>, SpeechError> {
        fenced(&self.file, "its graph failed", || self.plan.run(inputs))
    }

    /// An error about this graph's results.
    pub(crate) fn wrong(&self, what: impl Into<String>) -> SpeechError {
        model_error(&self.file, what.into())
    }

    /// The numbers of output `index`.
    pub(crate) fn floats<'a>(
        &self,
        outputs: &'a [TValue],
        index: usize,
    ) -> Result<&'a [f32], SpeechError> {
        let output = outputs
            .get(index)
            .ok_or_else(|| self.wrong(format!("output {index} is missing")))?;
        let plain = output
            .try_as_plain_ram()
            .and_then(|view| view.as_slice::<f32>());
        plain.map_err(|e| self.wrong(format!("output {index}: {e}")))
    }
}

fn build(file: &Path, inputs: &[Input], outputs: &[&str]) -> TractResult<Arc<TypedSimplePlan>> {
    let mut model = onnx().with_ignore_value_info(true).model_for_path(file)?;
    let names = model
        .inputs
        .iter()
        .map(|i| model.node(i.node).name.clone())
        .collect::<Vec<_>>();
    let wanted = inputs.iter().map(|input| input.0).collect::<Vec<_>>();
    if names != wanted {
        return Err(TractError::msg(format!(
            "its inputs are {names:?}, needed are {wanted:?}"
        )));
    }
    if model.outputs.len() != outputs.len() {
        let found = model.outputs.len();
        return Err(TractError::msg(format!(
            "it has {found} outputs, needed are {}",
            outputs.len()
        )));
    }
    let symbols = model.symbols.clone();
    let dims = |shape: &str| {
        shape
            .split(',')
            .map(|dim| symbols.parse_tdim(dim))
            .collect::<TractResult<TVec<TDim>>>()
    };
    for (index, Input(name, datum, shape)) in inputs.iter().enumerate() {
        let wanted = InferenceFact::dt_shape(*datum, dims(shape)?);
        let declared = model.input_fact(index)?.shape.concretize();
        if declared
            .as_ref()
            .is_some_and(|declared| contradict(declared, &wanted.shape))
        {
            return Err(TractError::msg(format!(
                "its input {name:?} is {declared:?}, needed is {shape}"
            )));
        }
        model.set_input_fact(index, wanted)?;
    }
    let model = model.into_typed()?;
    for (index, shape) in outputs.iter().enumerate() {
        let found = &model.output_fact(index)?.shape;
        if found.dims() != dims(shape)?.as_slice() {
            return Err(TractError::msg(format!(
                "its output {index} is {found:?}, needed is {shape}"
            )));
        }
    }
    model.into_optimized()?.into_runnable()
}

/// Whether a declared shape cannot be the wanted one: another rank, or another number in a place.
fn contradict(declared: &[TDim], wanted: &ShapeFactoid) -> bool {
    let Some(wanted) = wanted.concretize() else {
        return false;
    };
    let differ =
        |(a, b): (&TDim, &TDim)| matches!((a.to_i64(), b.to_i64()), (Ok(a), Ok(b)) if a != b);
    declared.len() != wanted.len() || declared.iter().zip(&wanted).any(differ)
}

fn fenced<T>(
    file: &Path,
    doing: &str,
    work: impl FnOnce() -> TractResult<T>,
) -> Result<T, SpeechError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(e)) => Err(model_error(file, format!("{doing}: {e:#}"))),
        Err(_) => Err(model_error(file, format!("{doing}: it broke tract"))),
    }
}

fn model_error(file: &Path, what: String) -> SpeechError {
    SpeechError::Model {
        file: file.to_owned(),
        what,
        hint: "install the packs of this release again with scripts/models".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models/emotion/emotion.onnx")
    }

    fn refusal(file: &Path, input: Input, outputs: &[&str]) -> String {
        let said = Graph::load(file, &[input], outputs)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert!(
            said.contains("hint:") && said.contains(&file.display().to_string()),
            "{said}"
        );
        said
    }

    fn floats(name: &'static str, shape: &'static str) -> Input {
        Input(name, f32::datum_type(), shape)
    }

    #[test]
    fn a_graph_of_another_shape_is_refused_in_words() {
        let file = network();
        let said = refusal(&file, floats("sound", "1,79"), &["1,4"]);
        assert!(said.contains("inputs are [\"features\"]"), "{said}");
        assert!(refusal(&file, floats("features", "1,80"), &["1,4"]).contains("needed is 1,80"));
        assert!(refusal(&file, floats("features", "79"), &["1,4"]).contains("needed is 79"));
        assert!(refusal(&file, floats("features", "1,79"), &["1,5"]).contains("needed is 1,5"));
        assert!(
            refusal(&file, floats("features", "1,79"), &["1,4", "1"]).contains("has 1 outputs")
        );
    }

    #[test]
    fn a_truncated_an_empty_and_a_foreign_file_are_refused_in_words() {
        let whole = std::fs::read(network()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("broken.onnx");
        let cuts = [0, 1, 7, 100, whole.len() / 2, whole.len() - 1];
        for bytes in cuts
            .iter()
            .map(|end| whole.get(..*end).unwrap())
            .chain([&b"GIF89a not a model"[..]])
        {
            std::fs::write(&file, bytes).unwrap();
            refusal(&file, floats("features", "1,79"), &["1,4"]);
        }
        refusal(
            &dir.path().join("absent.onnx"),
            floats("features", "1,79"),
            &["1,4"],
        );
    }

    #[test]
    fn flipped_bytes_never_panic() {
        let whole = std::fs::read(network()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("flipped.onnx");
        let outline = whole.len().min(600);
        for place in (0..outline).step_by(7) {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x55;
            std::fs::write(&file, &bytes).unwrap();
            if let Ok(graph) = Graph::load(&file, &[floats("features", "1,79")], &["1,4"]) {
                let input = Tensor::zero::<f32>(&[1, 79]).unwrap().into_tvalue();
                let _ = graph.run(tvec![input]);
            }
        }
    }
}
