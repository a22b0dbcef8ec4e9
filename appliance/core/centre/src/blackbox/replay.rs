//! Replaying: a new centre is led through the same steps and must answer the same.

use std::time::{Duration, Instant};

use super::digest::Digest;
use super::read::{BlackBoxError, Entries, Stimulus};
use crate::centre::Centre;
use crate::input::Output;

/// A step that answers otherwise than it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Which, counted from 1.
    pub step: u64,
    /// Since the birth.
    pub at: Duration,
    /// How many outputs were recorded, and how many came now.
    pub outputs: (u32, u32),
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Steps taken.
    pub steps: u64,
    /// Records made.
    pub records: u64,
    /// How many steps diverged.
    pub diverged: u64,
    /// The first of them.
    pub first: Option<Divergence>,
    /// The file ended within an entry, as after a power cut; all before it was replayed.
    pub is_cut: bool,
}

/// One step, for who watches a replay.
#[derive(Debug)]
pub struct Step<'a> {
    /// Since the birth.
    pub at: Duration,
    /// What the centre was told.
    pub stimulus: &'a Stimulus,
    /// What it answered now, in order.
    pub outputs: &'a [Output],
    /// The centre after the step.
    pub centre: &'a Centre,
}

/// Steps a new centre through `entries` from `start` on, and shows `watch` each step.
///
/// # Errors
/// [`BlackBoxError`] where the bytes cannot be read; a file cut at its end is no error.
pub fn replay(
    mut entries: Entries<'_>,
    start: Instant,
    mut watch: impl FnMut(&Step<'_>),
) -> Result<Replay, BlackBoxError> {
    let mut centre = entries.birth().centre(start);
    let mut found = Replay::default();
    loop {
        let (stimulus, outputs, digest) = match entries.next_step() {
            Ok(Some(step)) => step,
            Ok(None) => return Ok(found),
            Err(BlackBoxError::Cut { .. }) => {
                found.is_cut = true;
                return Ok(found);
            }
            Err(why) => return Err(why),
        };
        let at = Duration::from_nanos(stimulus.at_ns);
        match &stimulus.input {
            Some(input) => centre.handle(start + at, input.clone()),
            None => centre.handle_timeout(start + at),
        }
        let answers: Vec<Output> = std::iter::from_fn(|| centre.poll()).collect();
        let mut now = Digest::new();
        answers.iter().for_each(|output| now.take(output));
        found.steps += 1;
        let records = answers.iter().filter(|o| matches!(o, Output::Record(_)));
        found.records += records.count() as u64;
        if (now.outputs(), now.value()) != (outputs, digest) {
            found.diverged += 1;
            let (step, outputs) = (found.steps, (outputs, now.outputs()));
            found.first.get_or_insert(Divergence { step, at, outputs });
        }
        watch(&Step {
            at,
            stimulus: &stimulus,
            outputs: &answers,
            centre: &centre,
        });
    }
}
