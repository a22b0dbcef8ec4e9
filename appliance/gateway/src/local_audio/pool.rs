//! The audio process: started for a plan, watched, started again alone.
//!
//! What comes in over lines goes into their rings, where the media threads find it; how devices stand goes
//! to whoever looks, and into the log once for each change.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use audio::{State, Status};
use media::Live;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use super::plan::{FromWorker, Plan, Standing, ToWorker};

/// First pause before a restart; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A process that lived for so long has earned the first pause again.
const STEADY: Duration = Duration::from_secs(30);
/// Bytes read from it at once.
const CHUNK: usize = 16 * 1024;

/// How each phone and line stands, by name.
pub(crate) type Standings = BTreeMap<String, Standing>;

/// What is to be done, and the rings of its lines in the plan's order.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) plan: Plan,
    pub(super) lines: Vec<Live>,
}

/// Keeps the audio process.
pub(super) struct Pool {
    pub(super) wanted: watch::Receiver<Wanted>,
    pub(super) acts: mpsc::Receiver<ToWorker>,
    pub(super) standings: watch::Sender<Standings>,
}

impl Pool {
    /// Runs processes one after the other until the box stops (the sender of plans is dropped).
    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let wanted = self.wanted.borrow_and_update().clone();
            self.forget(&wanted);
            if wanted.plan.is_empty() {
                if self.wanted.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let began = tokio::time::Instant::now();
            let ended = self.one_worker(&wanted).await;
            wanted.lines.iter().for_each(Live::stop);
            match ended {
                Ok(Next::Stop) => return,
                Ok(Next::Again) => continue,
                Err(why) => warn!("the audio process ended, calls go on without it: {why:#}"),
            }
            if began.elapsed() >= STEADY {
                pause = FIRST_PAUSE;
            }
            self.forget(&wanted);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = self.wanted.changed() => if changed.is_err() { return },
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Nothing is known of any device.
    fn forget(&self, wanted: &Wanted) {
        let unknown = |has: bool| has.then(Status::default);
        let phones = wanted.plan.phones.iter().map(|phone| {
            let standing = Standing {
                is_phone: true,
                playback: unknown(phone.cards.playback.is_some()),
                capture: unknown(phone.cards.capture.is_some()),
                ..Standing::default()
            };
            (phone.name.clone(), standing)
        });
        let lines = wanted.plan.lines.iter().map(|line| {
            let standing = Standing {
                capture: unknown(true),
                ..Standing::default()
            };
            (line.name.clone(), standing)
        });
        self.standings.send_replace(phones.chain(lines).collect());
    }

    async fn one_worker(&mut self, wanted: &Wanted) -> anyhow::Result<Next> {
        let mut child = spawn()?;
        let mut input = child.stdin.take().context("its standard input is a pipe")?;
        let output = child
            .stdout
            .take()
            .context("its standard output is a pipe")?;
        say(&mut input, &ToWorker::Plan(wanted.plan.clone())).await?;
        let listening = listen(output, wanted, &self.standings);
        tokio::pin!(listening);
        loop {
            tokio::select! {
                ended = &mut listening => ended?,
                ended = child.wait() => bail!("it left with {}", ended?),
                Some(act) = self.acts.recv() => say(&mut input, &act).await?,
                changed = self.wanted.changed() => match changed {
                    Err(_) => return Ok(Next::Stop),
                    Ok(()) if self.wanted.borrow().plan != wanted.plan => return Ok(Next::Again),
                    Ok(()) => {}
                },
            }
        }
    }
}

/// Why a process was ended by us.
enum Next {
    /// Another plan.
    Again,
    /// The box stops.
    Stop,
}

fn spawn() -> anyhow::Result<Child> {
    let me = std::env::current_exe().context("our own program's path")?;
    Command::new(me)
        .arg("audio-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("could not start the audio process")
}

async fn say(input: &mut ChildStdin, word: &ToWorker) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    input.write_all(&line).await.context("its standard input")?;
    Ok(input.flush().await?)
}

/// Reads what it says until it ends or breaks the protocol.
async fn listen(
    mut output: ChildStdout,
    wanted: &Wanted,
    standings: &watch::Sender<Standings>,
) -> anyhow::Result<()> {
    let mut bytes = Vec::with_capacity(CHUNK);
    loop {
        if output.read_buf(&mut bytes).await? == 0 {
            bail!("it closed its standard output");
        }
        let mut at = 0;
        while let Some((frame, length)) = FromWorker::decode(bytes.get(at..).unwrap_or_default())? {
            at += length;
            take(frame, wanted, standings);
        }
        bytes.drain(..at);
    }
}

fn take(frame: FromWorker, wanted: &Wanted, standings: &watch::Sender<Standings>) {
    match frame {
        FromWorker::Sound(line, pcm) => {
            if let Some(live) = wanted.lines.get(usize::from(line)) {
                live.push(&pcm);
            }
        }
        FromWorker::Standing(name, standing) => {
            let line = wanted.plan.lines.iter().position(|line| line.name == name);
            let is_open = standing.capture.as_ref().is_some_and(Status::is_open);
            if let Some(live) = line.and_then(|line| wanted.lines.get(line))
                && !is_open
            {
                live.stop();
            }
            standings.send_modify(|all| {
                let before = all
                    .insert(name.clone(), standing.clone())
                    .unwrap_or_default();
                log(&name, "speaker", before.playback, standing.playback);
                log(&name, "microphone", before.capture, standing.capture);
            });
        }
    }
}

/// Once for each change.
fn log(name: &str, card: &str, before: Option<Status>, now: Option<Status>) {
    let (Some(before), Some(now)) = (before, now) else {
        return;
    };
    match (before.state, now.state) {
        (State::Open { .. }, State::Open { .. }) => {}
        (_, State::Open { rate, .. }) => info!(device = name, card, rate, "a sound card is open"),
        (before, State::Absent { why }) => {
            if before != (State::Absent { why: why.clone() }) {
                warn!(device = name, card, "a sound card is absent: {why}");
            }
        }
    }
}
