//! The switchboard: all legs of the box, between the SIP endpoint and the media plane.
//!
//! `Centre` drives it: datagrams, stream events and time in by `handle_*`; `answer`, `end`,
//! `transfer`, `play`, .. as plain verbs. After each, poll in this order until empty:
//! `poll_transmit`, `poll_command`, `poll_event`; then `poll_timeout`. It decides who may call
//! and what a stream may be; it never decides what a caller hears.

mod admission;
mod answering;
mod bridging;
mod dialling;
mod ending;
mod holding;
mod in_dialog;
mod placing;
mod referring;
mod standing;
mod streams;
mod trunking;

pub use self::standing::Standing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

use media::{StreamCommand, StreamId};
use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng;
use sip::{DialogId, Endpoint, EndpointConfig, Local, Peer, TxId};

use crate::account::Accounts;
use crate::cause::Cause;
use crate::deadlines::Deadlines;
use crate::event::LegEvent;
use crate::gate::{Ban, Gate};
use crate::leg::{Leg, LegId};
use crate::limits::{CROWDED_PERCENT, MAX_DEVICES, MAX_LEGS};
use crate::line::Device;
use crate::load::Load;
use crate::ports::Ports;
use crate::registrar::{Contact, Registrar};
use crate::stats::Stats;
use crate::trunk::Trunk;

/// What a switchboard is told at birth.
#[derive(Clone, Debug)]
pub struct SwitchboardConfig {
    /// All its identifiers come from this.
    pub seed: [u8; 32],
    /// RTP ports that the media plane has bound; RTCP is one above each.
    pub ports: Vec<u16>,
    /// The SIP addresses peers reach us at.
    pub local: Local,
    /// The address in our session descriptions.
    pub media_ip: IpAddr,
    /// Digest realm.
    pub realm: String,
}

/// Why the switchboard wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A SIP timer.
    Sip(sip::Reason),
    /// A leg's own deadline.
    Leg(LegId, Why),
    /// A phone that did not register again is to be forgotten.
    Registrar,
    /// A carrier is to be registered with, asked or located.
    Trunk,
}

/// A leg's own deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The media plane had its time to report.
    Settle,
    /// The transfer had its time to be decided.
    Transfer,
    /// The transfer that a phone asked for was not decided in time.
    Referral,
    /// A carrier's server had its time to say anything.
    Server,
    /// The called party had its time to answer.
    Patience,
    /// After two re-INVITEs crossed, ours is sent again.
    Glare,
    /// The peer must be asked whether it is still there, or should have told us.
    Liveness,
}

/// A request of ours inside a leg's dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Refer,
    /// A re-INVITE with our offer.
    Change,
    /// A NOTIFY about a transfer; nobody waits for the answer.
    Telling,
    /// A key by INFO; nobody waits for the answer.
    Key,
    Liveness,
}

/// Who is found by what.
#[derive(Debug, Default)]
struct Index {
    invites: BTreeMap<TxId, LegId>,
    dialogs: BTreeMap<DialogId, LegId>,
    streams: BTreeMap<StreamId, LegId>,
    asked: BTreeMap<TxId, (LegId, Asked)>,
}

impl Index {
    fn len(&self) -> usize {
        self.invites.len() + self.dialogs.len() + self.streams.len() + self.asked.len()
    }
}

/// All legs of the box.
#[derive(Debug)]
pub struct Switchboard {
    endpoint: Endpoint,
    gate: Gate,
    registrar: Registrar,
    ports: Ports,
    legs: BTreeMap<LegId, Leg>,
    index: Index,
    deadlines: Deadlines<(LegId, Why)>,
    commands: VecDeque<StreamCommand>,
    events: VecDeque<LegEvent>,
    stats: Stats,
    accounts: Accounts,
    house: House,
}

/// What holds for all legs.
#[derive(Debug)]
struct House {
    media_ip: IpAddr,
    realm: String,
    draining: bool,
    stopping: bool,
    random: ChaCha12Rng,
    /// Keys of protected media come from here.
    keys: ChaCha12Rng,
    load: Load,
    wall: Wall,
}

/// What the wall clock showed at one moment; it only orders what we tell other boxes.
#[derive(Clone, Copy, Debug, Default)]
struct Wall {
    told: Option<(Instant, i64)>,
}

impl Wall {
    /// Milliseconds since 1970 UTC at `now`; 0 where nobody told.
    fn at(self, now: Instant) -> u64 {
        let Some((then, unix_ms)) = self.told else {
            return 0;
        };
        let since = now.saturating_duration_since(then).as_millis();
        let told = u64::try_from(unix_ms).unwrap_or(0);
        told.saturating_add(u64::try_from(since).unwrap_or(0))
    }
}

impl Switchboard {
    /// A switchboard without legs or trunks.
    pub fn new(config: SwitchboardConfig) -> Self {
        // The endpoint draws from the seed's first stream.
        let mut random = ChaCha12Rng::from_seed(config.seed);
        random.set_stream(1);
        let mut keys = ChaCha12Rng::from_seed(config.seed);
        keys.set_stream(2);
        Self {
            endpoint: Endpoint::new(EndpointConfig::new(config.local), config.seed),
            gate: Gate::default(),
            registrar: Registrar::default(),
            ports: Ports::new(config.ports),
            legs: BTreeMap::new(),
            index: Index::default(),
            deadlines: Deadlines::default(),
            commands: VecDeque::new(),
            events: VecDeque::new(),
            stats: Stats::default(),
            accounts: Accounts::default(),
            house: House {
                media_ip: config.media_ip,
                realm: config.realm,
                draining: false,
                stopping: false,
                random,
                keys,
                load: Load::default(),
                wall: Wall::default(),
            },
        }
    }

    /// From now on the keys of protected media come from `secret`, which is written nowhere, and not
    /// from the seed, which is kept to replay by.
    pub fn draw_keys_from(&mut self, secret: [u8; 32]) {
        self.house.keys = ChaCha12Rng::from_seed(secret);
    }

    /// Replaces the trunks and the devices; running legs are not touched, and phones of devices
    /// that stay are still registered.
    pub fn set_lines(&mut self, now: Instant, trunks: Vec<Trunk>, mut devices: Vec<Device>) {
        self.accounts.set(now, &trunks);
        let names: Vec<String> = trunks.iter().map(|trunk| trunk.name.clone()).collect();
        self.gate.set_trunks(trunks);
        for name in names {
            self.know_servers(&name);
        }
        devices.sort_by(|one, other| one.name.cmp(&other.name));
        devices.truncate(MAX_DEVICES);
        self.gate.set_devices(devices);
        let gate = &self.gate;
        for device in self.registrar.keep_only(|name| gate.has_device(name)) {
            self.registered(device, 0);
        }
    }

    /// The phones that are registered now, by device.
    pub fn registrations(&self) -> BTreeMap<String, Vec<Contact>> {
        self.registrar.all()
    }

    /// The SIP Call-IDs of a leg, one for each phone or server that it rings.
    pub fn sip_call_ids(&self, leg: LegId) -> BTreeSet<String> {
        let own = self.legs.get(&leg).and_then(|entry| entry.dialog);
        let dialogs = self.index.dialogs.iter();
        let led = dialogs.filter(|(_, of)| **of == leg).map(|(id, _)| *id);
        let ids = own.into_iter().chain(led);
        ids.filter_map(|dialog| self.endpoint.call_id(dialog))
            .collect()
    }

    /// The sources that are met with silence at `now`.
    pub fn bans(&self, now: Instant) -> Vec<Ban> {
        self.gate.bans(now)
    }

    /// Lifts the ban of a source; false where it is not banned.
    pub fn lift_ban(&mut self, source: IpAddr) -> bool {
        self.gate.lift_ban(source)
    }

    /// Takes one SIP message from `from`: a datagram, or one cut out of a stream.
    pub fn handle_message(&mut self, now: Instant, from: Peer, bytes: &[u8]) {
        let next = self.poll_timeout().map(|(at, _)| at);
        self.house.load.note(now, next);
        let percent = self.relief(now);
        self.endpoint.ask_relief(percent, self.house.wall.at(now));
        self.endpoint.handle_message(now, from, bytes);
        self.drain(now);
    }

    /// The stream connection to `peer` broke or could not be opened.
    pub fn transport_lost(&mut self, now: Instant, peer: Peer) {
        self.endpoint.transport_lost(now, peer);
        self.accounts.lost(now, peer, &mut self.house.random);
        for (device, contacts) in self.registrar.lost(peer) {
            self.registered(device, contacts);
        }
        self.drain(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        let next = self.poll_timeout().map(|(at, _)| at);
        self.house.load.note(now, next);
        self.endpoint.handle_timeout(now);
        self.drain(now);
        self.wake_accounts(now);
        for (device, contacts) in self.registrar.expire(now) {
            self.registered(device, contacts);
        }
        for (leg, why) in self.deadlines.take_due(now) {
            match why {
                Why::Settle => self.settle(now, leg, true),
                Why::Transfer => self.transfer_failed(leg),
                Why::Liveness => self.check_liveness(now, leg),
                Why::Referral => self.transfer_done(now, leg, 408),
                Why::Server => self.check_server(now, leg),
                Why::Glare => self.settle_hold(now, leg),
                Why::Patience => self.finish(now, leg, Cause::NoAnswer, Parting::Speak),
            }
        }
        self.drain(now);
    }

    /// Notes what the host's clock shows, milliseconds since 1970 UTC.
    pub fn set_wall_clock(&mut self, now: Instant, unix_ms: i64) {
        self.house.wall = Wall {
            told: Some((now, unix_ms)),
        };
    }

    /// How many of a hundred new calls we would rather not be sent: all while we stop, some while we are late, and
    /// more and more as the last places are taken.
    fn relief(&mut self, now: Instant) -> u8 {
        if self.house.draining {
            return 100;
        }
        let taken = self.legs.len().saturating_mul(100) / MAX_LEGS;
        let crowd =
            taken.saturating_sub(CROWDED_PERCENT).saturating_mul(100) / (100 - CROWDED_PERCENT);
        let crowd = u8::try_from(crowd.min(100)).unwrap_or(100);
        self.house.load.relief(now).max(crowd)
    }

    /// Takes no new calls from now on; the running ones go on, and may dial.
    pub fn take_no_more(&mut self) {
        self.house.draining = true;
    }

    /// Takes new calls again; not while it stops.
    pub fn take_again(&mut self) {
        self.house.draining = self.house.stopping;
    }

    /// Takes no new calls from now on; the owner ends the running ones.
    pub fn stop(&mut self) {
        self.take_no_more();
        self.house.stopping = true;
    }

    /// The next SIP message to send.
    pub fn poll_transmit(&mut self) -> Option<sip::Transmit> {
        self.endpoint.poll_transmit()
    }

    /// The next command for the media plane.
    pub fn poll_command(&mut self) -> Option<StreamCommand> {
        self.commands.pop_front()
    }

    /// The next thing the owner should know.
    pub fn poll_event(&mut self) -> Option<LegEvent> {
        self.events.pop_front()
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        let sip = self.endpoint.poll_timeout();
        let leg = self.deadlines.next();
        let phone = self.registrar.next();
        let trunk = self.accounts.next();
        [
            sip.map(|(at, why)| (at, Reason::Sip(why))),
            leg.map(|(at, (leg, why))| (at, Reason::Leg(leg, why))),
            phone.map(|at| (at, Reason::Registrar)),
            trunk.map(|at| (at, Reason::Trunk)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// What was counted, and what is held now.
    pub fn stats(&self) -> Stats {
        Stats {
            gate: self.gate.stats(),
            legs: self.legs.len(),
            ports_out: self.ports.out(),
            contacts: self.registrar.len(),
            sources: self.gate.sources(),
            bans: self.gate.bans_held(),
            index: self.index.len(),
            relief_percent: self.endpoint.relief(),
            deadlines: self.deadlines.len(),
            sip: self.endpoint.stats(),
            ..self.stats.clone()
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(event) = self.endpoint.poll_event() {
            self.on_sip(now, event);
        }
    }

    fn on_sip(&mut self, now: Instant, event: sip::Event) {
        use sip::Event;
        match event {
            Event::Invite { tx, from, request } => self.on_invite(now, tx, from, request),
            Event::Request {
                tx,
                dialog: Some(dialog),
                request,
                ..
            } => {
                self.on_in_dialog(now, tx, dialog, &request);
            }
            Event::Request {
                tx,
                dialog: None,
                from,
                request,
            } => {
                self.on_stray(now, tx, from, &request);
            }
            Event::Cancelled { tx, reason } => {
                if let Some(leg) = self.index.invites.get(&tx).copied() {
                    let cause = Cause::of_cancel(reason.as_deref());
                    self.finish(now, leg, cause, Parting::Silent);
                }
            }
            Event::Acked { dialog, body } => self.on_acked(now, dialog, body),
            // Our reliable 1xx arrived; it brought the answer, so a PRACK brings nothing.
            Event::Pracked { .. } => {}
            Event::Unacknowledged { dialog } => {
                self.peer_ended(now, dialog, Cause::PeerUnreachable)
            }
            Event::Ended {
                dialog,
                by: sip::EndedBy::Peer { reason },
            } => self.on_bye(now, dialog, reason.as_deref()),
            Event::Ended {
                dialog,
                by: sip::EndedBy::Timeout,
            } => {
                self.peer_ended(now, dialog, Cause::PeerUnreachable);
            }
            Event::Response {
                tx,
                status,
                headers,
                body,
                ..
            } => {
                if !self.on_probed(now, tx, status, &headers) {
                    self.on_response(now, tx, (status, &headers), body);
                }
            }
            Event::Progress {
                dialog,
                status,
                is_reliable,
                body,
                ..
            } => self.on_progress(dialog, (status, is_reliable), body),
            Event::Answered {
                dialog,
                headers,
                body,
            } => self.on_answered(now, dialog, &headers, body),
            Event::Rejected {
                dialog,
                status,
                headers,
                ..
            } => self.on_rejected(now, dialog, status, &headers),
        }
    }

    /// Tells how many phones a device has now.
    fn registered(&mut self, device: String, contacts: usize) {
        self.events
            .push_back(LegEvent::Registered { device, contacts });
    }

    /// The name of the next leg.
    fn next_leg(&mut self) -> LegId {
        self.stats.legs_started += 1;
        LegId(self.stats.legs_started)
    }

    fn leg_of(&self, dialog: DialogId) -> Option<LegId> {
        self.index.dialogs.get(&dialog).copied()
    }
}

/// What the peer still has to hear when a leg ends.
#[derive(Debug)]
enum Parting {
    /// Whatever its state asks for: a refusal or a BYE.
    Speak,
    /// This refusal.
    Refuse(Box<sip::Reply>),
    /// Nothing: it ended the leg itself, or is gone.
    Silent,
}
