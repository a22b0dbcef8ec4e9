//! The black box on disk: what the control loop was told, compressed, in a ring of files.
//!
//! [`BlackBox::start`] opens a file in `DATA/blackbox` and a thread that writes it; the control task
//! hands it the bytes of each step and never waits. Files are private (0600), bounded in number and
//! in all (`black_box_kb` of the boot file).
//!
//! A file that has its size gives way to the next one at a moment without calls: the centre is put
//! down, another one is born of what outlives calls, and that birth heads the next file. So each
//! file replays by itself. Where no such moment comes before the file is full, or the thread falls
//! behind, recording ends there (a box with a gap would replay to something that never was), is
//! shown as ended, and begins again at the next moment without calls.
//! `branchline replay` and `branchline trace` read the files.

mod file;
mod ladder;
mod replay;
#[cfg(test)]
mod tests;
mod trace;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use centre::blackbox::{Birth, Recorder};
use centre::{Centre, Input, Output};
use tokio::sync::watch;
use tracing::{info, warn};
use web::BlackBoxState;

use crate::snapshot::Snapshot;

pub use self::file::Budget;
pub use replay::{Replayed, replay};
pub use trace::trace;

/// Steps on their way to the disk: some seconds of a burst.
const QUEUE: usize = 8_192;
/// How long a moment is sought in which no carrier is asked anything; then one without calls will
/// do, and carriers are asked once more.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause after a next file could not be made.
const RETRY: Duration = Duration::from_secs(60);

/// How the black box fares, for `/metrics`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// What happens now is recorded.
    pub(crate) is_recording: bool,
    /// Bytes of the file that is written now.
    pub(crate) bytes: u64,
    /// Files begun since start.
    pub(crate) files: u64,
    /// How often recording ended before a moment without calls came.
    pub(crate) gaps: u64,
}

/// How it fares, for the page.
pub(crate) fn watched(
    figures: watch::Receiver<Snapshot>,
) -> Arc<dyn Fn() -> BlackBoxState + Send + Sync> {
    Arc::new(move || {
        let now = figures.borrow().black_box;
        BlackBoxState {
            is_recording: now.is_recording,
            gaps: now.gaps,
        }
    })
}

/// The centre of a birth, for real calls: the keys of their media come from a source that no file
/// holds.
pub(crate) fn born(birth: &Birth, now: Instant) -> anyhow::Result<Centre> {
    let mut centre = birth.centre(now);
    centre.draw_keys_from(crate::seed()?);
    Ok(centre)
}

/// The recorder and the way to its file.
#[derive(Debug)]
pub(crate) struct BlackBox {
    dir: PathBuf,
    budget: Budget,
    birth: Birth,
    recorder: Recorder,
    file: Option<SyncSender<Vec<u8>>>,
    /// Bytes on the disk, told by the thread.
    written: Arc<AtomicU64>,
    files: u64,
    gaps: u64,
    /// Since when the next file is due.
    due: Option<Instant>,
    not_before: Instant,
    /// The threads that write this file, and maybe still the one before it.
    writers: Vec<JoinHandle<()>>,
}

impl Drop for BlackBox {
    /// Waits for what was told to reach the files: a box that stops in order leaves none cut off, and none empty.
    fn drop(&mut self) {
        self.file = None;
        for writer in self.writers.drain(..) {
            // One that panicked has nothing more to write.
            let _ = writer.join();
        }
    }
}

impl BlackBox {
    /// Opens the first file of this life in `dir` for the centre that `birth` makes at `now`.
    pub(crate) fn start(
        dir: &Path,
        budget: Budget,
        birth: Birth,
        now: Instant,
    ) -> anyhow::Result<Self> {
        let opened = open(dir, budget, &birth)?;
        Ok(Self {
            dir: dir.to_owned(),
            budget,
            recorder: Recorder::new(&birth, now),
            birth,
            file: Some(opened.steps),
            written: opened.written,
            files: 1,
            gaps: 0,
            due: None,
            not_before: now,
            writers: vec![opened.writer],
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
            warn!(
                "the black box has a gap: its file is full or the disk is behind; it goes on at \
                 the next moment without calls"
            );
            self.gaps += 1;
            self.file = None;
        }
    }

    /// The centre that takes the place of `centre` at the head of the next file, where one is due
    /// and this is a moment for it. Asked between two steps.
    pub(crate) fn renew(&mut self, centre: &Centre) -> Option<Centre> {
        if !self.is_due() {
            return None;
        }
        let now = Instant::now();
        if now < self.not_before {
            return None;
        }
        let due = *self.due.get_or_insert(now);
        let is_late = now.saturating_duration_since(due) >= PATIENCE;
        if !(centre.is_at_rest(now) || is_late && centre.is_left_alone(now)) {
            return None;
        }
        let birth = self.birth.renewed(now, centre);
        let next = match born(&birth, now) {
            Ok(next) => next,
            Err(why) => {
                warn!("the black box has no next file: {why:#}");
                self.not_before = now + RETRY;
                return None;
            }
        };
        match open(&self.dir, self.budget, &birth) {
            Ok(opened) => {
                (self.file, self.written) = (Some(opened.steps), opened.written);
                self.writers.retain(|writer| !writer.is_finished());
                self.writers.push(opened.writer);
            }
            Err(why) => {
                warn!("the black box has no next file: {why:#}");
                self.not_before = now + RETRY;
                return None;
            }
        }
        info!(
            file = self.files + 1,
            "the black box goes on in its next file"
        );
        self.files += 1;
        self.due = None;
        self.recorder = Recorder::new(&birth, now);
        self.birth = birth;
        Some(next)
    }

    /// How it fares.
    pub(crate) fn figures(&self) -> Figures {
        Figures {
            is_recording: self.file.is_some(),
            bytes: self.written.load(Ordering::Relaxed),
            files: self.files,
            gaps: self.gaps,
        }
    }

    fn is_due(&self) -> bool {
        self.file.is_none() || self.written.load(Ordering::Relaxed) >= self.budget.enough()
    }
}

/// A file that is being written.
struct Opened {
    steps: SyncSender<Vec<u8>>,
    /// Bytes on the disk.
    written: Arc<AtomicU64>,
    writer: JoinHandle<()>,
}

/// Makes the file of a birth and the thread that writes it.
fn open(dir: &Path, budget: Budget, birth: &Birth) -> anyhow::Result<Opened> {
    let sink = file::create(dir, budget, birth.unix_ms)?;
    let (bytes, steps) = sync_channel(QUEUE);
    let written = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&written);
    let writer = std::thread::Builder::new()
        .name("black-box".into())
        .spawn(move || file::write(sink, (budget, &told), &steps))
        .context("could not start the thread of the black box")?;
    Ok(Opened {
        steps: bytes,
        written,
        writer,
    })
}
