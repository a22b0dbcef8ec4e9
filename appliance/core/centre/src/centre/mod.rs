//! The centre: all calls of the box, each with its flow, its place in a queue and its record.
//!
//! The shell drives it in one loop: take an [`Input`], `handle` it, do what `poll` says until it
//! is empty, sleep until `poll_timeout`. It owns the switchboard and is the only place that makes
//! records: one per call, when the call's last word has been said. It never waits and never reads
//! a clock; the wall clock is an input like any other.

mod call_state;
mod conduct;
mod lines;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use call::{Cause, Deadlines, LegEvent, LegId, Local, StreamId, Switchboard, SwitchboardConfig};

use self::call_state::Call;
use self::lines::{devices, trunks};
use crate::clock::{Identities, WallClock};
use crate::event::{Event, LiveCall};
use crate::flow;
use crate::input::{Input, Output};
use crate::queue::{QueueAct, Queues};
use crate::record::{UnixMillis, Utterance};
use crate::site::Site;

/// Digest realm of the box.
const REALM: &str = "branchline";

/// What a centre is told at birth.
#[derive(Clone, Debug)]
pub struct CentreConfig {
    /// All identifiers and nonces come from this; never the same for two runs of one box.
    pub seed: [u8; 32],
    /// RTP ports that the media plane has bound; RTCP is one above each.
    pub ports: Vec<u16>,
    /// The SIP addresses peers reach us at.
    pub local: Local,
    /// The address in our session descriptions.
    pub media_ip: IpAddr,
    /// Now.
    pub now: Instant,
    /// What the wall clock shows now, milliseconds since 1970 UTC.
    pub unix_ms: UnixMillis,
}

/// Why a centre wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// SIP, or a leg's own deadline.
    Switchboard(call::Reason),
    /// A caller's time in a queue, or an agent's after a call.
    Queues,
    /// A call's own deadline.
    Call(LegId, Why),
}

/// A call's own deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The flow waits for an answer or the end of a prompt.
    Flow,
    /// Speech had its time to finish the last phrase.
    Speech,
}

/// What a centre counted, and what it holds now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Legs, streams and SIP.
    pub switchboard: call::Stats,
    /// Calls now, ending ones included.
    pub calls: usize,
    /// Callers waiting now, per queue that holds somebody.
    pub queued: BTreeMap<String, usize>,
    /// Records made.
    pub records: u64,
    /// Phrases heard.
    pub heard: u64,
    /// Phrases that did not fit a full transcript.
    pub heard_cut: u64,
    /// Phrases about a stream that no call holds.
    pub heard_stray: u64,
    /// Deadlines of calls waiting now.
    pub deadlines: usize,
}

/// All calls of the box.
#[derive(Debug)]
pub struct Centre {
    switchboard: Switchboard,
    site: Arc<Site>,
    calls: BTreeMap<LegId, Call>,
    streams: BTreeMap<StreamId, LegId>,
    queues: Queues,
    deadlines: Deadlines<(LegId, Why)>,
    wall: WallClock,
    identities: Identities,
    outputs: VecDeque<Output>,
    stats: Stats,
    stopping: bool,
}

impl Centre {
    /// A centre without calls.
    pub fn new(config: CentreConfig, site: Arc<Site>) -> Self {
        let mut switchboard = Switchboard::new(SwitchboardConfig {
            seed: config.seed,
            ports: config.ports,
            local: config.local,
            media_ip: config.media_ip,
            realm: REALM.into(),
        });
        switchboard.set_lines(config.now, trunks(&site), devices(&site));
        Self {
            switchboard,
            site,
            calls: BTreeMap::new(),
            streams: BTreeMap::new(),
            queues: Queues::default(),
            deadlines: Deadlines::default(),
            wall: WallClock::new(config.now, config.unix_ms),
            identities: Identities::new(config.seed),
            outputs: VecDeque::new(),
            stats: Stats::default(),
            stopping: false,
        }
    }

    /// Takes one input of the world.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Datagram { from, bytes } => self.switchboard.handle_message(now, from, &bytes),
            Input::TransportLost { peer } => self.switchboard.transport_lost(now, peer),
            Input::Stream(event) => self.switchboard.handle_stream(now, event),
            Input::Heard { stream, utterance } => self.hear(now, stream, utterance),
            Input::SpeechDone { stream } => self.speech_done(stream),
            Input::Site(site) => {
                self.switchboard
                    .set_lines(now, trunks(&site), devices(&site));
                self.site = site;
            }
            Input::WallClock { unix_ms } => self.wall = WallClock::new(now, unix_ms),
            Input::Stop => self.stop(now),
        }
        self.settle_events(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.switchboard.handle_timeout(now);
        self.settle_events(now);
        self.queues.handle_timeout(now);
        self.settle_queues(now);
        for (leg, why) in self.deadlines.take_due(now) {
            match why {
                Why::Flow => self.flow_timeout(now, leg),
                Why::Speech => self.conclude(leg, true),
            }
        }
        self.settle_events(now);
    }

    /// The next thing to do; ask until it is `None`.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(transmit) = self.switchboard.poll_transmit() {
            return Some(Output::Transmit {
                to: transmit.to,
                bytes: transmit.bytes,
            });
        }
        if let Some(command) = self.switchboard.poll_command() {
            return Some(Output::Stream(command));
        }
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        let legs = self
            .switchboard
            .poll_timeout()
            .map(|(at, why)| (at, Reason::Switchboard(why)));
        let calls = self
            .deadlines
            .next()
            .map(|(at, (leg, why))| (at, Reason::Call(leg, why)));
        let queues = self.queues.poll_timeout().map(|at| (at, Reason::Queues));
        let all = legs.into_iter().chain(queues).chain(calls);
        all.min_by_key(|(at, _)| *at)
    }

    /// All running calls, as a person would tell them, oldest first.
    pub fn live(&self) -> Vec<LiveCall> {
        self.calls.values().map(Call::live).collect()
    }

    /// True when no call is left and every record was handed out: after `Stop`, the end.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.outputs.is_empty()
    }

    /// What was counted, and what is held now.
    pub fn stats(&self) -> Stats {
        Stats {
            switchboard: self.switchboard.stats(),
            calls: self.calls.len(),
            queued: self.queues.lengths(),
            deadlines: self.deadlines.len() + self.queues.deadlines(),
            ..self.stats.clone()
        }
    }

    fn stop(&mut self, now: Instant) {
        self.stopping = true;
        self.switchboard.stop();
        for leg in self.calls.keys().copied().collect::<Vec<_>>() {
            self.switchboard.end(now, leg, Cause::BoxStopped);
            // A call that only waits for speech has nothing to gain from a box that stops.
            self.conclude(leg, false);
        }
    }

    fn hear(&mut self, now: Instant, stream: StreamId, utterance: Utterance) {
        let call = self
            .streams
            .get(&stream)
            .and_then(|leg| Some((*leg, self.calls.get_mut(leg)?)));
        let Some((leg, call)) = call else {
            self.stats.heard_stray += 1;
            return;
        };
        self.stats.heard += 1;
        let (utterance, kept) = call.hear(utterance);
        self.stats.heard_cut += u64::from(!kept);
        let id = call.id();
        let felt = utterance.emotion.clone();
        let words = utterance.words.clone();
        self.show(Event::Heard {
            call: id,
            utterance,
        });
        if let Some(emotion) = felt {
            self.show(Event::Felt { call: id, emotion });
        }
        self.tell_flow(now, leg, flow::FlowInput::Heard(words));
    }

    fn settle_events(&mut self, now: Instant) {
        while let Some(event) = self.switchboard.poll_event() {
            self.on_leg(now, event);
        }
    }

    fn settle_queues(&mut self, now: Instant) {
        while let Some(act) = self.queues.poll() {
            if let QueueAct::TimedOut { call } = act {
                self.queue_timeout(now, LegId(call.0));
            }
        }
    }

    fn on_leg(&mut self, now: Instant, event: LegEvent) {
        match event {
            LegEvent::Incoming { leg, caller } => self.take_call(now, leg, caller),
            LegEvent::Answered { leg } => {
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.answer(now);
                }
            }
            LegEvent::Opened { leg, stream } => self.open(now, leg, stream),
            LegEvent::Digit { leg, digit } => self.press(now, leg, digit),
            LegEvent::PlayDone { leg } => self.tell_flow(now, leg, flow::FlowInput::PlayDone),
            LegEvent::TransferFailed { leg } => self.transfer_failed(now, leg),
            // No call of ours rings yet, and nobody is connected with anybody.
            LegEvent::Ringing { .. } | LegEvent::Held { .. } => {}
            LegEvent::TransferAsked { .. } => {}
            LegEvent::Registered { .. } | LegEvent::TrunkState { .. } => {}
            LegEvent::Ended { leg, cause } => self.ended(now, leg, cause),
            LegEvent::Closed {
                leg,
                stats,
                recorded,
            } => {
                if let Some(call) = self.calls.get_mut(&leg) {
                    call.close(stats, recorded);
                }
                self.await_speech(now, leg);
            }
        }
    }

    fn show(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}
