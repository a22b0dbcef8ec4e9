//! One account: a carrier's servers in the order they are asked, and how the carrier is.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use sip::{Peer, Transport, Uri};

use super::News;
use super::health::Health;
use crate::limits::{LOCATED_FRESH, MAX_LOCATED};
use crate::trunk::Outbound;

/// One account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) outbound: Outbound,
    /// What is located.
    uri: Option<Uri>,
    /// The servers in order, and when they were found; literal addresses were always known.
    peers: Vec<Peer>,
    located: Option<Instant>,
    is_literal: bool,
    pub(super) lookup: Option<u64>,
    /// The server that is asked first.
    at: usize,
    pub(super) health: Health,
}

impl Account {
    pub(super) fn new(name: &str, outbound: Outbound) -> Self {
        let transport = outbound.transport;
        let literal = literal(&outbound.host, transport.unwrap_or_default());
        let parameter = transport.map(|t| format!(";transport={t}"));
        let uri = format!("sip:{}{}", outbound.host, parameter.unwrap_or_default());
        Self {
            name: name.to_owned(),
            outbound,
            uri: Uri::parse(&uri).ok().filter(|_| literal.is_none()),
            is_literal: literal.is_some(),
            peers: literal.into_iter().collect(),
            located: None,
            lookup: None,
            at: 0,
            health: Health::default(),
        }
    }

    /// The domain in its addresses.
    pub(crate) fn domain(&self) -> &str {
        self.outbound
            .domain
            .as_deref()
            .unwrap_or(&self.outbound.host)
    }

    /// Our user there.
    pub(crate) fn user(&self) -> &str {
        let login = self.outbound.login.as_ref().map(|l| l.username.as_str());
        self.outbound.user.as_deref().or(login).unwrap_or_default()
    }

    /// Takes the servers that were located; the one that works stays the first that is asked.
    pub(super) fn take_servers(&mut self, now: Instant, peers: Vec<Peer>) {
        let first = self.first();
        self.peers = peers;
        self.peers.truncate(MAX_LOCATED);
        self.located = Some(now);
        let same = self.peers.iter().position(|p| Some(*p) == first);
        self.at = same.unwrap_or(0);
    }

    /// Its servers, when they were located, and which one is asked first.
    pub(super) fn servers(&self) -> (&[Peer], Option<Instant>, usize) {
        (&self.peers, self.located, self.at)
    }

    /// Takes servers that were located before it was born.
    pub(super) fn resume_servers(&mut self, peers: &[Peer], located: Option<Instant>, at: usize) {
        if !self.is_literal {
            self.peers = peers.iter().copied().take(MAX_LOCATED).collect();
            self.located = located;
        }
        self.at = at;
    }

    /// All its servers, the one that is asked first in front.
    pub(super) fn route(&self) -> Vec<Peer> {
        let mut peers = self.peers.clone();
        let first = self.at % peers.len().max(1);
        peers.rotate_left(first);
        peers
    }

    /// The servers must be located anew before the next round.
    pub(super) fn doubt_servers(&mut self) {
        self.located = None;
    }

    /// What is to be located, where nobody does it already.
    pub(super) fn wanted(&self) -> Option<Uri> {
        self.uri.clone().filter(|_| self.lookup.is_none())
    }

    /// `peer` did not answer a call: another one is asked first.
    pub(super) fn avoid(&mut self, peer: Peer) {
        if self.first() == Some(peer) {
            self.at = (self.at + 1) % self.peers.len().max(1);
        }
    }

    /// All its servers.
    pub(crate) fn peers(&self) -> &[Peer] {
        &self.peers
    }

    pub(super) fn first(&self) -> Option<Peer> {
        self.peers
            .get(self.at)
            .or_else(|| self.peers.first())
            .copied()
    }

    pub(super) fn is_stale(&self, now: Instant) -> bool {
        !self.is_literal && self.located.is_none_or(|at| now >= at + LOCATED_FRESH)
    }

    /// Turns to the next server; false where all were asked in this round.
    pub(super) fn next_server(&mut self) -> bool {
        self.health.tried += 1;
        self.at = (self.at + 1) % self.peers.len().max(1);
        self.health.tried < self.peers.len()
    }

    pub(super) fn tell(&mut self, up: bool, why: String) -> Option<News> {
        if self.health.up == Some(up) && self.health.why == why {
            return None;
        }
        let is_change = self.health.up != Some(up);
        self.health.up = Some(up);
        self.health.why.clone_from(&why);
        is_change.then(|| News {
            trunk: self.name.clone(),
            up,
            why,
        })
    }
}

/// The address that is written out in `host`, where one is.
fn literal(host: &str, transport: Transport) -> Option<Peer> {
    if let Ok(addr) = host.parse() {
        return Some(Peer::new(transport, addr));
    }
    let ip: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    let addr = SocketAddr::new(ip, transport.default_port());
    Some(Peer::new(transport, addr))
}
