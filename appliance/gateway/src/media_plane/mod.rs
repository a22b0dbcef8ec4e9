//! The media plane: all RTP of the box, on one thread of its own.
//!
//! [`MediaPlane::start`] binds every port, makes every stream and starts the media thread and the
//! recorder; after that the thread allocates nothing, takes no lock and writes no log. The control
//! side tells it [`StreamCommand`]s and hears [`MediaEvents`], over rings of fixed length. Prompts
//! are found by name here, never in the thread.

mod bell;
mod counters;
mod events;
mod host;
mod order;
mod outlets;
mod seat;
mod sockets;
mod start;
mod thread;
mod wheel;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use media::limits::{FRAME, MAX_PLAYLIST};
use media::{
    Gear, Playlist, Prompt, StreamCommand, StreamEvent, StreamId, StreamSeed, StreamStats,
};
use rtrb::{Consumer, Producer};
use rustix::rand::{GetRandomFlags, getrandom};
use tracing::warn;

pub use counters::{FullRings, Lateness, PlaneStats};
pub use events::MediaEvents;

use crate::recorder::Start;
use bell::Bell;
use counters::{Counters, count};
use order::{Act, Digits, Order};
pub(crate) use outlets::wake;

/// Prompts by name.
pub type PromptShelf = BTreeMap<String, Arc<Prompt>>;

/// What the media plane is told once.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Address that RTP is bound to.
    pub ip: IpAddr,
    /// Ports to take; `None` takes any free ones.
    pub ports: Option<RangeInclusive<u16>>,
    /// Streams at once; each takes two ports.
    pub max_streams: usize,
    /// Core of the media thread; `None` takes the last one where real-time priority is granted,
    /// and binds to none where it is not: a thread without priority must be able to get away.
    pub core: Option<usize>,
    /// Where recordings go; made where it is missing.
    pub recordings: PathBuf,
}

/// 20 ms of a caller, linear, 8 kHz.
#[derive(Clone, Debug)]
pub struct TapFrame {
    /// Whose.
    pub stream: StreamId,
    /// Number of the frame since the tap was opened; a step of more than one is frames dropped.
    pub seq: u32,
    /// The audio.
    pub samples: [i16; FRAME],
}

/// Where tapped audio comes out.
#[derive(Debug)]
pub struct TapReader {
    ring: Consumer<TapFrame>,
}

impl TapReader {
    /// Reads that ring.
    #[cfg(test)]
    pub(crate) fn new(ring: Consumer<TapFrame>) -> Self {
        Self { ring }
    }

    /// The oldest frame. When nobody reads, the newest frames are dropped and counted.
    pub fn pop(&mut self) -> Option<TapFrame> {
        self.ring.pop().ok()
    }
}

/// The control side's hand on the media thread.
#[derive(Debug)]
pub struct MediaPlane {
    ports: BTreeMap<u16, usize>,
    streams: BTreeMap<StreamId, Taken>,
    shelf: PromptShelf,
    /// Prompts off the shelf that may still be playing: they are freed here, not in the thread.
    retired: Vec<Arc<Prompt>>,
    orders: Producer<Order>,
    orders_full: u64,
    starts: Producer<Start>,
    told: Producer<StreamEvent>,
    /// What streams need no more: freed here, not in the thread.
    spent: Consumer<Gear>,
    taps: Option<TapReader>,
    running: Running,
}

/// The seat of an open stream.
#[derive(Clone, Copy, Debug)]
struct Taken {
    seat: usize,
    is_recorded: bool,
}

/// The two threads and what is shared with them.
#[derive(Debug)]
struct Running {
    counters: Arc<Counters>,
    /// Wakes the media thread.
    bell: Arc<Bell>,
    /// Wakes the reader of [`MediaEvents`].
    control: Arc<OwnedFd>,
    stop: Arc<AtomicBool>,
    is_realtime: bool,
    media: Option<JoinHandle<()>>,
    recorder: Option<JoinHandle<()>>,
}

impl MediaPlane {
    /// Does what a call needs. Never waits: where the ring is full the command is dropped, counted
    /// and logged (it holds four commands for every stream).
    pub fn command(&mut self, command: StreamCommand) {
        while self.spent.pop().is_ok() {}
        match command {
            StreamCommand::Open { stream, port, spec } => {
                let seat = self.ports.get(&port).copied();
                let is_free =
                    |seat: &usize| !self.streams.values().any(|taken| taken.seat == *seat);
                let Some(seat) = seat.filter(is_free) else {
                    warn!(
                        port,
                        "a stream cannot open: the port is not in the pool or taken"
                    );
                    count(&self.running.counters.misdirected);
                    self.tell(StreamEvent::Closed {
                        stream,
                        stats: StreamStats::default(),
                    });
                    return;
                };
                self.streams.insert(
                    stream,
                    Taken {
                        seat,
                        is_recorded: false,
                    },
                );
                let gear = Gear::new(&spec);
                self.order(stream, Act::Open(spec, seed(), gear));
            }
            StreamCommand::Update { stream, spec } => {
                let gear = Gear::new(&spec);
                self.order(stream, Act::Update(spec, gear));
            }
            StreamCommand::Play {
                stream,
                id,
                prompts,
                repeat,
            } => {
                let list = self.playlist(stream, &prompts, repeat);
                self.order(stream, Act::Play(id, list));
            }
            StreamCommand::StopPlay { stream } => self.order(stream, Act::StopPlay),
            StreamCommand::Bridge { a, b } => match self.streams.get(&b) {
                Some(taken) => self.order(a, Act::Bridge(taken.seat, b)),
                None => count(&self.running.counters.misdirected),
            },
            StreamCommand::Unbridge { stream } => self.order(stream, Act::Unbridge),
            StreamCommand::SendDigits { stream, digits } => {
                self.order(stream, Act::SendDigits(Digits::new(&digits)));
            }
            StreamCommand::Record { stream, file } => self.record(stream, file),
            StreamCommand::Tap { stream, on } => self.order(stream, Act::Tap(on)),
            StreamCommand::Close { stream } => {
                self.order(stream, Act::Close);
                self.streams.remove(&stream);
            }
        }
    }

    /// Puts other prompts on the shelf; what plays goes on.
    pub fn set_prompts(&mut self, shelf: PromptShelf) {
        let before = std::mem::replace(&mut self.shelf, shelf);
        self.retired.extend(before.into_values());
        self.retired.retain(|prompt| Arc::strong_count(prompt) > 1);
    }

    /// Where tapped audio comes out; `None` when it was taken before.
    pub fn take_tap(&mut self) -> Option<TapReader> {
        self.taps.take()
    }

    /// RTP ports of the pool, ascending.
    pub fn ports(&self) -> Vec<u16> {
        self.ports.keys().copied().collect()
    }

    /// Wakes the thread for nothing, so that it shows by its rounds that it is alive.
    pub fn nudge(&self) {
        self.running.bell.ring();
    }

    /// What was counted so far.
    pub fn stats(&self) -> PlaneStats {
        let mut stats = self.running.counters.stats();
        stats.full.orders = self.orders_full;
        stats.is_realtime = self.running.is_realtime;
        let thread = self.running.media.as_ref();
        stats.is_alive = thread.is_some_and(|thread| !thread.is_finished());
        stats
    }

    fn playlist(&mut self, stream: StreamId, names: &[String], repeat: bool) -> Playlist {
        if names.len() > MAX_PLAYLIST {
            warn!(
                "{} prompts in one go, only {MAX_PLAYLIST} play",
                names.len()
            );
        }
        let mut prompts = Vec::with_capacity(names.len().min(MAX_PLAYLIST));
        for name in names.iter().take(MAX_PLAYLIST) {
            match self.shelf.get(name) {
                Some(prompt) => prompts.push(prompt.clone()),
                None => self.tell(StreamEvent::MissingPrompt {
                    stream,
                    prompt: name.clone(),
                }),
            }
        }
        Playlist::new(prompts, repeat)
    }

    /// The recorder is told first: it looks there when a frame of a stream it does not know comes.
    fn record(&mut self, stream: StreamId, file: String) {
        let Some(taken) = self
            .streams
            .get_mut(&stream)
            .filter(|taken| !taken.is_recorded)
        else {
            warn!(
                file,
                "a call is not recorded: it has no stream or is recorded already"
            );
            return count(&self.running.counters.misdirected);
        };
        taken.is_recorded = true;
        if let Err(rtrb::PushError::Full(start)) = self.starts.push(Start { stream, file }) {
            warn!(
                file = start.file,
                "a call is not recorded: the recorder is behind"
            );
            self.orders_full += 1;
            return;
        }
        self.order(stream, Act::Record);
    }

    fn order(&mut self, stream: StreamId, act: Act) {
        let Some(Taken { seat, .. }) = self.streams.get(&stream).copied() else {
            return count(&self.running.counters.misdirected);
        };
        if self.orders.push(Order { seat, stream, act }).is_err() {
            self.orders_full += 1;
            warn!(
                stream = stream.0,
                "a command is lost: the media thread is behind"
            );
        }
        self.running.bell.ring();
    }

    /// Tells the reader of events something that is known here. When the ring is full it is
    /// dropped: whoever does not read for so long is not there.
    fn tell(&mut self, event: StreamEvent) {
        let _ = self.told.push(event);
        wake(&self.running.control);
    }
}

impl Drop for MediaPlane {
    /// Every stream says goodbye and every recording is closed and on disk.
    fn drop(&mut self) {
        self.running.stop.store(true, Ordering::Release);
        self.running.bell.ring();
        // A thread that panicked has nothing left to say here.
        let _ = self.running.media.take().map(JoinHandle::join);
        if let Some(recorder) = self.running.recorder.take() {
            recorder.thread().unpark();
            let _ = recorder.join();
        }
    }
}

/// What a stream may not make up itself.
fn seed() -> StreamSeed {
    let mut random = [0; 32];
    // Up to 256 bytes are never cut short, and cannot fail once the system has booted.
    let _ = getrandom(&mut random, GetRandomFlags::empty());
    StreamSeed {
        random,
        ntp: host::ntp_now(),
    }
}
