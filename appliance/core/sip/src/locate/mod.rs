//! Where a SIP URI leads: NAPTR, SRV and addresses in the order of RFC 3263, as a machine without a network.
//!
//! The owner asks what [`Locator::poll_query`] wants, hands back what came, and in the end has all addresses
//! in the order to try them. Hosts that are addresses need no question. It never waits and never caches;
//! [`Blacklist`] remembers for a while which addresses did not answer.

mod blacklist;
mod services;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng;

pub use blacklist::Blacklist;
use services::{Service, Target, by_naptr, in_order, standard};

use crate::limits::{MAX_ADDRESSES, MAX_LOCATED, MAX_NAMES, MAX_RECORDS};
use crate::transport::{Peer, Transport};
use crate::uri::{Scheme, UriRef};

/// A question for the name service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// The NAPTR records of a domain.
    Naptr(String),
    /// The SRV records of a name such as `_sip._udp.example.com`.
    Srv(String),
    /// The A and AAAA records of a host.
    Addresses(String),
}

/// A NAPTR record (RFC 3403).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// Lowest first.
    pub order: u16,
    /// Lowest first among equals.
    pub preference: u16,
    /// Only `s` leads on here.
    pub flags: String,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`.
    pub service: String,
    /// The SRV name.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lowest first.
    pub priority: u16,
    /// Share of the tries among equals.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` says that there is no such service.
    pub target: String,
}

/// What the name service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Query::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Query::Srv`].
    Srv(Vec<Srv>),
    /// To [`Query::Addresses`], in the order to try.
    Addresses(Vec<IpAddr>),
    /// No such name, no such record, or no answer in time.
    Nothing,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Naptr,
    Srv,
    Addresses,
    Done,
}

/// One search.
#[derive(Debug)]
pub struct Locator {
    stage: Stage,
    host: String,
    /// What may be used, best first.
    usable: Vec<Transport>,
    services: Vec<Service>,
    wanted: VecDeque<Query>,
    /// Asked and not answered.
    open: BTreeSet<Query>,
    addresses: BTreeMap<String, Vec<IpAddr>>,
    found: Vec<Peer>,
    random: ChaCha12Rng,
}

impl Locator {
    /// A search for where requests to `uri` go, by one of the `usable` transports, best first. `seed` decides
    /// between SRV records of one priority.
    pub fn new(uri: UriRef<'_>, usable: &[Transport], seed: [u8; 32]) -> Self {
        let is_sips = uri.scheme() == Scheme::Sips;
        let named = uri.param("transport").flatten();
        let wanted = match named {
            None => None,
            // `sips:..;transport=tcp` is TLS over TCP (RFC 3261 26.2.2).
            Some(_) if is_sips => Some(Transport::Tls),
            Some(name) => Transport::from_param(name),
        };
        let is_understood = named.is_none() || wanted.is_some();
        let may = |transport: &Transport| {
            let fits = wanted.is_none_or(|wanted| wanted == *transport);
            fits && (!is_sips || *transport == Transport::Tls) && is_understood
        };
        let mut locator = Self {
            stage: Stage::Naptr,
            host: String::from_utf8_lossy(uri.host()).to_ascii_lowercase(),
            usable: usable.iter().copied().filter(may).collect(),
            services: Vec::new(),
            wanted: VecDeque::new(),
            open: BTreeSet::new(),
            addresses: BTreeMap::new(),
            found: Vec::new(),
            random: ChaCha12Rng::from_seed(seed),
        };
        locator.begin(uri, wanted.is_some(), is_sips);
        locator
    }

    /// The next question to ask; several may be under way at once.
    pub fn poll_query(&mut self) -> Option<Query> {
        let query = self.wanted.pop_front()?;
        self.open.insert(query.clone());
        Some(query)
    }

    /// Takes the answer to a question; one that was not asked, or of another kind, counts as nothing.
    pub fn handle_answer(&mut self, query: &Query, answer: Answer) {
        if !self.open.remove(query) {
            return;
        }
        match (query, answer) {
            (Query::Naptr(_), Answer::Naptr(records)) => {
                self.services = by_naptr(records, &self.usable);
            }
            (Query::Srv(name), Answer::Srv(records)) => self.take_srv(name, records),
            (Query::Addresses(name), Answer::Addresses(mut found)) => {
                found.truncate(MAX_ADDRESSES);
                self.addresses.insert(name.clone(), found);
            }
            _ => {}
        }
        self.go_on();
    }

    /// Where to try, in order, once all was answered; empty where the URI leads nowhere.
    pub fn found(&self) -> Option<&[Peer]> {
        (self.stage == Stage::Done).then_some(self.found.as_slice())
    }

    fn begin(&mut self, uri: UriRef<'_>, is_named: bool, is_sips: bool) {
        // With an address or a port nothing says which transport: UDP, or TLS for sips (RFC 3263 4.1).
        let default = if is_sips {
            Transport::Tls
        } else {
            Transport::Udp
        };
        let plain = self
            .usable
            .iter()
            .copied()
            .find(|t| is_named || *t == default);
        let Some(first) = self.usable.first().copied() else {
            self.stage = Stage::Done;
            return;
        };
        let plain = plain.unwrap_or(first);
        let port = uri.port().unwrap_or_else(|| plain.default_port());
        if let Some(ip) = uri.host_ip() {
            self.found.push(Peer::new(plain, SocketAddr::new(ip, port)));
            self.stage = Stage::Done;
        } else if !is_name(&self.host) {
            self.stage = Stage::Done;
        } else if uri.port().is_some() {
            self.services = vec![Service::at(plain, &self.host, port)];
            self.stage = Stage::Srv;
            self.go_on();
        } else if is_named {
            self.services = standard(&self.host, &[plain]);
            self.ask_services();
        } else {
            self.wanted.push_back(Query::Naptr(self.host.clone()));
        }
    }

    fn ask_services(&mut self) {
        self.stage = Stage::Srv;
        let names: BTreeSet<&String> = self.services.iter().map(|s| &s.name).collect();
        self.wanted
            .extend(names.into_iter().cloned().map(Query::Srv));
    }

    fn take_srv(&mut self, name: &str, mut records: Vec<Srv>) {
        records.truncate(MAX_RECORDS);
        let is_refused =
            matches!(&records[..], [only] if only.target.trim_end_matches('.').is_empty());
        let targets = in_order(records, &mut self.random);
        for service in self.services.iter_mut().filter(|s| s.name == name) {
            service.is_refused = is_refused;
            service.targets.clone_from(&targets);
        }
    }

    /// All of one stage was answered: the next one begins.
    fn go_on(&mut self) {
        if !self.open.is_empty() || !self.wanted.is_empty() {
            return;
        }
        match self.stage {
            Stage::Naptr => {
                if self.services.is_empty() {
                    self.services = standard(&self.host, &self.usable);
                }
                self.ask_services();
            }
            Stage::Srv => {
                let has_none = self.services.iter().all(|s| s.targets.is_empty());
                let may_guess = self.services.iter().find(|s| !s.is_refused);
                if let Some(service) = may_guess.filter(|_| has_none) {
                    // No SRV at all: the host itself, by the transport that may be used (4.2).
                    let transport = service.transport;
                    let port = transport.default_port();
                    self.services = vec![Service::at(transport, &self.host, port)];
                }
                self.stage = Stage::Addresses;
                let targets = self.services.iter().flat_map(|s| &s.targets);
                let names: BTreeSet<&String> = targets.map(|t| &t.host).collect();
                let names = names.into_iter().take(MAX_NAMES);
                self.wanted.extend(names.cloned().map(Query::Addresses));
                if self.wanted.is_empty() {
                    self.finish();
                }
            }
            Stage::Addresses => self.finish(),
            Stage::Done => {}
        }
    }

    fn finish(&mut self) {
        self.stage = Stage::Done;
        for service in &self.services {
            for Target { host, port } in &service.targets {
                for ip in self.addresses.get(host).into_iter().flatten() {
                    let peer = Peer::new(service.transport, SocketAddr::new(*ip, *port));
                    if !self.found.contains(&peer) && self.found.len() < MAX_LOCATED {
                        self.found.push(peer);
                    }
                }
            }
        }
    }
}

/// Whether a host may be asked for: what the name service could not hold is not sent to it.
fn is_name(host: &str) -> bool {
    let labels = host.trim_end_matches('.');
    let is_label = |label: &str| !label.is_empty() && label.len() <= 63;
    labels.len() <= 253 && labels.split('.').all(is_label)
}
