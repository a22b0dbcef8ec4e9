//! The speech process as the box starts it, fed by us: its pipes, its frames and when they came.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rig::{binary, root};
use speech::limits::FRAME_SAMPLES;
use speech::wire::{Frame as _, FromWorker, ToWorker, read_frame};

/// Models are loaded so soon, also on a busy machine.
const START: Duration = Duration::from_secs(180);
/// Most memory of the process, as the box gives it, MB.
const MEMORY_MB: &str = "3000";

/// A running worker. Dropping it ends it.
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    heard: Receiver<(Instant, FromWorker)>,
}

impl Worker {
    /// Starts one and waits until it listens.
    pub(crate) fn start(packs: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(binary("branchline"))
            .args(["speech-worker", "--memory", MEMORY_MB, "--packs"])
            .arg(packs)
            .arg("--manifest")
            .arg(root().join("models/manifest.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the speech process could not be started")?;
        let input = child.stdin.take().context("standard input is a pipe")?;
        let mut output = child.stdout.take().context("standard output is a pipe")?;
        let (say, heard) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(frame)) = read_frame::<FromWorker>(&mut output) {
                if say.send((Instant::now(), frame)).is_err() {
                    break;
                }
            }
        });
        let worker = Self {
            child,
            input,
            heard,
        };
        worker.until(START, |frame| matches!(frame, FromWorker::Ready { .. }))?;
        Ok(worker)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Begins a stream.
    pub(crate) fn open(&mut self, stream: u32) -> anyhow::Result<()> {
        self.tell(&ToWorker::Open { stream })
    }

    /// Hands over 20 ms; a short frame is filled up with silence.
    pub(crate) fn pcm(&mut self, stream: u32, seq: u32, voice: &[i16]) -> anyhow::Result<()> {
        let mut samples = [0; FRAME_SAMPLES];
        let slots = samples.iter_mut().zip(voice);
        slots.for_each(|(slot, sample)| *slot = *sample);
        self.tell(&ToWorker::Pcm {
            stream,
            seq,
            samples,
        })
    }

    /// Ends a stream and waits until all of it is understood; what was heard since the last wait.
    pub(crate) fn close(&mut self, stream: u32) -> anyhow::Result<Vec<(Instant, FromWorker)>> {
        self.tell(&ToWorker::Close { stream })?;
        let ended = |frame: &FromWorker| *frame == FromWorker::Closed { stream };
        self.until(START, ended)
    }

    fn tell(&mut self, frame: &ToWorker) -> anyhow::Result<()> {
        let mut bytes = Vec::with_capacity(512);
        frame.encode(&mut bytes);
        self.input
            .write_all(&bytes)
            .context("the speech process takes nothing more")
    }

    /// All frames up to the one that is waited for.
    fn until(
        &self,
        limit: Duration,
        is_last: impl Fn(&FromWorker) -> bool,
    ) -> anyhow::Result<Vec<(Instant, FromWorker)>> {
        let end = Instant::now() + limit;
        let mut frames = Vec::new();
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            let frame = self.heard.recv_timeout(rest);
            let (at, frame) = frame.context("the speech process ended or says nothing")?;
            if let FromWorker::Error { message, .. } = frame {
                bail!("the speech process: {message}");
            }
            let last = is_last(&frame);
            frames.push((at, frame));
            if last {
                return Ok(frames);
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Fails only where it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
