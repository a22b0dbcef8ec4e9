//! The registrar: which phones of which device can be called now (RFC 3261 section 10.3).
//!
//! `Switchboard` hands it the registrations that the gate let in. It keeps a bounded number of phones
//! per device, forgets each when its time is up, and never decides who may register.

mod contact;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use sip::{Peer, Reply, Request, Transport, Uri};

use self::contact::{Asked, Wish};
pub(crate) use self::standing::Standing;
use crate::address::{cut, number};
use crate::deadlines::Deadlines;
use crate::limits::{DEFAULT_REGISTRATION_S, MAX_CONTACTS, MAX_REGISTRATION_S, MIN_REGISTRATION_S};

/// A phone of a device, as it registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its own address, which is what it is called by.
    pub uri: Uri,
    /// Where its REGISTER came from: the way to it where it sits behind a NAT (RFC 3581).
    pub source: Peer,
    /// When it is forgotten if it does not register again.
    pub until: Instant,
    /// What it calls itself (User-Agent), cut.
    pub agent: String,
}

impl Contact {
    /// Where requests to it are sent: the address it names where that is the host its messages
    /// come from, else where they come from. A connection is used as long as it stands.
    pub(crate) fn way(&self) -> Peer {
        let Peer { transport, addr } = self.source;
        match self.uri.host_ip() {
            Some(ip)
                if transport == Transport::Udp && ip.to_canonical() == addr.ip().to_canonical() =>
            {
                let port = self.uri.port().unwrap_or_else(|| transport.default_port());
                Peer::from(SocketAddr::new(addr.ip(), port))
            }
            _ => self.source,
        }
    }
}

/// What became of a REGISTER.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    /// How many phones the device has now, where that changed.
    pub(crate) changed: Option<usize>,
}

/// A phone and how it is told from its siblings.
#[derive(Debug)]
struct Binding {
    contact: Contact,
    /// Its order among the registrations of one phone (section 10.3, step 7).
    call_id: String,
    cseq: u32,
    /// `+sip.instance`: one phone, whatever address it has after a restart (RFC 5626).
    instance: Option<String>,
    key: u64,
}

/// All phones that registered.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    devices: BTreeMap<String, Vec<Binding>>,
    index: Index,
    last_key: u64,
}

/// Phones by what else they are found by; changed together with `devices` only.
#[derive(Debug, Default)]
struct Index {
    owners: BTreeMap<u64, String>,
    sources: BTreeMap<IpAddr, usize>,
    deadlines: Deadlines<u64>,
    /// Phones that came or went, ever.
    changes: u64,
}

impl Index {
    fn add(&mut self, device: &str, binding: &Binding) {
        self.changes += 1;
        self.owners.insert(binding.key, device.to_owned());
        *self
            .sources
            .entry(binding.contact.source.addr.ip())
            .or_default() += 1;
        self.deadlines.set(binding.key, binding.contact.until);
    }

    fn remove(&mut self, binding: &Binding) {
        self.changes += 1;
        self.owners.remove(&binding.key);
        self.deadlines.clear(binding.key);
        let source = binding.contact.source.addr.ip();
        if let Some(count) = self.sources.get_mut(&source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.sources.remove(&source);
            }
        }
    }
}

impl Registrar {
    /// Serves a REGISTER of `device` that came from `source`.
    pub(crate) fn register(
        &mut self,
        now: Instant,
        device: &str,
        source: Peer,
        request: &Request,
    ) -> Outcome {
        let before = self.count(device);
        let refusal = match contact::read(request) {
            _ if number(&request.to.uri) != device => Some(Reply::new(403)),
            Err(_) => Some(Reply::new(400)),
            Ok(wish) => self.apply(now, device, source, request, wish).err(),
        };
        let after = self.count(device);
        Outcome {
            reply: refusal.unwrap_or_else(|| self.listing(now, device)),
            changed: (before != after).then_some(after),
        }
    }

    /// The phones of `device`, the one that registered last first.
    pub(crate) fn contacts(&self, device: &str) -> Vec<Contact> {
        let bindings = self.devices.get(device).into_iter().flatten();
        bindings.rev().map(|b| b.contact.clone()).collect()
    }

    /// All devices that have phones.
    pub(crate) fn all(&self) -> BTreeMap<String, Vec<Contact>> {
        let names = self.devices.keys();
        names.map(|n| (n.clone(), self.contacts(n))).collect()
    }

    /// Forgets the phones of devices that are not `kept` any more; the devices that lost some.
    pub(crate) fn keep_only(&mut self, kept: impl Fn(&str) -> bool) -> Vec<String> {
        let gone: Vec<String> = self.devices.keys().filter(|d| !kept(d)).cloned().collect();
        for device in &gone {
            self.forget_where(device, |_| true);
        }
        gone
    }

    /// The connection to `peer` is gone, and with it the only way to the phones that registered
    /// by it; the devices with the number that each has left.
    pub(crate) fn lost(&mut self, peer: Peer) -> Vec<(String, usize)> {
        if !peer.transport.is_reliable() || !self.knows(peer.addr.ip()) {
            return Vec::new();
        }
        let had = |bindings: &[Binding]| bindings.iter().any(|b| b.contact.source == peer);
        let devices = self.devices.iter().filter(|(_, bindings)| had(bindings));
        let devices: Vec<String> = devices.map(|(name, _)| name.clone()).collect();
        for device in &devices {
            self.forget_where(device, |binding| binding.contact.source == peer);
        }
        devices
            .into_iter()
            .map(|device| {
                let left = self.count(&device);
                (device, left)
            })
            .collect()
    }

    /// Forgets the phones whose time is up; the devices with the number that each has left.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(String, usize)> {
        let mut changed = BTreeMap::new();
        while let Some(key) = self.index.deadlines.pop_due(now) {
            if let Some(device) = self.index.owners.get(&key).cloned() {
                self.forget_where(&device, |binding| binding.key == key);
                changed.insert(device.clone(), self.count(&device));
            }
        }
        changed.into_iter().collect()
    }

    /// When the next phone is forgotten.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.index.deadlines.next().map(|(at, _)| at)
    }

    /// Whether some phone registered from `source`.
    pub(crate) fn knows(&self, source: IpAddr) -> bool {
        self.index.sources.contains_key(&source)
    }

    /// Phones of all devices.
    pub(crate) fn len(&self) -> usize {
        self.index.owners.len()
    }

    /// A number that is another when phones came, stayed on or went.
    pub(crate) fn changes(&self) -> u64 {
        self.index.changes
    }

    fn count(&self, device: &str) -> usize {
        self.devices.get(device).map_or(0, Vec::len)
    }

    fn apply(
        &mut self,
        now: Instant,
        device: &str,
        source: Peer,
        request: &Request,
        wish: Wish,
    ) -> Result<(), Reply> {
        let asked = match wish {
            Wish::List => return Ok(()),
            Wish::ForgetAll => {
                self.forget_where(device, |_| true);
                return Ok(());
            }
            Wish::Set(asked) => asked,
        };
        if asked.iter().any(|a| is_too_short(a.expires_s)) {
            let shortest = MIN_REGISTRATION_S.to_string();
            return Err(Reply::new(423).with_header("Min-Expires", shortest));
        }
        // All or nothing: an older REGISTER that comes late changes nothing (step 7).
        let is_late = |b: &Binding| b.call_id == request.call_id && b.cseq >= request.cseq;
        let known = self.devices.get(device).map_or(&[][..], Vec::as_slice);
        if known
            .iter()
            .any(|b| is_late(b) && asked.iter().any(|a| a.is(b)))
        {
            return Err(Reply::new(500).with_header("Retry-After", "1"));
        }
        for asked in asked {
            self.forget_where(device, |b| asked.is(b));
            if asked.expires_s != Some(0) {
                self.bind(now, device, source, request, asked);
            }
        }
        Ok(())
    }

    fn bind(&mut self, now: Instant, device: &str, source: Peer, request: &Request, asked: Asked) {
        let seconds = asked
            .expires_s
            .unwrap_or(DEFAULT_REGISTRATION_S)
            .min(MAX_REGISTRATION_S);
        let until = now + Duration::from_secs(u64::from(seconds));
        self.last_key += 1;
        let agent = request.headers.first("User-Agent").unwrap_or_default();
        let binding = Binding {
            contact: Contact {
                uri: asked.uri,
                source,
                until,
                agent: cut(agent),
            },
            call_id: request.call_id.clone(),
            cseq: request.cseq,
            instance: asked.instance,
            key: self.last_key,
        };
        let bindings = self.devices.entry(device.to_owned()).or_default();
        // The one that registered longest ago gives way: a phone that is still there comes again.
        if bindings.len() >= MAX_CONTACTS {
            self.index.remove(&bindings.remove(0));
        }
        self.index.add(device, &binding);
        bindings.push(binding);
    }

    fn forget_where(&mut self, device: &str, which: impl Fn(&Binding) -> bool) {
        let Some(bindings) = self.devices.get_mut(device) else {
            return;
        };
        for gone in bindings.extract_if(.., |b| which(b)) {
            self.index.remove(&gone);
        }
        if bindings.is_empty() {
            self.devices.remove(device);
        }
    }

    /// 200 with every phone of the device (step 8).
    fn listing(&self, now: Instant, device: &str) -> Reply {
        let mut reply = Reply::new(200);
        for binding in self.devices.get(device).into_iter().flatten() {
            let left = binding.contact.until.saturating_duration_since(now);
            let value = format!("<{}>;expires={}", binding.contact.uri, left.as_secs());
            reply = reply.with_header("Contact", value);
        }
        reply
    }
}

fn is_too_short(expires_s: Option<u32>) -> bool {
    expires_s.is_some_and(|seconds| seconds > 0 && seconds < MIN_REGISTRATION_S)
}
