//! The black box of a town: what its box was told, its answers and its state, proved by replay.
//!
//! The bytes are those of `centre::blackbox`, as the gateway writes them. The state after each step
//! is kept beside them as a digest, so that a replay is judged by more than what was said aloud.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Instant;

use centre::blackbox::{Birth, BlackBoxError, Entries, Recorder, Replay, replay};
use centre::{Centre, Input, Output};

/// Agents, queues and running calls are told each so many steps: telling them takes a while.
const SCENE_EVERY: usize = 32;

/// What a box wrote of itself.
#[derive(Debug)]
pub struct BlackBox {
    recorder: Recorder,
    bytes: Vec<u8>,
    states: Vec<u64>,
    start: Instant,
}

/// What a replay proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What was said: SIP, media commands, events with flow and step, records.
    pub said: Replay,
    /// Steps after which the centre stood elsewhere than it did.
    pub states_diverged: u64,
    /// Steps whose state was compared.
    pub states: u64,
}

impl Proof {
    /// True when nothing differs and nothing is missing.
    pub fn holds(&self) -> bool {
        let whole = !self.said.is_cut && self.said.steps == self.states;
        whole && self.said.diverged == 0 && self.states_diverged == 0
    }
}

impl BlackBox {
    /// An empty one of the centre that was born at `start`.
    pub(crate) fn new(birth: &Birth, start: Instant) -> Self {
        Self {
            recorder: Recorder::new(birth, start),
            bytes: Vec::new(),
            states: Vec::new(),
            start,
        }
    }

    pub(crate) fn told(&mut self, now: Instant, input: Option<&Input>) {
        match input {
            Some(input) => self.recorder.told(now, input),
            None => self.recorder.woken(now),
        }
    }

    pub(crate) fn answered(&mut self, output: &Output) {
        self.recorder.answered(output);
    }

    pub(crate) fn settle(&mut self, centre: &Centre) {
        self.bytes.extend(self.recorder.settle());
        let state = state(centre, self.start, self.states.len());
        self.states.push(state);
    }

    /// The bytes, as a file of the box would hold them unpacked.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Leads a new centre through `bytes` and compares all it says, and how it stands, with this.
    ///
    /// # Errors
    /// Where the bytes cannot be read.
    pub fn prove(&self, bytes: &[u8]) -> Result<Proof, BlackBoxError> {
        // Another moment than the first one: nothing may hang on the clock of the host.
        let start = Instant::now();
        let (mut states, mut states_diverged) = (0, 0);
        let said = replay(Entries::new(bytes)?, start, |step| {
            let now = state(step.centre, start, states);
            states_diverged += u64::from(self.states.get(states) != Some(&now));
            states += 1;
        })?;
        Ok(Proof {
            said,
            states_diverged,
            states: self.states.len() as u64,
        })
    }
}

/// A digest of how a centre stands: its counts, what it waits for and, now and then, the scene.
fn state(centre: &Centre, start: Instant, step: usize) -> u64 {
    let mut digest = DefaultHasher::new();
    format!("{:?}", centre.stats()).hash(&mut digest);
    if let Some((at, why)) = centre.poll_timeout() {
        at.saturating_duration_since(start).hash(&mut digest);
        format!("{why:?}").hash(&mut digest);
    }
    if step.is_multiple_of(SCENE_EVERY) {
        format!("{:?}", centre.scene()).hash(&mut digest);
    }
    digest.finish()
}
