//! A desk phone: it registers, takes calls as its habits go, places calls, holds and transfers.
//!
//! Unlike [`crate::Phone`] it has many calls in its life. What it does with the next call is drawn
//! from its habits, so that one seed gives one history.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip::{
    Credentials, DialogId, Endpoint, EndpointConfig, Event, Method, OutgoingInvite,
    OutgoingRegister, Reply, Request, Transmit, TxId, Uri,
};

use crate::chance::Chance;
use crate::phone::{Wish, sdp};

/// How long two messages may cross.
const CROSSING: Duration = Duration::from_millis(100);

/// How a phone takes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It is picked up after so many milliseconds, and then that happens, each so many
    /// milliseconds after the one before.
    Answer(u64, Vec<(u64, DeskAct)>),
    /// It says this status after so many milliseconds.
    Refuse(u64, u16),
    /// It rings and nobody comes.
    Ignore,
    /// It loses power while it rings.
    Vanish,
}

/// One thing a desk phone does within a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskAct {
    /// Hold the other party.
    Hold,
    /// Take it back.
    Resume,
    /// Hang up.
    HangUp,
    /// Hand the party to a number, and hang up once told that it worked.
    Blind(String),
    /// Call a number beside, and when it answers leave the two with one another.
    Consult(String),
    /// Lose power: nothing is sent or taken any more.
    Vanish,
}

/// What became of a call, as the phone saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that rang.
    pub rang: u32,
    /// Calls picked up.
    pub taken: u32,
    /// Own calls that were answered.
    pub reached: u32,
    /// Own calls that were refused.
    pub refused: u32,
    /// Transfers it was told worked.
    pub handed: u32,
    /// Calls that rang while it spoke already.
    pub crowded: u32,
}

/// A desk phone.
#[derive(Debug)]
pub struct Desk {
    /// What it saw.
    pub tally: Tally,
    /// The status of the last refusal of a call of its own.
    pub last_refusal: Option<u16>,
    /// The status of its registration.
    pub registered: Option<u16>,
    name: String,
    endpoint: Endpoint,
    address: SocketAddr,
    to: SocketAddr,
    habits: VecDeque<Taking>,
    usual: Taking,
    lines: Lines,
    due: BTreeMap<(Instant, u64), Due>,
    alive: bool,
}

/// Its calls.
#[derive(Debug, Default)]
struct Lines {
    ringing: BTreeMap<TxId, Request>,
    talking: BTreeMap<DialogId, Line>,
    /// Own calls on their way, with what follows the answer.
    dialling: BTreeMap<DialogId, Line>,
    count: u64,
}

#[derive(Clone, Debug, Default)]
struct Line {
    rtp: u16,
    version: u64,
    since: Option<Instant>,
    /// What follows, once it is answered.
    acts: Vec<(u64, DeskAct)>,
    /// The call that shall be left with the party of this one.
    consults_for: Option<DialogId>,
}

#[derive(Clone, Debug)]
enum Due {
    PickUp(TxId, Vec<(u64, DeskAct)>),
    Refuse(TxId, u16),
    Act(DialogId, DeskAct),
}

impl Desk {
    /// The phone `name` at `address`; its password is its name turned round.
    pub fn new(name: &str, address: SocketAddr, to: SocketAddr, seed: [u8; 32]) -> Self {
        Self {
            tally: Tally::default(),
            last_refusal: None,
            registered: None,
            name: name.to_owned(),
            endpoint: Endpoint::new(EndpointConfig::new(address), seed),
            address,
            to,
            habits: VecDeque::new(),
            usual: Taking::Ignore,
            lines: Lines::default(),
            due: BTreeMap::new(),
            alive: true,
        }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Registers for an hour.
    pub fn register(&mut self, now: Instant) {
        let aor = self.uri(&self.name);
        self.endpoint.register(
            now,
            OutgoingRegister {
                to: self.to.into(),
                registrar: Uri::parse(&format!("sip:{}", self.to)).unwrap(),
                aor,
                contact_params: String::new(),
                expires: 3_600,
                credentials: Some(self.credentials()),
            },
        );
        self.drain(now);
    }

    /// What it does with the calls to come, one after the other, and with all after these.
    pub fn takes(&mut self, next: impl IntoIterator<Item = Taking>, usual: Taking) {
        self.habits = next.into_iter().collect();
        self.usual = usual;
    }

    /// Habits drawn from chance: mostly it answers, talks a while and hangs up.
    pub fn lives(&mut self, chance: &mut Chance, calls: usize, others: &[String]) {
        let mut drawn = Vec::new();
        for _ in 0..calls {
            let talk = 2_000 + chance.below(40_000);
            let other = chance.pick(others);
            let acts = match chance.below(20) {
                0 => vec![(talk / 2, DeskAct::Blind(other)), (20_000, DeskAct::HangUp)],
                1 => vec![
                    (talk / 2, DeskAct::Consult(other)),
                    (40_000, DeskAct::HangUp),
                ],
                2..=5 => vec![
                    (talk / 4, DeskAct::Hold),
                    (talk / 4, DeskAct::Resume),
                    (talk / 2, DeskAct::HangUp),
                ],
                _ => vec![(talk, DeskAct::HangUp)],
            };
            drawn.push(match chance.below(20) {
                0 => Taking::Ignore,
                1 => Taking::Refuse(300, chance.pick(&[486, 603, 480])),
                _ => Taking::Answer(300 + chance.below(6_000), acts),
            });
        }
        self.takes(drawn, Taking::Answer(1_000, vec![(5_000, DeskAct::HangUp)]));
    }

    /// Dials `number` and then does these acts, counted from the answer.
    pub fn dial(&mut self, now: Instant, number: &str, acts: Vec<(u64, DeskAct)>) -> DialogId {
        let dialog = self.place(now, number, acts, None);
        self.drain(now);
        dialog
    }

    /// Gives up a call that is not answered yet.
    pub fn cancel(&mut self, now: Instant, dialog: DialogId) {
        self.endpoint.cancel(now, dialog);
        self.drain(now);
    }

    /// How many calls it is in.
    pub fn talking(&self) -> usize {
        self.lines.talking.len()
    }

    /// Takes a datagram.
    pub fn hear(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        if self.alive {
            self.endpoint.handle_message(now, from.into(), bytes);
            self.drain(now);
        }
    }

    /// When it wants to act next.
    pub fn next(&self) -> Option<Instant> {
        let timer = self.endpoint.poll_timeout().map(|(at, _)| at);
        let act = self.due.keys().next().map(|(at, _)| *at);
        timer.into_iter().chain(act).min().filter(|_| self.alive)
    }

    /// Acts at `now`; what it wants of the media plane comes back.
    pub fn act(&mut self, now: Instant) -> Vec<Wish> {
        self.endpoint.handle_timeout(now);
        self.drain(now);
        let due = self.due.first_entry().filter(|due| due.key().0 <= now);
        let wishes = match due.map(|due| due.remove()) {
            Some(Due::PickUp(tx, acts)) => self.pick_up(now, tx, acts),
            Some(Due::Refuse(tx, status)) => {
                if self.lines.ringing.remove(&tx).is_some() {
                    self.endpoint.respond(now, tx, &Reply::new(status));
                }
                Vec::new()
            }
            Some(Due::Act(dialog, act)) => self.perform(now, dialog, act),
            None => Vec::new(),
        };
        self.drain(now);
        wishes
    }

    /// The next datagram it sends.
    pub fn send(&mut self) -> Option<Transmit> {
        self.alive.then(|| self.endpoint.poll_transmit()).flatten()
    }

    /// Loses power; the RTP that falls silent comes back.
    pub fn vanish(&mut self) -> Vec<Wish> {
        self.alive = false;
        let lines = self
            .lines
            .talking
            .values()
            .chain(self.lines.dialling.values());
        lines.map(|line| Wish::Mute(self.rtp(line.rtp))).collect()
    }

    fn pick_up(&mut self, now: Instant, tx: TxId, acts: Vec<(u64, DeskAct)>) -> Vec<Wish> {
        let Some(request) = self.lines.ringing.remove(&tx) else {
            return Vec::new();
        };
        self.tally.taken += 1;
        let line = self.line(acts);
        let reply = Reply::new(200).with_body(sdp(self.rtp(line.rtp), 1, "sendrecv"));
        let dialog = self.endpoint.accept(now, tx, &reply);
        drop(request);
        self.up(now, dialog, line);
        Vec::new()
    }

    fn perform(&mut self, now: Instant, dialog: DialogId, act: DeskAct) -> Vec<Wish> {
        if !self.lines.talking.contains_key(&dialog) {
            return Vec::new();
        }
        match act {
            DeskAct::Hold => self.reinvite(now, dialog, "sendonly"),
            DeskAct::Resume => self.reinvite(now, dialog, "sendrecv"),
            DeskAct::HangUp => {
                self.lines.talking.remove(&dialog);
                self.endpoint.bye(now, dialog, vec![]);
            }
            DeskAct::Blind(number) => {
                let to = format!("<{}>", self.uri(&number));
                self.refer(now, dialog, to);
            }
            DeskAct::Consult(number) => {
                self.reinvite(now, dialog, "sendonly");
                let hang_up = vec![(30_000, DeskAct::HangUp)];
                self.place(now, &number, hang_up, Some(dialog));
            }
            DeskAct::Vanish => return self.vanish(),
        }
        Vec::new()
    }

    fn place(
        &mut self,
        now: Instant,
        number: &str,
        acts: Vec<(u64, DeskAct)>,
        consults_for: Option<DialogId>,
    ) -> DialogId {
        let line = Line {
            consults_for,
            ..self.line(acts)
        };
        let invite = OutgoingInvite {
            to: self.to.into(),
            request_uri: self.uri(number),
            from_uri: self.uri(&self.name),
            to_uri: self.uri(number),
            display: None,
            body: Some(sdp(self.rtp(line.rtp), 1, "sendrecv")),
            credentials: Some(self.credentials()),
            headers: vec![],
        };
        let dialog = self.endpoint.invite(now, invite);
        self.lines.dialling.insert(dialog, line);
        dialog
    }

    fn line(&mut self, acts: Vec<(u64, DeskAct)>) -> Line {
        self.lines.count += 1;
        Line {
            rtp: 40_000 + 2 * u16::try_from(self.lines.count % 10_000).unwrap(),
            version: 1,
            since: None,
            acts,
            consults_for: None,
        }
    }

    fn up(&mut self, now: Instant, dialog: DialogId, mut line: Line) {
        let mut at = now;
        for (after, act) in std::mem::take(&mut line.acts) {
            at += Duration::from_millis(after);
            self.later(at, Due::Act(dialog, act));
        }
        line.since = Some(now);
        self.lines.talking.insert(dialog, line);
    }

    fn reinvite(&mut self, now: Instant, dialog: DialogId, direction: &str) {
        let Some(line) = self.lines.talking.get_mut(&dialog) else {
            return;
        };
        line.version += 1;
        let (port, version) = (line.rtp, line.version);
        let body = sdp(self.rtp(port), version, direction);
        self.endpoint
            .request(now, dialog, Method::Invite, vec![], Some(body));
    }

    fn refer(&mut self, now: Instant, dialog: DialogId, to: String) {
        let headers = vec![("Refer-To".to_owned(), to)];
        self.endpoint
            .request(now, dialog, Method::Refer, headers, None);
    }

    fn later(&mut self, at: Instant, due: Due) {
        self.lines.count += 1;
        self.due.insert((at, self.lines.count), due);
    }

    fn drain(&mut self, now: Instant) {
        while let Some(event) = self.endpoint.poll_event() {
            self.on(now, event);
        }
    }

    fn on(&mut self, now: Instant, event: Event) {
        match event {
            Event::Invite { tx, request, .. } => self.ring(now, tx, request),
            Event::Cancelled { tx, .. } => _ = self.lines.ringing.remove(&tx),
            Event::Answered {
                dialog, headers, ..
            } => {
                let Some(line) = self.lines.dialling.remove(&dialog) else {
                    return;
                };
                self.tally.reached += 1;
                if let Some(first) = line.consults_for {
                    self.join(now, first, dialog, &headers);
                }
                self.up(now, dialog, line);
            }
            Event::Rejected { dialog, status, .. } => {
                self.lines.dialling.remove(&dialog);
                self.tally.refused += 1;
                self.last_refusal = Some(status);
            }
            Event::Ended { dialog, .. } | Event::Unacknowledged { dialog } => {
                self.lines.talking.remove(&dialog);
            }
            Event::Response {
                request_dialog: None,
                status,
                ..
            } => self.registered = Some(status),
            Event::Request {
                tx,
                dialog,
                request,
                ..
            } => self.serve(now, tx, dialog, &request),
            _ => {}
        }
    }

    fn ring(&mut self, now: Instant, tx: TxId, request: Request) {
        self.tally.rang += 1;
        // What was picked up just now may have crossed the caller's good-bye on the way.
        let settled = |line: &Line| line.since.is_none_or(|at| now > at + CROSSING);
        let is_free = !self.lines.talking.values().any(settled);
        self.tally.crowded += u32::from(!is_free);
        let taking = self
            .habits
            .pop_front()
            .unwrap_or_else(|| self.usual.clone());
        if taking == Taking::Vanish {
            self.alive = false;
            return;
        }
        self.endpoint.progress(now, tx, &Reply::new(180), false);
        self.lines.ringing.insert(tx, request);
        let ms = Duration::from_millis;
        match taking {
            Taking::Answer(after, acts) => self.later(now + ms(after), Due::PickUp(tx, acts)),
            Taking::Refuse(after, status) => self.later(now + ms(after), Due::Refuse(tx, status)),
            Taking::Ignore | Taking::Vanish => {}
        }
    }

    /// The consulted party answered: the two are left with one another (RFC 5589 section 7).
    fn join(&mut self, now: Instant, first: DialogId, second: DialogId, headers: &sip::Headers) {
        let tag = |name: &str| {
            let value = headers.first(name).unwrap_or_default();
            value.split("tag=").nth(1).unwrap_or_default().to_owned()
        };
        let call_id = self.endpoint.call_id(second).unwrap_or_default();
        let replaces = format!(
            "{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}",
            call_id.replace('@', "%40"),
            tag("To"),
            tag("From")
        );
        let to = format!("<sip:party@{}?Replaces={replaces}>", self.to);
        self.refer(now, first, to);
    }

    fn serve(&mut self, now: Instant, tx: TxId, dialog: Option<DialogId>, request: &Request) {
        let line = dialog.and_then(|dialog| self.lines.talking.get_mut(&dialog));
        match (&request.method, line) {
            (Method::Invite, Some(line)) => {
                line.version += 1;
                let (port, version) = (line.rtp, line.version);
                let reply = Reply::new(200).with_body(sdp(self.rtp(port), version, "sendrecv"));
                self.endpoint.accept(now, tx, &reply);
            }
            (Method::Notify, Some(_)) => {
                self.endpoint.respond(now, tx, &Reply::new(200));
                let said = request.body.as_ref().map(|body| body.bytes.clone());
                let worked = said.is_some_and(|said| said.starts_with(b"SIP/2.0 200"));
                if let Some(dialog) = dialog.filter(|_| worked) {
                    self.tally.handed += 1;
                    self.later(now, Due::Act(dialog, DeskAct::HangUp));
                }
            }
            (_, Some(_)) => self.endpoint.respond(now, tx, &Reply::new(200)),
            (_, None) => self.endpoint.respond(now, tx, &Reply::new(481)),
        }
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            user: self.name.clone(),
            password: self.name.chars().rev().collect(),
        }
    }

    fn uri(&self, user: &str) -> Uri {
        let user = user.replace('#', "%23");
        Uri::parse(&format!("sip:{user}@{}", self.to)).unwrap()
    }

    fn rtp(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address.ip(), port)
    }
}
