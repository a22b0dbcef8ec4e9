//! A switchboard, its peers and the wire between them, in virtual time.
//!
//! Peers are endpoints of the `sip` crate; a test says what each of them answers. The wire loses
//! nothing and takes no time. The media plane says `Closed` as soon as it is told to close.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use call::{
    Cause, Dial, LegEvent, LegId, Line, Outbound, Showing, StreamCommand, StreamEvent, StreamStats,
    Switchboard, SwitchboardConfig, Trunk,
};
use media::sdp::Direction;
use sip::{Body, DialogId, Endpoint, EndpointConfig, Event, Method, Reply, Request, TxId};

pub(crate) const BOX: &str = "192.0.2.9:5060";
pub(crate) const CARRIER: &str = "198.51.100.1:5060";

/// The stage of one test.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) board: Switchboard,
    pub(crate) peers: BTreeMap<SocketAddr, Endpoint>,
    pub(crate) events: Vec<LegEvent>,
    pub(crate) commands: Vec<StreamCommand>,
    /// Messages on the wire, as text, in order.
    pub(crate) wire: Vec<(SocketAddr, SocketAddr, String)>,
    /// Peers that hear and say nothing.
    pub(crate) dead: Vec<SocketAddr>,
}

pub(crate) fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn sdp(port: u16, direction: &str) -> Body {
    let text = format!(
        "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    );
    Body::new("application/sdp", text)
}

/// A trunk that may call us from [`CARRIER`] and is called there.
pub(crate) fn carrier() -> Trunk {
    Trunk {
        name: "carrier".into(),
        trusted: true,
        peers: vec!["198.51.100.0/24".parse().unwrap()],
        login: None,
        outbound: Some(Outbound::at(CARRIER)),
        sound: call::Sound::of_trunk(),
    }
}

pub(crate) fn to_carrier(number: &str) -> Dial {
    Dial {
        line: Line::Trunk("carrier".into()),
        to: number.into(),
        from: "01088886666".into(),
        display: None,
        showing: Showing::Usual,
        urgent: false,
        has_spare: false,
        patience: Duration::from_secs(30),
    }
}

impl World {
    /// A switchboard that knows the carrier, and the carrier.
    pub(crate) fn new() -> Self {
        let mut board = Switchboard::new(SwitchboardConfig {
            seed: [7; 32],
            ports: (20_000..20_040).step_by(2).collect(),
            local: at(BOX).into(),
            media_ip: at(BOX).ip(),
            realm: "branchline".into(),
        });
        let now = Instant::now();
        board.set_lines(now, vec![carrier()], vec![]);
        let mut world = Self {
            now,
            board,
            peers: BTreeMap::new(),
            events: Vec::new(),
            commands: Vec::new(),
            wire: Vec::new(),
            dead: Vec::new(),
        };
        world.add(at(CARRIER));
        world
    }

    /// A further peer at `address`.
    pub(crate) fn add(&mut self, address: SocketAddr) {
        let mut seed = [0; 32];
        seed[0] = self.peers.len() as u8;
        seed[1] = 99;
        let endpoint = Endpoint::new(EndpointConfig::new(address), seed);
        self.peers.insert(address, endpoint);
    }

    pub(crate) fn peer(&mut self, address: SocketAddr) -> &mut Endpoint {
        self.peers.get_mut(&address).unwrap()
    }

    pub(crate) fn dial(&mut self, dial: Dial) -> LegId {
        let leg = self.board.dial(self.now, dial);
        self.settle();
        leg
    }

    /// Hands the switchboard a message written by hand, as if it came from `from`.
    pub(crate) fn throw(&mut self, from: SocketAddr, text: &str) {
        self.board
            .handle_message(self.now, from.into(), text.as_bytes());
        self.settle();
    }

    /// The last message that went to `to`.
    pub(crate) fn last(&self, to: SocketAddr) -> &str {
        let to_it = self.wire.iter().rev().find(|(_, t, _)| *t == to);
        to_it.map_or("", |(_, _, text)| text)
    }

    /// Carries messages until nobody has one left.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(command) = self.board.poll_command() {
                quiet = false;
                if let StreamCommand::Close { stream } = command {
                    let stats = StreamStats::default();
                    let closed = StreamEvent::Closed { stream, stats };
                    self.board.handle_stream(self.now, closed);
                }
                self.commands.push(command);
            }
            while let Some(event) = self.board.poll_event() {
                quiet = false;
                self.events.push(event);
            }
            let mut flying = Vec::new();
            while let Some(t) = self.board.poll_transmit() {
                flying.push((at(BOX), t.to.addr, t.bytes));
            }
            for (address, peer) in &mut self.peers {
                while let Some(t) = peer.poll_transmit() {
                    flying.push((*address, t.to.addr, t.bytes));
                }
            }
            for (from, to, bytes) in flying {
                quiet = false;
                if self.dead.contains(&from) || self.dead.contains(&to) {
                    continue;
                }
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.wire.push((from, to, text));
                if to == at(BOX) {
                    self.board.handle_message(self.now, from.into(), &bytes);
                } else if let Some(peer) = self.peers.get_mut(&to) {
                    peer.handle_message(self.now, from.into(), &bytes);
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// Moves the clock, stopping wherever somebody is due.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.settle();
            let board = self.board.poll_timeout().map(|(at, _)| at);
            let peers = self.peers.values().filter_map(Endpoint::poll_timeout);
            let next = peers.map(|(at, _)| at).chain(board).min();
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            self.board.handle_timeout(self.now);
            for peer in self.peers.values_mut() {
                peer.handle_timeout(self.now);
            }
        }
        self.now = end;
    }

    /// What a peer was told since the last look.
    pub(crate) fn told(&mut self, address: SocketAddr) -> Vec<Event> {
        let peer = self.peer(address);
        std::iter::from_fn(|| peer.poll_event()).collect()
    }

    /// The one call that reached a peer.
    pub(crate) fn rung(&mut self, address: SocketAddr) -> (TxId, Request) {
        let told = self.told(address);
        let invites: Vec<_> = told
            .into_iter()
            .filter_map(|event| match event {
                Event::Invite { tx, request, .. } => Some((tx, request)),
                _ => None,
            })
            .collect();
        assert_eq!(invites.len(), 1, "one call reaches {address}");
        invites.into_iter().next().unwrap()
    }

    /// A peer answers a call with `status`, 2xx with a session description.
    pub(crate) fn reply(&mut self, address: SocketAddr, tx: TxId, status: u16) {
        let mut reply = Reply::new(status);
        if (200..300).contains(&status) {
            reply = reply.with_body(sdp(40_000, "sendrecv"));
        }
        let now = self.now;
        self.peer(address).respond(now, tx, &reply);
        self.settle();
    }

    /// Calls the carrier, which answers; its side of the call.
    pub(crate) fn talk(&mut self) -> (LegId, DialogId) {
        let leg = self.dial(to_carrier("13800000007"));
        let (tx, _) = self.rung(at(CARRIER));
        self.reply(at(CARRIER), tx, 200);
        let dialog = self.acked(at(CARRIER));
        self.events.clear();
        (leg, dialog)
    }

    /// The dialog whose 200 was acknowledged to a peer.
    pub(crate) fn acked(&mut self, address: SocketAddr) -> DialogId {
        let told = self.told(address);
        let acked = told.iter().find_map(|event| match event {
            Event::Acked { dialog, .. } => Some(*dialog),
            _ => None,
        });
        acked.unwrap_or_else(|| panic!("{address} was told {told:?}"))
    }

    /// The leg of the one call that came in since the last look.
    pub(crate) fn incoming(&mut self) -> LegId {
        let events = self.events();
        match &events[..] {
            [LegEvent::Incoming { leg, .. }] => *leg,
            other => panic!("{other:?}"),
        }
    }

    /// The one request inside a dialog that reached a peer.
    pub(crate) fn asked(&mut self, address: SocketAddr) -> (TxId, Request) {
        let told = self.told(address);
        let asked: Vec<_> = told
            .iter()
            .filter_map(|event| match event {
                Event::Request { tx, request, .. } => Some((*tx, request.clone())),
                _ => None,
            })
            .collect();
        assert_eq!(asked.len(), 1, "{address} was told {told:?}");
        asked[0].clone()
    }

    /// A peer answers a re-INVITE with a description of `direction`.
    pub(crate) fn agree(&mut self, address: SocketAddr, tx: TxId, direction: &str) {
        let now = self.now;
        let reply = Reply::new(200).with_body(sdp(40_000, direction));
        self.peer(address).respond(now, tx, &reply);
        self.settle();
    }

    /// A peer sends a request inside a dialog.
    pub(crate) fn ask(
        &mut self,
        address: SocketAddr,
        dialog: DialogId,
        method: Method,
        body: Option<Body>,
    ) -> TxId {
        let now = self.now;
        let tx = self
            .peer(address)
            .request(now, dialog, method, vec![], body);
        self.settle();
        tx
    }

    /// The last thing that the media plane was told to do with what was agreed.
    pub(crate) fn direction(&self) -> Direction {
        let spec = self
            .commands
            .iter()
            .rev()
            .find_map(|command| match command {
                StreamCommand::Open { spec, .. } | StreamCommand::Update { spec, .. } => Some(spec),
                _ => None,
            });
        spec.unwrap().direction
    }

    /// A peer answers a request 200 with nothing in it.
    pub(crate) fn reply_empty(&mut self, address: SocketAddr, tx: TxId) {
        let now = self.now;
        self.peer(address).respond(now, tx, &Reply::new(200));
        self.settle();
    }

    /// Events since the last look.
    pub(crate) fn events(&mut self) -> Vec<LegEvent> {
        std::mem::take(&mut self.events)
    }

    /// The cause that `leg` ended for, after checking that it ended and closed once.
    pub(crate) fn cause(&self, leg: LegId) -> Cause {
        let causes = self.events.iter().filter_map(|e| match e {
            LegEvent::Ended { leg: ended, cause } if *ended == leg => Some(*cause),
            _ => None,
        });
        let causes: Vec<_> = causes.collect();
        let closed = |e: &&LegEvent| matches!(e, LegEvent::Closed { leg: l, .. } if *l == leg);
        assert_eq!(self.events.iter().filter(closed).count(), 1, "closed once");
        assert_eq!(causes.len(), 1, "ended once");
        causes[0]
    }

    /// Lets all timers run out and checks that nothing is left.
    pub(crate) fn run_out(&mut self) {
        self.pass(Duration::from_secs(120));
        let stats = self.board.stats();
        assert_eq!(stats.legs, 0, "no leg is left");
        assert_eq!(stats.ports_out, 0, "all ports came home");
        assert_eq!(stats.deadlines, 0, "no deadline is left");
        assert_eq!(stats.sip.dialogs, 0, "no dialog is left");
        assert_eq!(stats.sip.transactions, 0, "no transaction is left");
    }

    /// How many messages to `to` begin with `start`.
    pub(crate) fn count(&self, to: SocketAddr, start: &str) -> usize {
        let begins =
            |(_, t, text): &&(SocketAddr, SocketAddr, String)| *t == to && text.starts_with(start);
        self.wire.iter().filter(begins).count()
    }
}
