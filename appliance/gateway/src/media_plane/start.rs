//! Starting the media plane: all memory, sockets, rings and threads it will ever have.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::Instant;

use anyhow::Context as _;
use media::sdp::Direction;
use media::{Codec, Stream, StreamId, StreamSeed, StreamSpec};
use rtrb::RingBuffer;
use rustix::pipe::{PipeFlags, pipe_with};
use tracing::{info, warn};

use super::bell::Bell;
use super::counters::Counters;
use super::events::MediaEvents;
use super::host::{self, Clock};
use super::outlets::Outlets;
use super::seat::Seat;
use super::sockets::{self, Pair};
use super::thread::{Inlet, MediaThread};
use super::{MediaConfig, MediaPlane, PromptShelf, Running, TapReader};
use crate::recorder::{self, Reels};

/// Streams that a plane can have.
const MAX_STREAMS: usize = 4_000;

/// Lengths of the rings for so many streams.
struct Lengths {
    /// Commands: a few for each stream between two looks of a thread that looks every millisecond.
    orders: usize,
    /// Events: digits of every stream at once, while the control side is busy.
    events: usize,
    /// Frames for the recorder: two seconds of all streams, or 16,384 (5 MB) where that is less.
    takes: usize,
    /// Frames for speech: one second of all streams, or 8,192 where that is less.
    taps: usize,
}

impl Lengths {
    fn new(streams: usize) -> Self {
        Self {
            orders: 256 + 4 * streams,
            events: 256 + 8 * streams,
            takes: (100 * streams).clamp(256, 16_384),
            taps: (50 * streams).clamp(256, 8_192),
        }
    }
}

impl MediaPlane {
    /// Binds all ports and starts the media thread and the recorder.
    pub fn start(config: MediaConfig, prompts: PromptShelf) -> anyhow::Result<(Self, MediaEvents)> {
        prepare(&config)?;
        let MediaConfig {
            ip,
            ports,
            max_streams,
            core,
            recordings,
        } = config;
        let lengths = Lengths::new(max_streams);
        let pairs = sockets::bind(ip, ports, max_streams)?;
        let ports = pairs
            .iter()
            .enumerate()
            .map(|(seat, pair)| (pair.port, seat))
            .collect();
        let (bell, control) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)
            .context("could not make a pipe for events")?;
        let (control, orders_bell) = (Arc::new(control), Arc::new(Bell::new()?));
        let (orders, inlet_orders) = RingBuffer::new(lengths.orders);
        let (starts, recorder_starts) = RingBuffer::new(lengths.orders);
        let (takes, recorder_takes) = RingBuffer::new(lengths.takes);
        let (taps, tap_reader) = RingBuffer::new(lengths.taps);
        let (spent, spent_gear) = RingBuffer::new(lengths.orders);
        let (events, thread_events) = RingBuffer::new(lengths.events);
        let (recorded, recorder_events) = RingBuffer::new(lengths.events);
        let (told, own_events) = RingBuffer::new(lengths.events);
        let reels = Reels {
            starts: recorder_starts,
            takes: recorder_takes,
            events: recorded,
            wake: control.clone(),
        };
        let recorder =
            recorder::start(recordings, reels).context("could not start the recorder")?;
        let counters = Arc::new(Counters::default());
        let stop = Arc::new(AtomicBool::new(false));
        let outlets = Outlets {
            counters: counters.clone(),
            events,
            takes,
            taps,
            spent,
            control: control.clone(),
            recorder: recorder.thread().clone(),
            told: false,
        };
        let inlet = Inlet {
            orders: inlet_orders,
            bell: orders_bell.clone(),
            stop: stop.clone(),
        };
        let clock = Clock::new();
        let thread = MediaThread::new(clock, seats(clock, pairs), inlet, outlets)?;
        let (media, is_realtime) = spawn(thread, core)?;
        let plane = Self {
            ports,
            streams: Default::default(),
            shelf: prompts,
            retired: Vec::new(),
            orders,
            orders_full: 0,
            starts,
            told,
            spent: spent_gear,
            taps: Some(TapReader { ring: tap_reader }),
            running: Running {
                counters,
                bell: orders_bell,
                control,
                stop,
                is_realtime,
                media: Some(media),
                recorder: Some(recorder),
            },
        };
        // The recorder's and our own events come first: both are few.
        let rings = [own_events, recorder_events, thread_events];
        Ok((plane, MediaEvents::new(rings, bell)))
    }
}

/// Checks what was asked for and makes the folder.
fn prepare(config: &MediaConfig) -> anyhow::Result<()> {
    let streams = config.max_streams;
    anyhow::ensure!(
        (1..=MAX_STREAMS).contains(&streams),
        "{streams} streams are not possible\nhint: ask for 1 to {MAX_STREAMS}"
    );
    std::fs::create_dir_all(&config.recordings).with_context(|| {
        let folder = config.recordings.display();
        format!("could not make the recordings folder `{folder}`\nhint: see to its owner")
    })
}

/// A seat for each pair, its stream made with all the memory it will need.
fn seats(clock: Clock, pairs: Vec<Pair>) -> Vec<Seat> {
    let now = clock.instant(clock.now_ns());
    pairs
        .into_iter()
        .map(|pair| Seat::new(pair, idle(now, StreamId(0))))
        .collect()
}

/// A stream that does nothing until it is opened again.
pub(super) fn idle(now: Instant, id: StreamId) -> Stream {
    let nobody = SocketAddr::from(([0, 0, 0, 0], 0));
    let spec = StreamSpec {
        codec: Codec::Pcma,
        payload: Codec::Pcma.static_payload(),
        events: None,
        tones: false,
        mute_keys: false,
        events_clock: 8_000,
        keys: None,
        ptime_ms: 20,
        remote_rtp: nobody,
        remote_rtcp: nobody,
        direction: Direction::Inactive,
    };
    let seed = StreamSeed {
        random: [0; 32],
        ntp: 0,
    };
    Stream::new(now, id, spec, &seed)
}

/// Starts the thread; says whether it got real-time priority.
fn spawn(
    thread: MediaThread,
    core: Option<usize>,
) -> anyhow::Result<(std::thread::JoinHandle<()>, bool)> {
    let (ready, is_ready) = mpsc::sync_channel(1);
    let handle = std::thread::Builder::new()
        .name("media".into())
        .spawn(move || {
            let is_realtime = host::take_realtime();
            let is_pinned = if is_realtime || core.is_some() {
                host::pin(core).map(Some)
            } else {
                Ok(None)
            };
            let is_good = is_pinned.is_ok() || core.is_none();
            // The starter waits for this word.
            let _ = ready.send((is_realtime, is_pinned));
            if is_good {
                thread.run();
            }
        })
        .context("could not start the media thread")?;
    let (is_realtime, pinned) = is_ready.recv().context("the media thread ended at once")?;
    match pinned {
        Ok(Some(core)) => info!("media runs on core {core}"),
        Ok(None) => {}
        Err(why) if core.is_some() => return Err(why),
        Err(why) => warn!("media runs on any core: {why:#}"),
    }
    if !is_realtime {
        warn!(
            "media runs without real-time priority, audio may stutter under load\n\
             hint: start the box with LimitRTPRIO=50 or CAP_SYS_NICE"
        );
    }
    Ok((handle, is_realtime))
}
