//! The speech process: started, fed with the callers' PCM, watched, restarted alone. It is a child of ours, or a
//! unit of its own that is reached by a socket: then a connection is a worker, and connecting again a restart.
//!
//! Taps come from the media threads over a ring that drops; words go to `Centre` as inputs. A worker
//! that dies or hangs costs the phrases it held, never a call: streams are opened again on the next.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use call::StreamId;
use centre::Input;
use centre::record::{Emotion, Utterance};
use speech::wire::{Decoder, Frame as _, FromWorker, ToWorker};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tracing::{debug, info, warn};

use crate::boot::{SPEECH_MEMORY_MB, Speech};
use crate::media_plane::TapReader;

/// How often the ring of taps is emptied: one frame's time.
const FEED: Duration = Duration::from_millis(20);
/// Loading and warming models may take so long: minutes on a slow board whose calls come first. Nobody waits for it but
/// speech, and a worker that is ended for it begins anew, for ever.
const START_LIMIT: Duration = Duration::from_secs(600);
/// A ready worker reports each second; silent for so long, it hangs.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);
/// First pause before a restart; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Bytes read from the worker at once.
const CHUNK: usize = 16 * 1024;

/// How the speech process stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpeechStatus {
    /// Recogniser's pack, once it is ready; empty while it is not.
    pub(crate) engine: String,
    /// Process id of the worker.
    pub(crate) pid: Option<u32>,
    /// Times it had to be started again.
    pub(crate) restarts: u64,
    /// Phrases understood.
    pub(crate) phrases: u64,
    /// Resident memory of the worker, kB.
    pub(crate) rss_kb: u64,
    /// Age of the oldest waiting phrase, ms.
    pub(crate) lag_ms: u64,
    /// Frames and phrases that the worker dropped.
    pub(crate) dropped: u64,
}

/// A tap switched on or off, in the order `Centre` asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TapSwitch {
    pub(crate) stream: StreamId,
    pub(crate) on: bool,
}

/// The pool's ends: what it is fed from and what it tells.
pub(crate) struct SpeechPool {
    pub(crate) speech: Speech,
    pub(crate) taps: TapReader,
    pub(crate) switches: mpsc::Receiver<TapSwitch>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) status: watch::Sender<SpeechStatus>,
}

impl SpeechPool {
    /// Runs workers one after the other until the box stops (the switches' sender is dropped).
    pub(crate) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        let mut said = String::new();
        while !self.switches.is_closed() {
            match self.one_worker().await {
                Ok(()) => return,
                Err(why) => {
                    let why = format!("{why:#}");
                    // A box without models would say the same each minute for years.
                    if why == said {
                        debug!("the speech worker ended again: {why}");
                    } else {
                        warn!("the speech worker ended, calls go on without it: {why}");
                    }
                    said = why;
                }
            }
            if !self.status.borrow().engine.is_empty() {
                pause = FIRST_PAUSE;
                said.clear();
            }
            self.status.send_modify(|status| {
                status.engine.clear();
                status.pid = None;
                status.restarts += 1;
            });
            tokio::time::sleep(pause).await;
            while self.taps.pop().is_some() {}
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn one_worker(&mut self) -> anyhow::Result<()> {
        match self.speech.clone() {
            Speech::Child { packs, manifest } => self.child(&packs, &manifest).await,
            Speech::Socket(path) => self.served(&path).await,
        }
    }

    async fn served(&mut self, path: &Path) -> anyhow::Result<()> {
        let worker = UnixStream::connect(path).await.with_context(|| {
            format!(
                "could not reach a speech worker at `{}`\nhint: look at the unit that serves it",
                path.display()
            )
        })?;
        let (output, input) = worker.into_split();
        let Self {
            taps,
            switches,
            inputs,
            status,
            ..
        } = self;
        tokio::select! {
            fed = feed(taps, switches, input) => fed,
            heard = listen(output, inputs, status) => heard,
        }
    }

    async fn child(&mut self, packs: &Path, manifest: &Path) -> anyhow::Result<()> {
        let mut child = spawn(packs, manifest)?;
        let input = child
            .stdin
            .take()
            .context("the worker's standard input is a pipe")?;
        let output = child
            .stdout
            .take()
            .context("the worker's standard output is a pipe")?;
        self.status.send_modify(|status| status.pid = child.id());
        let Self {
            taps,
            switches,
            inputs,
            status,
            ..
        } = self;
        tokio::select! {
            fed = feed(taps, switches, input) => fed,
            heard = listen(output, inputs, status) => heard,
            ended = child.wait() => bail!("it left with {}", ended?),
        }
    }
}

fn spawn(packs: &Path, manifest: &Path) -> anyhow::Result<Child> {
    let me = std::env::current_exe().context("our own program's path")?;
    Command::new(me)
        .arg("speech-worker")
        .arg("--packs")
        .arg(packs)
        .arg("--manifest")
        .arg(manifest)
        .args(["--memory", &SPEECH_MEMORY_MB.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("could not start the speech worker")
}

/// Hands PCM and ends of streams to the worker. Ends when the box stops.
async fn feed(
    taps: &mut TapReader,
    switches: &mut mpsc::Receiver<TapSwitch>,
    mut worker: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    let mut open = BTreeSet::new();
    let mut ticks = tokio::time::interval(FEED);
    let mut bytes = Vec::with_capacity(CHUNK);
    loop {
        let switch = tokio::select! {
            switch = switches.recv() => match switch {
                Some(switch) => Some(switch),
                None => return Ok(()),
            },
            _ = ticks.tick() => None,
        };
        while let Some(frame) = taps.pop() {
            let stream = frame.stream.0;
            if open.insert(stream) {
                ToWorker::Open { stream }.encode(&mut bytes);
            }
            ToWorker::Pcm {
                stream,
                seq: frame.seq,
                samples: frame.samples,
            }
            .encode(&mut bytes);
        }
        if let Some(TapSwitch { stream, on: false }) = switch {
            // Closed also where no frame ever came, so that `Centre` is told that nothing follows.
            if open.insert(stream.0) {
                ToWorker::Open { stream: stream.0 }.encode(&mut bytes);
            }
            ToWorker::Close { stream: stream.0 }.encode(&mut bytes);
            open.remove(&stream.0);
        }
        worker.write_all(&bytes).await.context("its input")?;
        bytes.clear();
    }
}

/// Reads the worker's words until it ends, breaks the protocol or falls silent.
async fn listen(
    mut worker: impl AsyncRead + Unpin,
    inputs: &mpsc::Sender<Input>,
    status: &watch::Sender<SpeechStatus>,
) -> anyhow::Result<()> {
    let mut decoder = Decoder::new();
    let mut chunk = vec![0; CHUNK];
    let mut limit = START_LIMIT;
    loop {
        let read = tokio::time::timeout(limit, worker.read(&mut chunk)).await;
        let read = read.with_context(|| format!("it said nothing for {} s", limit.as_secs()))??;
        if read == 0 {
            bail!("it closed its output");
        }
        decoder.push(chunk.get(..read).unwrap_or_default());
        while let Some(frame) = decoder.next_frame::<FromWorker>()? {
            if matches!(frame, FromWorker::Ready { .. }) {
                limit = SILENCE_LIMIT;
            }
            take(frame, inputs, status).await?;
        }
    }
}

async fn take(
    frame: FromWorker,
    inputs: &mpsc::Sender<Input>,
    status: &watch::Sender<SpeechStatus>,
) -> anyhow::Result<()> {
    let input = match frame {
        FromWorker::Ready { engine, dialects } => {
            info!(engine, ?dialects, "speech is ready");
            status.send_modify(|status| status.engine = engine);
            return Ok(());
        }
        FromWorker::Status {
            rss_kb,
            lag_ms,
            dropped,
        } => {
            status.send_modify(|status| {
                (status.rss_kb, status.lag_ms, status.dropped) = (rss_kb, lag_ms, dropped);
            });
            return Ok(());
        }
        FromWorker::Error {
            stream: None,
            message,
        } => bail!("{message}"),
        FromWorker::Error {
            stream: Some(stream),
            message,
        } => {
            warn!(stream, "speech: {message}");
            return Ok(());
        }
        FromWorker::Heard {
            stream,
            at_ms,
            length_ms,
            words,
            dialect,
            confidence,
            emotion,
        } => {
            status.send_modify(|status| status.phrases += 1);
            let emotion = emotion.map(|(label, score)| Emotion { label, score });
            let utterance = Utterance {
                at_ms,
                length_ms,
                words,
                dialect,
                confidence,
                emotion,
            };
            Input::Heard {
                stream: StreamId(stream),
                utterance,
            }
        }
        FromWorker::Closed { stream } => Input::SpeechDone {
            stream: StreamId(stream),
        },
    };
    // Full only while control waits for the disk; then words wait as well.
    inputs.send(input).await.context("the box is stopping")
}

#[cfg(test)]
mod tests;
