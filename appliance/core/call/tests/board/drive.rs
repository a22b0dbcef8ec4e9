//! Everything at once, in any order: seeded random verbs, messages, losses and times.
//!
//! Whatever happens, each leg ends once and closes once and last, the media plane is told nothing
//! about a stream that is not open, and when all is over nothing is held any more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::{Cause, Dial, LegEvent, LegId, Line, StreamCommand, StreamEvent, StreamId};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sip::{Body, DialogId, Event, Method, Reply, TxId};

use crate::phone::{DESK, SOFT};
use crate::world::{BOX, CARRIER, World, at, sdp, to_carrier};

const PEERS: [&str; 3] = [CARRIER, DESK, SOFT];
const STEPS: usize = 120;

/// A world, chance, and what its peers could do next.
struct Drive {
    world: World,
    chance: ChaCha8Rng,
    /// Requests that peers have not answered.
    open: Vec<(usize, TxId, Method)>,
    /// Dialogs that peers know of.
    dialogs: Vec<(usize, DialogId)>,
    registers: u32,
}

impl Drive {
    fn new(seed: u64) -> Self {
        Self {
            world: World::with_phones(),
            chance: ChaCha8Rng::seed_from_u64(seed),
            open: Vec::new(),
            dialogs: Vec::new(),
            registers: 10,
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.chance.next_u64() % limit.max(1) as u64) as usize
    }

    fn one_of<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        let index = self.below(list.len());
        list.get(index).cloned()
    }

    /// Some leg, most often one that lives.
    fn leg(&mut self) -> LegId {
        let started = self.world.board.stats().legs_started as usize;
        LegId(1 + self.below(started + 1) as u64)
    }

    fn verb(&mut self) {
        let (now, leg, other) = (self.world.now, self.leg(), self.leg());
        let cause = self.one_of(&[Cause::FlowEnded, Cause::AnsweredElsewhere, Cause::Busy]);
        let status = self.one_of(&[180, 200, 486]).unwrap();
        let line = self.one_of(&[
            Line::Trunk("carrier".into()),
            Line::Device("1001".into()),
            Line::Device("1002".into()),
            Line::Device("nobody".into()),
        ]);
        let patience = Duration::from_millis(self.below(40_000) as u64);
        let which = self.below(16);
        let board = &mut self.world.board;
        match which {
            0..=2 => {
                let line = line.unwrap();
                let dial = to_carrier("138");
                board.dial(
                    now,
                    Dial {
                        line,
                        patience,
                        ..dial
                    },
                );
            }
            3..=5 => board.answer(now, leg),
            6 => board.ring(now, leg),
            7 => board.open_early(now, leg),
            8 => board.end(now, leg, cause.unwrap()),
            9 | 10 => {
                board.bridge(now, leg, other);
            }
            11 => board.unbridge(now, leg),
            12 => board.hold(now, leg),
            13 => board.resume(now, leg),
            14 => {
                board.send_digits(now, leg, "12#");
                board.play(leg, vec!["hello".into()], false);
                board.tap(leg, status == 200);
            }
            _ => {
                board.transfer_done(now, leg, status);
                board.transfer(now, leg, "4001");
                board.record(leg, "a.wav".into());
            }
        }
    }

    fn media(&mut self) {
        let now = self.world.now;
        let stream = StreamId(self.leg().0 as u32);
        let event = match self.below(6) {
            0 | 1 => StreamEvent::Digit { stream, digit: '5' },
            2 => StreamEvent::PlayDone { stream, id: 1 },
            3 => StreamEvent::MediaTimeout { stream },
            4 => StreamEvent::Lost { stream },
            _ => StreamEvent::Recorded {
                stream,
                file: "a.wav".into(),
                length_ms: 1,
                gaps: 0,
            },
        };
        self.world.board.handle_stream(now, event);
    }

    /// A peer answers something that it was asked, or asks something itself.
    fn peer(&mut self) {
        self.listen();
        if self.below(2) == 0 && !self.open.is_empty() {
            return self.reply();
        }
        let (now, peer) = (self.world.now, self.below(PEERS.len()));
        let address = at(PEERS[peer]);
        let mine: Vec<_> = self.dialogs.iter().filter(|(p, _)| *p == peer).collect();
        let mine: Vec<DialogId> = mine.into_iter().map(|(_, d)| *d).collect();
        let dialog = self.one_of(&mine);
        let direction = self.one_of(&["sendrecv", "sendonly", "inactive", "recvonly"]);
        let offer = Some(sdp(41_000, direction.unwrap()));
        let digit = Body::new("application/dtmf-relay", "Signal=7\r\n");
        let refer = vec![("Refer-To".to_owned(), "<sip:1002@h>".to_owned())];
        match (self.below(10), dialog) {
            (0..=2, _) => {
                let dialog = if peer == 0 {
                    self.world.trunk_dials("200")
                } else {
                    self.world
                        .phone_dials(address, ["", "1001", "1002"][peer], "200")
                };
                self.dialogs.push((peer, dialog));
            }
            (3, _) if peer > 0 => {
                self.registers += 1;
                let (name, n) = (["", "1001", "1002"][peer], self.registers);
                let expires = self.one_of(&[0, 60, 600]).unwrap();
                let contact = format!("Contact: <sip:{name}@{address}>;expires={expires}\r\n");
                let password: String = name.chars().rev().collect();
                if !self.world.dead.contains(&address) {
                    self.world
                        .send_register(address, name, &password, (n, &contact));
                }
            }
            (4, Some(dialog)) => self.world.peer(address).bye(now, dialog, vec![]),
            (5, Some(dialog)) => self.world.peer(address).cancel(now, dialog),
            (6 | 7, Some(dialog)) => self.request(peer, dialog, Method::Invite, (vec![], offer)),
            (8, Some(dialog)) => self.request(peer, dialog, Method::Info, (vec![], Some(digit))),
            (_, Some(dialog)) => self.request(peer, dialog, Method::Refer, (refer, None)),
            _ => {}
        }
    }

    fn request(
        &mut self,
        peer: usize,
        dialog: DialogId,
        method: Method,
        (headers, body): (Vec<(String, String)>, Option<Body>),
    ) {
        let now = self.world.now;
        let peer = self.world.peer(at(PEERS[peer]));
        peer.request(now, dialog, method, headers, body);
    }

    fn reply(&mut self) {
        let index = self.below(self.open.len());
        let (peer, tx, method) = self.open.swap_remove(index);
        let is_invite = method == Method::Invite;
        let status = if is_invite {
            self.one_of(&[100, 180, 183, 200, 200, 200, 404, 486, 491, 503, 603])
        } else {
            self.one_of(&[200, 200, 202, 403, 481, 500])
        };
        let status = status.unwrap();
        let mut reply = Reply::new(status);
        if is_invite && (status == 183 || status == 200) && self.below(8) > 0 {
            reply = reply.with_body(sdp(41_000, "sendrecv"));
        }
        let now = self.world.now;
        self.world.peer(at(PEERS[peer])).respond(now, tx, &reply);
        if status < 200 {
            self.open.push((peer, tx, method));
        }
    }

    /// Peers take note of what reached them.
    fn listen(&mut self) {
        for (peer, address) in PEERS.iter().enumerate() {
            for event in self.world.told(at(address)) {
                match event {
                    Event::Invite { tx, .. } => self.open.push((peer, tx, Method::Invite)),
                    Event::Request { tx, request, .. } => {
                        self.open.push((peer, tx, request.method.clone()));
                    }
                    Event::Acked { dialog, .. } => self.dialogs.push((peer, dialog)),
                    _ => {}
                }
            }
        }
    }

    fn step(&mut self) {
        match self.below(20) {
            0..=6 => self.verb(),
            7..=13 => self.peer(),
            14 | 15 => self.media(),
            16 => {
                let address = at(PEERS[self.below(PEERS.len())]);
                if self.world.dead.contains(&address) {
                    self.world.dead.retain(|dead| *dead != address);
                } else {
                    self.world.dead.push(address);
                }
            }
            17 => {
                let time = Duration::from_millis(self.below(45_000) as u64);
                self.world.pass(time);
            }
            _ => {
                let time = Duration::from_millis(self.below(900) as u64);
                self.world.pass(time);
            }
        }
        // Now and then nobody has time to read before the next thing happens.
        if self.below(4) > 0 {
            self.world.settle();
        }
    }

    /// All is brought to an end, and nothing may be left.
    fn finish(mut self, seed: u64) {
        self.world.dead.clear();
        self.world.settle();
        let now = self.world.now;
        for leg in 1..=self.world.board.stats().legs_started {
            self.world.board.end(now, LegId(leg), Cause::BoxStopped);
        }
        self.world.board.set_lines(now, vec![], vec![]);
        self.world.pass(Duration::from_secs(300));
        let stats = self.world.board.stats();
        assert_eq!((stats.legs, stats.ports_out), (0, 0), "seed {seed}");
        assert_eq!((stats.deadlines, stats.index), (0, 0), "seed {seed}");
        assert_eq!(stats.sip.dialogs, 0, "seed {seed}");
        assert_eq!(stats.sip.transactions, 0, "seed {seed}");
        check_events(&self.world.events, stats.legs_started, seed);
        check_commands(&self.world.commands, seed);
    }
}

/// One `Ended` and one `Closed` a leg, in this order, and nothing after.
fn check_events(events: &[LegEvent], started: u64, seed: u64) {
    let mut ended: BTreeMap<LegId, usize> = BTreeMap::new();
    let mut closed: BTreeSet<LegId> = BTreeSet::new();
    for event in events {
        let leg = match event {
            LegEvent::Incoming { leg, .. }
            | LegEvent::Ringing { leg, .. }
            | LegEvent::Answered { leg }
            | LegEvent::Opened { leg, .. }
            | LegEvent::Held { leg, .. }
            | LegEvent::Digit { leg, .. }
            | LegEvent::PlayDone { leg }
            | LegEvent::TransferFailed { leg }
            | LegEvent::TransferAsked { leg, .. } => {
                assert!(
                    !ended.contains_key(leg),
                    "seed {seed}: {event:?} after the end"
                );
                continue;
            }
            LegEvent::Ended { leg, .. } => {
                *ended.entry(*leg).or_default() += 1;
                leg
            }
            LegEvent::Closed { leg, .. } => {
                assert!(
                    ended.contains_key(leg),
                    "seed {seed}: {leg} closed before it ended"
                );
                assert!(closed.insert(*leg), "seed {seed}: {leg} closed twice");
                continue;
            }
            LegEvent::Registered { .. } | LegEvent::TrunkState { .. } => continue,
        };
        assert!(
            !closed.contains(leg),
            "seed {seed}: {leg} ended after it closed"
        );
    }
    assert!(ended.values().all(|n| *n == 1), "seed {seed}: ended once");
    let legs: Vec<u64> = ended.keys().map(|leg| leg.0).collect();
    assert_eq!(legs, (1..=started).collect::<Vec<_>>(), "seed {seed}");
    assert_eq!(closed.len(), ended.len(), "seed {seed}");
}

/// A stream is opened first, told things, and closed once and last; a port runs one at a time.
fn check_commands(commands: &[StreamCommand], seed: u64) {
    let mut open: BTreeMap<StreamId, u16> = BTreeMap::new();
    for command in commands {
        let stream = command.stream();
        match command {
            StreamCommand::Open { port, .. } => {
                assert!(open.values().all(|p| p != port), "seed {seed}: port {port}");
                assert_eq!(open.insert(stream, *port), None, "seed {seed}: opened once");
            }
            StreamCommand::Close { .. } => {
                assert!(open.remove(&stream).is_some(), "seed {seed}: closed once");
            }
            StreamCommand::Bridge { a, b } => {
                assert!(open.contains_key(a) && open.contains_key(b), "seed {seed}");
            }
            _ => assert!(open.contains_key(&stream), "seed {seed}: {command:?}"),
        }
    }
    assert!(open.is_empty(), "seed {seed}: no stream is left");
}

#[test]
fn whatever_happens_every_leg_ends_once_and_nothing_is_left() {
    let seeds = std::env::var("BRANCHLINE_DRIVES").ok();
    let seeds: u64 = seeds.and_then(|n| n.parse().ok()).unwrap_or(150);
    let first = std::env::var("BRANCHLINE_DRIVE_FROM").ok();
    let first: u64 = first.and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut ended = 0;
    for seed in first..first + seeds {
        let mut drive = Drive::new(seed);
        for _ in 0..STEPS {
            drive.step();
        }
        ended += drive.world.board.stats().legs_started;
        drive.finish(seed);
    }
    assert!(ended > seeds * 10, "the drives do drive: {ended} legs");
}

impl World {
    /// The carrier calls `number`.
    fn trunk_dials(&mut self, number: &str) -> DialogId {
        let uri = |text: String| sip::Uri::parse(&text).unwrap();
        let invite = sip::OutgoingInvite {
            to: at(BOX).into(),
            request_uri: uri(format!("sip:{number}@{BOX}")),
            from_uri: uri("sip:13800000007@carrier.example".into()),
            to_uri: uri(format!("sip:{number}@{BOX}")),
            display: None,
            body: Some(sdp(40_000, "sendrecv")),
            credentials: None,
            headers: vec![],
        };
        let now = self.now;
        let dialog = self.peer(at(CARRIER)).invite(now, invite);
        self.settle();
        dialog
    }
}
