//! The endpoint: all transactions and dialogs of one box, without the transports.
//!
//! Its owner feeds it messages and time, tells it what to do, and then polls: `poll_transmit` until empty,
//! `poll_event` until empty, `poll_timeout` to know when to call `handle_timeout`. It never reads a clock,
//! opens a socket, resolves a name or decides who may call.

mod alone;
mod answer;
mod authorize;
mod config;
mod event;
mod in_dialog;
mod inbound;
mod longer;
mod lost;
mod outbound;
mod owned;
mod reliable;
mod response;
mod standing;
mod tables;
mod timeout;

use std::collections::BTreeMap;
use std::time::Instant;

use alone::Registration;
pub use config::{Capacity, EndpointConfig, Received, Stats, Timers};
pub use event::{DialogId, EndedBy, Event, Transmit, TxId};
pub use standing::Standing;

use crate::check::{Judged, Verdict, judge};
use crate::deadline::Reason;
use crate::dialog::State as DialogState;
use crate::identity::Identity;
use crate::lane::Lane;
use crate::message::StartLine;
use crate::overload::{Relief, Reliefs};
use crate::parse::ParseError;
use crate::transaction::client::State as ClientState;
use crate::transaction::key::Key;
use crate::transport::Peer;
use tables::Tables;

/// All transactions and dialogs of one box, over all its transports.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    identity: Identity,
    lane: Lane,
    tables: Tables,
    /// Our places at registrars, each by its first request.
    registrations: BTreeMap<TxId, Registration>,
    /// What we ask of others, and what servers asked of us (RFC 7339).
    relief: Relief,
    reliefs: Reliefs,
}

impl Endpoint {
    /// An endpoint with no calls. All its tags, branches and nonces come from `seed`.
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        let lane = Lane::new(config.timers);
        Self {
            config,
            identity: Identity::new(seed),
            lane,
            tables: Tables::default(),
            registrations: BTreeMap::new(),
            relief: Relief::default(),
            reliefs: Reliefs::default(),
        }
    }

    /// Takes one whole message from `from`: a datagram, or what [`crate::StreamReader`] cut out of a stream.
    /// Malformed requests and those it cannot serve are answered here.
    pub fn handle_message(&mut self, now: Instant, from: Peer, bytes: &[u8]) {
        self.identity.note(now);
        let judged = judge(bytes);
        let judged = if from.transport.is_reliable() {
            judged.on_stream()
        } else {
            judged
        };
        let received = &mut self.lane.stats.received;
        match (judged.verdict, judged.message, judged.essentials) {
            (Verdict::Accepted, Some(message), Some(essentials)) => match message.start() {
                StartLine::Request { .. } => {
                    received.requests += 1;
                    self.handle_request(now, from, &message, &essentials);
                }
                StartLine::Response { status, .. } => {
                    received.responses += 1;
                    self.handle_response((now, from), &message, &essentials, status);
                }
            },
            (Verdict::Dropped(ParseError::KeepAlive), ..) => received.keepalives += 1,
            (Verdict::Refused(_), ..) => self.refuse(from, &judged),
            _ => received.dropped += 1,
        }
    }

    /// Asks those who heed it, in answers from now on, to leave out so many of a hundred requests (RFC 7339);
    /// `unix_ms` tells later wishes from earlier ones.
    pub fn ask_relief(&mut self, percent: u8, unix_ms: u64) {
        self.relief = Relief { percent, unix_ms };
    }

    /// What was asked for last.
    pub fn relief(&self) -> u8 {
        self.relief.percent
    }

    /// How many of a hundred new requests `peer` asks us now not to send it.
    pub fn relief_for(&self, now: Instant, peer: Peer) -> u8 {
        self.reliefs.percent(now, peer)
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.lane.out.pop_front()
    }

    /// The next thing the owner should know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.lane.events.pop_front()
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        self.lane.deadlines.next()
    }

    /// What happened so far.
    pub fn stats(&self) -> Stats {
        let mut stats = self.lane.stats;
        stats.transactions = self.tables.transactions();
        stats.dialogs = self.tables.dialogs();
        stats
    }

    /// The Call-ID of a dialog that lives, as it stands in the carrier's traces.
    pub fn call_id(&self, dialog: DialogId) -> Option<String> {
        let dialog = self.tables.dialog_ref(dialog)?;
        Some(String::from_utf8_lossy(&dialog.names.call_id).into_owned())
    }

    /// The dialog that a peer names by its Call-ID and tags, ours being `local_tag` (a Replaces header,
    /// RFC 3891 3).
    pub fn find_dialog(
        &self,
        call_id: &str,
        local_tag: &str,
        remote_tag: &str,
    ) -> Option<DialogId> {
        let (local, remote) = (local_tag.as_bytes(), remote_tag.as_bytes());
        self.tables
            .dialog_by(&Key::dialog(call_id.as_bytes(), local, remote))
    }

    /// Whether the peer has said anything to a call placed with `invite`: 100 Trying counts.
    pub fn is_heard(&self, dialog: DialogId) -> bool {
        match self.tables.dialog_ref(dialog).map(|dialog| dialog.state) {
            Some(DialogState::Calling { tx, .. }) => self
                .tables
                .client_ref(tx)
                .is_some_and(|outbound| outbound.client.state != ClientState::Calling),
            state => state.is_some(),
        }
    }

    /// What it was told at birth.
    pub fn config(&self) -> &EndpointConfig {
        &self.config
    }

    /// Answers a request that is malformed or not to be served; keeps nothing of it.
    fn refuse(&mut self, from: Peer, judged: &Judged<'_>) {
        let (Verdict::Refused(refusal), Some(message)) = (judged.verdict, judged.message) else {
            return;
        };
        let received = &mut self.lane.stats.received;
        match refusal.status() {
            400 | 505 | 513 => received.malformed += 1,
            _ => received.unacceptable += 1,
        }
        let reply = inbound::refusal_reply(&message, refusal);
        self.answer_stateless(from, &message, &reply);
    }
}
