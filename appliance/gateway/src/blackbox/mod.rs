//! The black box on disk: what the control loop was told, compressed, as a file per life.
//!
//! [`start`] opens a file in `DATA/blackbox` and a thread that writes it; the control task hands it
//! the bytes of each step and never waits. Files are private (0600), bounded in number and size.
//! When the thread falls behind or the file is full, recording ends there: a box with a gap would
//! replay to something that never was. `branchline replay` and `branchline trace` read them.

mod file;
mod ladder;
mod replay;
mod trace;

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use anyhow::Context as _;
use centre::blackbox::{Birth, Recorder};
use centre::{Input, Output};
use tracing::warn;

pub use replay::replay;
pub use trace::trace;

/// Steps on their way to the disk: some seconds of a burst.
const QUEUE: usize = 8_192;

/// The recorder and the way to its file.
#[derive(Debug)]
pub(crate) struct BlackBox {
    recorder: Recorder,
    file: Option<SyncSender<Vec<u8>>>,
}

impl BlackBox {
    /// Opens the file of this life in `dir` for the centre that `birth` makes at `now`.
    pub(crate) fn start(dir: &Path, birth: &Birth, now: Instant) -> anyhow::Result<Self> {
        let sink = file::create(dir, birth.unix_ms)?;
        let (bytes, steps) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("black-box".into())
            .spawn(move || file::write(sink, &steps))
            .context("could not start the thread of the black box")?;
        Ok(Self {
            recorder: Recorder::new(birth, now),
            file: Some(bytes),
        })
    }

    /// The centre is about to handle `input`, or a time-out, at `now`.
    pub(crate) fn told(&mut self, now: Instant, input: Option<&Input>) {
        match input {
            _ if self.file.is_none() => {}
            Some(input) => self.recorder.told(now, input),
            None => self.recorder.woken(now),
        }
    }

    /// The centre answered this.
    pub(crate) fn answered(&mut self, output: &Output) {
        if self.file.is_some() {
            self.recorder.answered(output);
        }
    }

    /// The step is over.
    pub(crate) fn settle(&mut self) {
        let Some(file) = &self.file else {
            return;
        };
        if file.try_send(self.recorder.settle()).is_err() {
            warn!("the black box ends here: its file is full or the disk is behind");
            self.file = None;
        }
    }
}
