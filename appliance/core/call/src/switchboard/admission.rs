//! Requests from outside any dialog: who is let in, and what the others are told.

use std::time::Instant;

use sip::limits::MAX_CREDENTIALS;
use sip::{Address, AuthParams, Headers, Method, Peer, Reply, Request, TxId};

use super::Switchboard;
use crate::address::{cut, number};
use crate::event::{Caller, LegEvent, Origin};
use crate::gate::{Account, Knock, Verdict};
use crate::leg::{Invite, Leg};
use crate::limits::{MAX_LEGS, MIN_SESSION_S, RETRY_AFTER_S};
use crate::line::{Line, Showing};
use crate::offer::SDP;
use crate::refresh::{self, Agreement, Wish};

/// What we serve, for Allow (RFC 3261 section 20.5).
pub(super) const ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, INFO, UPDATE, NOTIFY, REFER";

/// What we can beyond the core, for Supported.
pub(super) const SUPPORTED: &str = "100rel, timer, replaces";

/// The same towards a peer that must not answer with reliable 1xx.
pub(super) const SUPPORTED_UNRELIABLE: &str = "timer, replaces";

impl Switchboard {
    pub(super) fn on_invite(&mut self, now: Instant, tx: TxId, from: Peer, request: Request) {
        let Some(account) = self.admit(now, tx, from, &request) else {
            return;
        };
        if let Some(counter) = self.no_room(now) {
            *counter += 1;
            self.endpoint.respond(now, tx, &overload());
            // Without state: a burst of calls that are turned away costs no memory.
            return self.endpoint.drop_silently(tx);
        }
        if refresh::agree(wish(&request).borrow()) == Agreement::TooSmall {
            self.stats.refused.interval += 1;
            let reply = Reply::new(422).with_header("Min-SE", MIN_SESSION_S.to_string());
            return self.endpoint.respond(now, tx, &reply);
        }
        if request.headers.privacy().is_beyond_us() {
            self.stats.refused.privacy += 1;
            let mut reply = Reply::new(500);
            reply.reason = Some("Privacy Not Available".to_owned());
            return self.endpoint.respond(now, tx, &reply);
        }
        let replaces = match self.replaced(&account, &request) {
            Ok(replaces) => replaces,
            Err(refusal) => {
                self.stats.refused.transfers += 1;
                return self.endpoint.respond(now, tx, &refusal);
            }
        };
        let leg = self.next_leg();
        let origin = match account {
            Account::Trunk(name) => Origin::Trunk(name.to_string()),
            Account::Device(name) => Origin::Device(name.to_string()),
        };
        let mut caller = caller(origin.clone(), &request);
        caller.replaces = replaces;
        let first = |addresses: Vec<Address>| addresses.first().map(|one| number(&one.uri));
        // Only a line of the trust domain is believed; any phone may ask.
        let line = match &origin {
            Origin::Trunk(name) => Line::Trunk(name.clone()),
            Origin::Device(name) => Line::Device(name.clone()),
        };
        if self.gate.trusts(&line) {
            caller.asserted = first(request.headers.asserted());
        }
        if matches!(origin, Origin::Device(_)) {
            caller.preferred = first(request.headers.preferred());
        }
        if let Origin::Trunk(name) = &origin
            && self
                .accounts
                .get(name)
                .is_some_and(|a| a.user() == caller.to)
            && request.to.uri.user().is_some()
        {
            // It calls the address that we registered; the number stands in To.
            caller.to = number(&request.to.uri);
        }
        self.index.invites.insert(tx, leg);
        let invite = Invite { tx, request };
        self.legs.insert(leg, Leg::incoming(origin, from, invite));
        self.events.push_back(LegEvent::Incoming { leg, caller });
    }

    /// The counter of what stands against a new call now, if anything does.
    fn no_room(&mut self, now: Instant) -> Option<&mut u64> {
        let refused = &mut self.stats.refused;
        if self.house.draining {
            Some(&mut refused.stopping)
        } else if self.legs.len() >= MAX_LEGS {
            Some(&mut refused.full)
        } else if self.house.load.is_high(now) {
            Some(&mut refused.late)
        } else {
            None
        }
    }

    /// A request that belongs to no dialog of ours.
    pub(super) fn on_stray(&mut self, now: Instant, tx: TxId, from: Peer, request: &Request) {
        let Some(account) = self.admit(now, tx, from, request) else {
            return;
        };
        if request.method == Method::Register {
            return self.on_register(now, tx, from, &account, request);
        }
        let reply = match &request.method {
            Method::Options => capabilities(if self.house.draining { 503 } else { 200 }),
            _ if request.to.tag.is_some() => {
                self.stats.refused.stray_requests += 1;
                Reply::new(481)
            }
            Method::Bye | Method::Info | Method::Update | Method::Notify | Method::Prack => {
                self.stats.refused.stray_requests += 1;
                Reply::new(481)
            }
            method => {
                self.stats.refused.method += 1;
                unserved(method)
            }
        };
        self.endpoint.respond(now, tx, &reply);
    }

    /// A phone comes, stays or goes. Carriers have nothing to register here.
    fn on_register(
        &mut self,
        now: Instant,
        tx: TxId,
        from: Peer,
        account: &Account,
        request: &Request,
    ) {
        let Account::Device(device) = account else {
            self.stats.refused.registrations += 1;
            return self.endpoint.respond(now, tx, &Reply::new(403));
        };
        let outcome = self.registrar.register(now, device, from, request);
        if outcome.reply.status >= 300 {
            self.stats.refused.registrations += 1;
        }
        self.endpoint.respond(now, tx, &outcome.reply);
        if let Some(contacts) = outcome.changed {
            self.registered(device.to_string(), contacts);
        }
    }

    /// The account that `request` belongs to; otherwise it has been answered or dropped.
    fn admit(&mut self, now: Instant, tx: TxId, from: Peer, request: &Request) -> Option<Account> {
        let (endpoint, realm) = (&self.endpoint, self.house.realm.as_str());
        let users = users(request, realm);
        let knock = Knock {
            source: from.addr.ip(),
            users: &users,
            agent: request.headers.first("User-Agent").unwrap_or_default(),
            is_known: self.registrar.knows(from.addr.ip()),
        };
        let verdict = self.gate.judge(now, knock, |login| {
            endpoint.verify(now, request, &login.username, &login.password, realm)
        });
        // Strangers are answered without state (RFC 3261 section 8.2.7): they cost no memory, and
        // an answer to a forged address is sent once, never again and again.
        match verdict {
            Verdict::Admit(account) => {
                self.endpoint.introduce(tx);
                return Some(account);
            }
            Verdict::Challenge => self.endpoint.challenge(now, tx, &self.house.realm),
            Verdict::Refuse => self.endpoint.respond(now, tx, &Reply::new(403)),
            Verdict::Silence => {}
        }
        self.endpoint.drop_silently(tx);
        None
    }
}

/// What a request says about session timers, with its list headers joined.
pub(super) struct OwnedWish<'a> {
    request: &'a Request,
    supported: String,
}

impl OwnedWish<'_> {
    pub(super) fn borrow(&self) -> Wish<'_> {
        let header = |name| self.request.headers.first(name);
        Wish {
            supported: &self.supported,
            session_expires: header("Session-Expires"),
            min_se: header("Min-SE"),
        }
    }
}

pub(super) fn wish(request: &Request) -> OwnedWish<'_> {
    OwnedWish {
        request,
        supported: joined(&request.headers, "Supported"),
    }
}

/// All values of a list header as one list.
pub(super) fn joined(headers: &Headers, name: &str) -> String {
    let values: Vec<_> = headers.all(name).collect();
    values.join(",")
}

/// 503 with the time to wait.
pub(super) fn overload() -> Reply {
    Reply::new(503).with_header("Retry-After", RETRY_AFTER_S.to_string())
}

/// What we can, as the answer to OPTIONS (RFC 3261 section 11.2).
pub(super) fn capabilities(status: u16) -> Reply {
    let reply = Reply::new(status)
        .with_header("Allow", ALLOW)
        .with_header("Accept", SDP)
        .with_header("Supported", SUPPORTED);
    if status == 503 {
        reply.with_header("Retry-After", RETRY_AFTER_S.to_string())
    } else {
        reply
    }
}

/// 501 for a method unknown to us, 405 for one that we know and do not serve.
pub(super) fn unserved(method: &Method) -> Reply {
    Reply::new(if method.is_known() { 405 } else { 501 }).with_header("Allow", ALLOW)
}

/// The user names that a request shows for our realm.
fn users(request: &Request, realm: &str) -> Vec<String> {
    let shown = request.headers.all("Authorization").take(MAX_CREDENTIALS);
    let ours = shown
        .filter_map(AuthParams::parse)
        .filter(|auth| auth.get("realm").as_deref() == Some(realm));
    ours.filter_map(|auth| auth.get("username")).collect()
}

fn caller(origin: Origin, request: &Request) -> Caller {
    Caller {
        origin,
        from: number(&request.from.uri),
        display: request.from.display.as_deref().map(cut),
        asserted: None,
        preferred: None,
        showing: match request.headers.privacy() {
            privacy if privacy.none => Showing::Open,
            privacy if privacy.hides_caller() => Showing::Hidden,
            _ => Showing::Usual,
        },
        to: number(&request.uri),
        sip_call_id: cut(&request.call_id),
        replaces: None,
    }
}
