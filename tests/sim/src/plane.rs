//! A media plane without media: it does what it is told and says what a real one would say.
//!
//! It holds the owner to the rules on the way: a port runs one stream at a time and rests between
//! two, a stream is opened before and closed after everything else, and closed once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use call::limits::PORT_QUARANTINE;
use call::{StreamCommand, StreamEvent, StreamId, StreamStats};
use centre::Input;
use media::StreamSpec;

/// How long one prompt plays.
const PROMPT: Duration = Duration::from_millis(1_500);
/// How long nothing may come before a stream is called dead.
const SILENCE: Duration = Duration::from_secs(30);

/// One open stream.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its RTP port.
    pub port: u16,
    /// What was agreed last.
    pub spec: StreamSpec,
    /// What plays, and whether for ever.
    pub playing: Option<(Vec<String>, bool)>,
    /// Where it is recorded to.
    pub recording: Option<String>,
    /// The caller's sound goes to speech.
    pub tapped: bool,
    /// The caller sends RTP.
    pub heard: bool,
    /// Whom it is bridged with.
    pub bridged: Option<StreamId>,
    opened: Instant,
    play: u64,
    play_id: u32,
}

/// All streams.
#[derive(Debug, Default)]
pub struct Plane {
    /// Streams open now.
    pub running: BTreeMap<StreamId, Running>,
    /// Commands taken, in order.
    pub commands: Vec<StreamCommand>,
    /// It answers nothing to Close, as one that hangs.
    pub hangs: bool,
    /// Speech never says that it is done.
    pub speech_hangs: bool,
    closed: BTreeMap<u16, Instant>,
    due: BTreeMap<(Instant, u64), Due>,
    count: u64,
}

#[derive(Clone, Debug)]
enum Due {
    Say(Input),
    PlayDone(StreamId, u64),
    Silence(StreamId),
}

impl Plane {
    /// Does what it is told.
    ///
    /// # Panics
    /// When the owner breaks a rule.
    pub fn command(&mut self, now: Instant, command: StreamCommand) {
        self.commands.push(command.clone());
        match command {
            StreamCommand::Open { stream, port, spec } => self.open(now, stream, port, spec),
            StreamCommand::Update { stream, spec } => self.of(stream).spec = spec,
            StreamCommand::Play {
                stream,
                id,
                prompts,
                repeat,
            } => {
                let (length, play) = (PROMPT * prompts.len() as u32, self.count);
                let running = self.of(stream);
                (running.play, running.playing) = (play, Some((prompts, repeat)));
                running.play_id = id;
                if !repeat {
                    self.later(now + length, Due::PlayDone(stream, play));
                }
            }
            StreamCommand::StopPlay { stream } => self.of(stream).playing = None,
            StreamCommand::Record { stream, file } => {
                let old = self.of(stream).recording.replace(file);
                assert_eq!(old, None, "a stream is recorded once");
            }
            StreamCommand::Tap { stream, on } => {
                self.of(stream).tapped = on;
                if !on && !self.speech_hangs {
                    let done = Input::SpeechDone { stream };
                    self.later(now + Duration::from_millis(900), Due::Say(done));
                }
            }
            StreamCommand::Bridge { a, b } => {
                self.part(a);
                self.part(b);
                for (one, other) in [(a, b), (b, a)] {
                    let one = self.of(one);
                    (one.playing, one.bridged) = (None, Some(other));
                }
            }
            StreamCommand::Unbridge { stream } => self.part(stream),
            StreamCommand::SendDigits { stream, .. } => {
                self.of(stream);
            }
            StreamCommand::Close { stream } => self.close(now, stream),
        }
    }

    /// When it has something to say next.
    pub fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// What it says at `now`.
    pub fn say(&mut self, now: Instant) -> Option<Input> {
        let ((_, _), due) = self
            .due
            .first_entry()
            .filter(|e| e.key().0 <= now)?
            .remove_entry();
        match due {
            Due::Say(input) => Some(input),
            Due::PlayDone(stream, play) => {
                let running = self.running.get_mut(&stream).filter(|r| r.play == play)?;
                running.playing.take()?;
                let id = running.play_id;
                Some(Input::Stream(StreamEvent::PlayDone { stream, id }))
            }
            Due::Silence(stream) => {
                let silent = !self.running.get(&stream)?.heard;
                self.later(now + SILENCE, Due::Silence(stream));
                silent.then_some(Input::Stream(StreamEvent::MediaTimeout { stream }))
            }
        }
    }

    /// The caller at `rtp` presses a key.
    pub fn press(&mut self, now: Instant, rtp: SocketAddr, digit: char) {
        if let Some(stream) = self.stream_of(rtp) {
            self.later(
                now,
                Due::Say(Input::Stream(StreamEvent::Digit { stream, digit })),
            );
        }
    }

    /// Speech hears what the caller at `rtp` says, after a while.
    pub fn speak(&mut self, now: Instant, rtp: SocketAddr, utterance: centre::record::Utterance) {
        let Some(stream) = self.stream_of(rtp).filter(|s| self.running[s].tapped) else {
            return;
        };
        let heard = Input::Heard { stream, utterance };
        self.later(now + Duration::from_millis(700), Due::Say(heard));
    }

    /// The caller at `rtp` falls silent for good.
    pub fn mute(&mut self, rtp: SocketAddr) {
        if let Some(stream) = self.stream_of(rtp) {
            self.of(stream).heard = false;
        }
    }

    /// The stream whose RTP goes to `rtp`.
    pub fn stream_of(&self, rtp: SocketAddr) -> Option<StreamId> {
        self.running
            .iter()
            .find(|(_, r)| r.spec.remote_rtp == rtp)
            .map(|(id, _)| *id)
    }

    fn open(&mut self, now: Instant, stream: StreamId, port: u16, spec: StreamSpec) {
        assert!(
            self.running.values().all(|r| r.port != port),
            "port {port} runs one stream only"
        );
        if let Some(closed) = self.closed.get(&port) {
            assert!(now >= *closed + PORT_QUARANTINE, "port {port} had no rest");
        }
        let running = Running {
            port,
            spec,
            playing: None,
            recording: None,
            tapped: false,
            heard: true,
            bridged: None,
            opened: now,
            play: 0,
            play_id: 0,
        };
        assert!(
            self.running.insert(stream, running).is_none(),
            "a stream is opened once"
        );
        self.later(now + SILENCE, Due::Silence(stream));
    }

    fn part(&mut self, stream: StreamId) {
        let other = self.of(stream).bridged.take();
        if let Some(other) = other.and_then(|other| self.running.get_mut(&other)) {
            other.bridged = None;
        }
    }

    fn close(&mut self, now: Instant, stream: StreamId) {
        self.part(stream);
        let running = self
            .running
            .remove(&stream)
            .expect("a stream is closed once, after Open");
        self.closed.insert(running.port, now);
        if self.hangs {
            return;
        }
        let length_ms = u64::try_from(now.duration_since(running.opened).as_millis()).unwrap_or(0);
        if let Some(file) = running.recording {
            let recorded = StreamEvent::Recorded {
                stream,
                file,
                length_ms,
                gaps: 0,
            };
            self.later(
                now + Duration::from_millis(40),
                Due::Say(Input::Stream(recorded)),
            );
        }
        let stats = StreamStats {
            packets_in: length_ms / 20,
            packets_out: length_ms / 20,
            ..Default::default()
        };
        let closed = Input::Stream(StreamEvent::Closed { stream, stats });
        self.later(now + Duration::from_millis(20), Due::Say(closed));
        assert!(!running.tapped, "a tap ends before its stream");
    }

    fn of(&mut self, stream: StreamId) -> &mut Running {
        self.running
            .get_mut(&stream)
            .expect("commands are for open streams only")
    }

    fn later(&mut self, at: Instant, due: Due) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }
}
