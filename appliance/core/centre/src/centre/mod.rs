//! The centre: all calls of the box, each with its parties, its flow, its place in a queue and
//! its record.
//!
//! The shell drives it in one loop: take an [`Input`], `handle` it, do what `poll` says until it
//! is empty, sleep until `poll_timeout`. It owns the switchboard, the queues and the shield, and
//! is the only place that makes records: one per call, when the call's last word has been said.
//! It never waits and never reads a clock; the wall clock is an input like any other.

mod agents;
mod arriving;
mod call_state;
mod calling_back;
mod conduct;
mod connect;
mod ending;
mod lines;
mod outside;
mod promises;
mod queueing;
mod standing;
mod talking;
mod transfer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use call::{
    Ban, Cause, Deadlines, LegEvent, LegId, Local, StreamId, Switchboard, SwitchboardConfig,
};
use uuid::Uuid;

pub use self::promises::CallBackView;
pub use self::standing::{Standing, StandingError};

use self::call_state::Call;
use self::calling_back::Promise;
pub use self::lines::house_password;
use self::lines::{House, devices, trunks};
use crate::ban_view::BanView;
use crate::call_id::CallId;
use crate::clock::{Identities, WallClock};
use crate::event::{Event, Live, LiveCall};
use crate::flow;
use crate::input::{Input, Output};
use crate::queue::{AgentView, QueueView, Queues};
use crate::record::{UnixMillis, Utterance};
use crate::shield::{Moment, Shield};
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
    /// The next minute of a call to the outside.
    Shield,
    /// A call's own deadline.
    Call(CallId, Why),
}

/// A call's own deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The flow waits for an answer or the end of a prompt.
    Flow,
    /// What is said before a hang-up had its time.
    Farewell,
    /// Speech had its time to finish the last phrase.
    Speech,
    /// Somebody who is owed a call is to be called.
    CallBack,
}

/// What a centre counted, and what it holds now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Legs, streams and SIP.
    pub switchboard: call::Stats,
    /// Calls now, ending ones included.
    pub calls: usize,
    /// Legs that calls hold now.
    pub legs: usize,
    /// Calls that began.
    pub started: u64,
    /// Call-backs owed now.
    pub call_backs: usize,
    /// Callers waiting now, per queue that holds somebody.
    pub queued: BTreeMap<String, usize>,
    /// Records made.
    pub records: u64,
    /// Calls to the outside that protection refused or cut off.
    pub refused: u64,
    /// Phrases heard.
    pub heard: u64,
    /// Phrases that did not fit a full transcript.
    pub heard_cut: u64,
    /// Phrases about a stream that no call holds.
    pub heard_stray: u64,
    /// Deadlines of calls waiting now; those of agents are not among them.
    pub deadlines: usize,
}

/// Who is found by what.
#[derive(Debug, Default)]
struct Index {
    legs: BTreeMap<LegId, CallId>,
    /// Streams that speech listens to, until the record of their call is made.
    streams: BTreeMap<StreamId, CallId>,
    /// Legs of each phone that are up, or ring for another reason than a queue.
    phones: BTreeMap<String, BTreeSet<LegId>>,
    /// Calls that are owed, by the identity under which they stand in a queue.
    promises: BTreeMap<CallId, Promise>,
    /// Promises ever given.
    promised: u64,
    /// They changed since they were shown.
    shows_promises: bool,
}

/// All calls of the box.
#[derive(Debug)]
pub struct Centre {
    switchboard: Switchboard,
    house: House,
    site: Arc<Site>,
    calls: BTreeMap<CallId, Call>,
    index: Index,
    queues: Queues,
    shield: Shield,
    deadlines: Deadlines<(CallId, Why)>,
    wall: WallClock,
    identities: Identities,
    outputs: VecDeque<Output>,
    stats: Stats,
    /// How often something changed that a restart should know: agents, promises, the site.
    changes: u64,
    draining: bool,
    stopping: bool,
}

impl Centre {
    /// A centre without calls.
    pub fn new(config: CentreConfig, site: Arc<Site>) -> Self {
        let house = House::new(config.seed, &config.local);
        let mut switchboard = Switchboard::new(SwitchboardConfig {
            seed: config.seed,
            ports: config.ports,
            local: config.local,
            media_ip: config.media_ip,
            realm: REALM.into(),
        });
        switchboard.set_wall_clock(config.now, config.unix_ms);
        switchboard.set_lines(config.now, trunks(&site), devices(&site, &house));
        let mut queues = Queues::default();
        queues.set_site(config.now, &site);
        Self {
            switchboard,
            house,
            site,
            calls: BTreeMap::new(),
            index: Index::default(),
            queues,
            shield: Shield::default(),
            deadlines: Deadlines::default(),
            wall: WallClock::new(config.now, config.unix_ms),
            identities: Identities::new(config.seed),
            outputs: VecDeque::new(),
            stats: Stats::default(),
            changes: 0,
            draining: false,
            stopping: false,
        }
    }

    /// From now on the keys of protected media come from `secret`. Whoever carries real calls says
    /// so at birth: the seed, which they come from else, stands in the black box.
    pub fn draw_keys_from(&mut self, secret: [u8; 32]) {
        self.switchboard.draw_keys_from(secret);
    }

    /// Takes one input of the world.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Datagram { from, bytes } => self.switchboard.handle_message(now, from, &bytes),
            Input::TransportLost { peer } => self.switchboard.transport_lost(now, peer),
            Input::Located { id, peers } => self.switchboard.handle_located(now, id, peers),
            Input::Stream(event) => self.switchboard.handle_stream(now, event),
            Input::Heard { stream, utterance } => self.hear(now, stream, utterance),
            Input::SpeechDone { stream } => self.speech_done(stream),
            Input::Site(site) => {
                self.switchboard
                    .set_lines(now, trunks(&site), devices(&site, &self.house));
                self.queues.set_site(now, &site);
                self.site = site;
                self.changes += 1;
                let (agents, queues) = (self.agents(), self.queues());
                self.show(Event::Staff { agents, queues });
            }
            Input::WallClock { unix_ms } => {
                self.wall = WallClock::new(now, unix_ms);
                self.switchboard.set_wall_clock(now, unix_ms);
            }
            Input::Agent { agent, act } => self.agent_act(now, &agent, act),
            Input::LiftBan { source } => {
                self.switchboard.lift_ban(source);
            }
            Input::CancelCallBack { call } => self.cancel_call_back(now, call),
            Input::Drain => {
                self.draining = true;
                self.switchboard.take_no_more();
            }
            Input::Reopen => {
                self.draining = false;
                self.switchboard.take_again();
            }
            Input::Stop => self.stop(now),
        }
        self.settle(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.switchboard.handle_timeout(now);
        self.settle(now);
        self.queues.handle_timeout(now);
        let moment = self.moment(now);
        self.shield.handle_timeout(now, moment, &self.site);
        self.settle(now);
        for (call, why) in self.deadlines.take_due(now) {
            match why {
                Why::Flow => self.flow_timeout(now, call),
                Why::Farewell => self.end_call(now, call, Cause::FlowEnded),
                Why::Speech => self.conclude(call, true),
                Why::CallBack => self.call_back_due(now, call),
            }
        }
        self.settle(now);
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
        if let Some(lookup) = self.switchboard.poll_lookup() {
            return Some(Output::Lookup {
                id: lookup.id,
                uri: lookup.uri.as_str().to_owned(),
            });
        }
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        let legs = self.switchboard.poll_timeout();
        let legs = legs.map(|(at, why)| (at, Reason::Switchboard(why)));
        let queues = self.queues.poll_timeout().map(|at| (at, Reason::Queues));
        let shield = self.shield.poll_timeout().map(|at| (at, Reason::Shield));
        let calls = self.deadlines.next();
        let calls = calls.map(|(at, (call, why))| (at, Reason::Call(call, why)));
        let all = legs.into_iter().chain(queues).chain(shield).chain(calls);
        all.min_by_key(|(at, _)| *at)
    }

    /// The site in force.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// All running calls, as a person would tell them, oldest first.
    pub fn live(&self) -> Vec<LiveCall> {
        self.calls.values().map(Call::live).collect()
    }

    /// All agents, by name.
    pub fn agents(&self) -> Vec<AgentView> {
        self.queues.agents(self.wall)
    }

    /// All queues, by name.
    pub fn queues(&self) -> Vec<QueueView> {
        self.queues.queues(self.wall)
    }

    /// The sources that are met with silence at `now`, by address.
    pub fn bans(&self, now: Instant) -> Vec<BanView> {
        let view = |ban: Ban| BanView {
            source: ban.source,
            why: ban.why,
            since: self.wall.at(ban.since),
            until: self.wall.at(ban.until),
            times: ban.times,
            ignored: ban.ignored,
        };
        self.switchboard.bans(now).into_iter().map(view).collect()
    }

    /// All that goes on now.
    pub fn scene(&self) -> Live {
        Live {
            calls: self.live(),
            agents: self.agents(),
            queues: self.queues(),
            call_backs: self.call_backs(),
        }
    }

    /// The SIP Call-IDs of every leg that is up or rings now, with the call it belongs to.
    pub fn sip_call_ids(&self) -> Vec<(Uuid, String)> {
        let of_leg = |(leg, call): (&LegId, &CallId)| {
            let call = self.calls.get(call)?.id();
            let ids = self.switchboard.sip_call_ids(*leg);
            Some(ids.into_iter().map(move |id| (call, id)))
        };
        let legs = self.index.legs.iter();
        legs.filter_map(of_leg).flatten().collect()
    }

    /// True when no call is left and every record was handed out: after `Stop`, the end.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.outputs.is_empty()
    }

    /// What was counted, and what is held now.
    pub fn stats(&self) -> Stats {
        let deadlines = self.deadlines.len() + self.queues.deadlines() + self.shield.deadlines();
        Stats {
            switchboard: self.switchboard.stats(),
            calls: self.calls.len(),
            legs: self.index.legs.len(),
            call_backs: self.index.promises.len(),
            queued: self.queues.lengths(),
            deadlines,
            ..self.stats.clone()
        }
    }

    fn stop(&mut self, now: Instant) {
        self.stopping = true;
        self.switchboard.stop();
        self.forget_promises(now);
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.end_call(now, call, Cause::BoxStopped);
            // A call that only waits for speech has nothing to gain from a box that stops.
            self.conclude(call, false);
        }
    }

    fn hear(&mut self, now: Instant, stream: StreamId, utterance: Utterance) {
        let found = self.index.streams.get(&stream).copied();
        let call = found.and_then(|id| Some((id, self.calls.get_mut(&id)?)));
        let Some((id, call)) = call else {
            self.stats.heard_stray += 1;
            return;
        };
        self.stats.heard += 1;
        let (utterance, kept) = call.hear(utterance);
        self.stats.heard_cut += u64::from(!kept);
        let uuid = call.id();
        let felt = utterance.emotion.clone();
        let words = utterance.words.clone();
        self.show(Event::Heard {
            call: uuid,
            utterance,
        });
        if let Some(emotion) = felt {
            self.show(Event::Felt {
                call: uuid,
                emotion,
            });
        }
        self.tell_flow(now, id, flow::FlowInput::Heard(words));
    }

    /// Goes on until nobody has anything more to say at `now`.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(event) = self.switchboard.poll_event() {
                self.on_leg(now, event);
            } else if let Some(act) = self.queues.poll() {
                self.on_queue(now, act);
            } else if let Some(leg) = self.shield.poll_cut() {
                self.cut_off(now, leg);
            } else {
                return self.show_promises();
            }
        }
    }

    fn on_leg(&mut self, now: Instant, event: LegEvent) {
        match event {
            LegEvent::Incoming { leg, caller } => self.arrive(now, leg, caller),
            LegEvent::Ringing { leg, early_media } => self.rings(now, leg, early_media),
            LegEvent::Answered { leg } => self.answered(now, leg),
            LegEvent::Opened { leg, stream } => self.opened(now, leg, stream),
            LegEvent::Held { leg, on } => self.held(now, leg, on),
            LegEvent::Digit { leg, digit } => self.press(now, leg, digit),
            LegEvent::PlayDone { leg } => self.play_done(now, leg),
            LegEvent::TransferFailed { leg } => self.transfer_failed(now, leg),
            LegEvent::TransferAsked { leg, to, replaces } => {
                self.transfer_asked(now, leg, &to, replaces);
            }
            LegEvent::Ended { leg, cause } => self.ended(now, leg, cause),
            LegEvent::Closed {
                leg,
                stats,
                recorded,
            } => self.closed(now, leg, stats, recorded),
            LegEvent::Registered { device, contacts } => self.registered(now, device, contacts),
            LegEvent::TrunkState { trunk, up, why } => self.show(Event::Trunk { trunk, up, why }),
        }
    }

    /// The call of a leg.
    fn call_of(&mut self, leg: LegId) -> Option<(CallId, &mut Call)> {
        let id = *self.index.legs.get(&leg)?;
        Some((id, self.calls.get_mut(&id)?))
    }

    fn moment(&self, now: Instant) -> Moment {
        Moment::at(self.wall.at(now), self.site.utc_offset())
    }

    fn show(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn show_change(&mut self, call: CallId) {
        if let Some(call) = self.calls.get(&call) {
            let live = call.live();
            self.show(Event::Changed(live));
        }
    }
}
