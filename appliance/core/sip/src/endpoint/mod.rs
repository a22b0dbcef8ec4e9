//! The endpoint: all transactions and dialogs of one UDP transport, without the transport.
//!
//! Its owner feeds it datagrams and time, tells it what to do, and then polls: `poll_transmit` until empty,
//! `poll_event` until empty, `poll_timeout` to know when to call `handle_timeout`. It never reads a clock,
//! opens a socket, resolves a name or decides who may call.

mod config;
mod event;

use std::net::SocketAddr;
use std::time::Instant;

pub use config::{Capacity, EndpointConfig, Received, Stats, Timers};
pub use event::{DialogId, EndedBy, Event, Transmit, TxId};

use crate::deadline::Reason;
use crate::digest::DigestVerdict;
use crate::method::Method;
use crate::request::{Body, OutgoingInvite, Reply, Request};

/// All transactions and dialogs of one UDP transport.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    stats: Stats,
    last_id: u64,
}

impl Endpoint {
    /// An endpoint with no calls. All its identifiers come from `seed`.
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        let _ = seed;
        Self {
            config,
            stats: Stats::default(),
            last_id: 0,
        }
    }

    /// Takes one datagram from `from`.
    pub fn handle_datagram(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let _ = (now, from, bytes);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// Answers `tx`. On an INVITE a 1xx is `progress`, a 2xx `accept`. Ignored where `tx` was answered before.
    pub fn respond(&mut self, now: Instant, tx: TxId, reply: &Reply) {
        let _ = (now, tx, reply);
    }

    /// Answers `tx` 401, asking for SHA-256 or MD5 digest in `realm` (RFC 8760).
    pub fn challenge(&mut self, now: Instant, tx: TxId, realm: &str) {
        let _ = (now, tx, realm);
    }

    /// Whether `request` carries a right answer to a challenge of ours.
    pub fn verify(
        &self,
        now: Instant,
        request: &Request,
        user: &str,
        password: &str,
        realm: &str,
    ) -> DigestVerdict {
        let _ = (now, request, user, password, realm);
        DigestVerdict::Missing
    }

    /// Forgets `tx` and answers nothing.
    pub fn drop_silently(&mut self, tx: TxId) {
        let _ = tx;
    }

    /// Sends a 1xx with a To tag on an INVITE; the early dialog it makes.
    pub fn progress(&mut self, now: Instant, tx: TxId, reply: &Reply) -> DialogId {
        let _ = (now, tx, reply);
        self.fresh_dialog()
    }

    /// Sends a 2xx on an INVITE and repeats it until its ACK; the dialog it makes.
    pub fn accept(&mut self, now: Instant, tx: TxId, reply: &Reply) -> DialogId {
        let _ = (now, tx, reply);
        self.fresh_dialog()
    }

    /// Places a call.
    pub fn invite(&mut self, now: Instant, invite: OutgoingInvite) -> DialogId {
        let _ = (now, invite);
        self.fresh_dialog()
    }

    /// Gives up a call placed with `invite`; one `Rejected` follows, whatever the race brings.
    pub fn cancel(&mut self, now: Instant, dialog: DialogId) {
        let _ = (now, dialog);
    }

    /// Ends a dialog: BYE when established, else `cancel` or 480.
    pub fn bye(&mut self, now: Instant, dialog: DialogId, cause_headers: Vec<(String, String)>) {
        let _ = (now, dialog, cause_headers);
    }

    /// Sends a request inside a dialog.
    pub fn request(
        &mut self,
        now: Instant,
        dialog: DialogId,
        method: Method,
        headers: Vec<(String, String)>,
        body: Option<Body>,
    ) -> TxId {
        let _ = (now, dialog, method, headers, body);
        self.fresh_tx()
    }

    /// Sends OPTIONS outside any dialog.
    pub fn send_options(&mut self, now: Instant, to: SocketAddr, uri: &str) -> TxId {
        let _ = (now, to, uri);
        self.fresh_tx()
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        None
    }

    /// The next thing the owner should know.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        None
    }

    /// What happened so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// What it was told at birth.
    pub fn config(&self) -> &EndpointConfig {
        &self.config
    }

    fn fresh_tx(&mut self) -> TxId {
        self.last_id += 1;
        TxId(self.last_id)
    }

    fn fresh_dialog(&mut self) -> DialogId {
        self.last_id += 1;
        DialogId(self.last_id)
    }
}
