//! Calls of our own: the INVITEs of a leg, what the called party says, and who wins.
//!
//! A leg may ring several phones at once. The first 2xx has it, the others are cancelled; a 2xx
//! that crosses our CANCEL is acknowledged and ended by the endpoint, so nothing is left behind.

use std::net::SocketAddr;
use std::time::Instant;

use sip::{Body, DialogId, Headers, OutgoingInvite, Peer, Reply, Uri};

use super::admission::{ALLOW, joined};
use super::{Parting, Switchboard, Why};
use crate::address::sip_uri;
use crate::cause::Cause;
use crate::event::LegEvent;
use crate::leg::{Leg, LegId, LegStream, State};
use crate::limits::MAX_LEGS;
use crate::line::{Dial, Line};
use crate::offer::{self, SDP};
use crate::refresh;
use crate::registrar::Contact;
use crate::trunk::Outbound;

/// One place that an INVITE goes to.
#[derive(Clone, Debug)]
struct Target {
    peer: Peer,
    request_uri: Uri,
    credentials: Option<sip::Credentials>,
    /// The domain of our own addresses there.
    domain: String,
    /// Whether it takes our word for who calls (RFC 3325).
    asserted: bool,
}

impl Switchboard {
    /// Places a call. Its fate comes as `Ringing`s, then `Answered` and `Opened`, or `Ended` with
    /// the cause why not; a line that cannot be called at all ends at once.
    pub fn dial(&mut self, now: Instant, dial: Dial) -> LegId {
        let leg = self.next_leg();
        let targets = self.targets(&dial);
        let peer = targets
            .as_ref()
            .ok()
            .and_then(|targets| targets.first())
            .map_or_else(
                || self.endpoint.config().local.udp.into(),
                |target| target.peer,
            );
        let is_full = self.legs.len() >= MAX_LEGS;
        self.legs
            .insert(leg, Leg::outgoing(dial.line.clone(), peer));
        let targets = match targets {
            Ok(_) if is_full || self.house.stopping => Err(Cause::Overload),
            targets => targets,
        };
        let placed = targets.and_then(|targets| self.place(now, leg, &dial, targets));
        match placed {
            Ok(()) => self
                .deadlines
                .set((leg, Why::Patience), now + dial.patience),
            Err(cause) => self.finish(now, leg, cause, Parting::Speak),
        }
        self.drain(now);
        leg
    }

    /// Tells the caller of an unanswered leg that somebody is being rung (180).
    pub fn ring(&mut self, now: Instant, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        if let State::Offered(invite) = &entry.state {
            let dialog = self.endpoint.progress(now, invite.tx, &Reply::new(180));
            entry.dialog = Some(dialog);
            self.index.dialogs.insert(dialog, leg);
        }
    }

    /// The called party rings, or its sound is there before the answer.
    pub(super) fn on_progress(
        &mut self,
        _now: Instant,
        dialog: DialogId,
        status: u16,
        body: Option<Body>,
    ) {
        let Some(leg) = self.leg_of(dialog) else {
            return;
        };
        let Some(State::Dialling(dialling)) = self.legs.get(&leg).map(|l| &l.state) else {
            return;
        };
        // Of several phones that ring at once none is heard before one is picked up.
        let is_only = dialling.branches.len() == 1;
        let (told, body) = (dialling.told, body.filter(|_| is_only));
        let mut early_media = told.unwrap_or_default();
        let place = self.legs.get(&leg).and_then(|l| l.stream.as_ref());
        let place = place.map(|stream| self.place_of(stream));
        let agreed = body.zip(place);
        if let Some(spec) = agreed.and_then(|(body, place)| offer::accept(&body.bytes, place).ok())
        {
            self.agree(leg, spec);
            early_media = true;
        }
        let rings = early_media || status == 180;
        if !rings || told == Some(early_media) {
            return;
        }
        if let Some(State::Dialling(dialling)) = self.legs.get_mut(&leg).map(|l| &mut l.state) {
            dialling.told = Some(early_media);
        }
        self.events
            .push_back(LegEvent::Ringing { leg, early_media });
    }

    /// One phone was picked up: the others stop ringing.
    pub(super) fn on_answered(
        &mut self,
        now: Instant,
        dialog: DialogId,
        headers: &Headers,
        body: Option<Body>,
    ) {
        let Some(leg) = self.leg_of(dialog) else {
            return self.endpoint.bye(now, dialog, Vec::new());
        };
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        let State::Dialling(dialling) = std::mem::replace(&mut entry.state, State::Up) else {
            return;
        };
        entry.dialog = Some(dialog);
        entry.takes_info = refresh::lists(&joined(headers, "Allow"), "INFO");
        let Some(stream) = entry.stream.as_mut() else {
            return;
        };
        stream.offering = false;
        let is_open = stream.spec.is_some();
        let place = super::answering::place(self.house.media_ip, stream);
        self.drop_branches(now, &dialling.branches, Some(dialog));
        self.deadlines.clear((leg, Why::Patience));
        self.watch(now, leg, None);
        self.events.push_back(LegEvent::Answered { leg });
        match body.map(|body| offer::accept(&body.bytes, place)) {
            Some(Ok(spec)) => self.agree(leg, spec),
            // The answer came with an earlier response (RFC 3261 13.2.1).
            None if is_open => {}
            None => self.finish(now, leg, Cause::ProtocolError, Parting::Speak),
            Some(Err(error)) => {
                tracing::debug!(%leg, %error, "the 200 has no answer we can use");
                self.finish(now, leg, offer::cause(&error), Parting::Speak);
            }
        }
        self.settle_hold(now, leg);
    }

    /// One INVITE failed; the leg ends with the last of them, or at once where the called party
    /// refuses on all its phones (6xx).
    pub(super) fn on_rejected(&mut self, now: Instant, dialog: DialogId, status: u16) {
        let Some(leg) = self.index.dialogs.remove(&dialog) else {
            return;
        };
        let Some(State::Dialling(dialling)) = self.legs.get_mut(&leg).map(|l| &mut l.state) else {
            return;
        };
        dialling.branches.retain(|branch| *branch != dialog);
        dialling.note_failure(match status {
            // Nobody ever rang there: the way to the peer is broken, not the patience.
            408 if dialling.told.is_none() => Cause::PeerUnreachable,
            status => Cause::of_status(status),
        });
        let is_over = dialling.branches.is_empty() || status >= 600;
        let cause = dialling.failed.unwrap_or(Cause::PeerUnreachable);
        if is_over {
            self.finish(now, leg, cause, Parting::Speak);
        }
    }

    /// Takes back the INVITEs of a leg but the one that won.
    pub(super) fn drop_branches(
        &mut self,
        now: Instant,
        branches: &[DialogId],
        won: Option<DialogId>,
    ) {
        for branch in branches.iter().filter(|branch| won != Some(**branch)) {
            self.index.dialogs.remove(branch);
            self.endpoint.cancel(now, *branch);
        }
    }

    /// Sends the INVITEs of a leg, all with the one offer of its stream.
    fn place(
        &mut self,
        now: Instant,
        leg: LegId,
        dial: &Dial,
        targets: Vec<Target>,
    ) -> Result<(), Cause> {
        let port = self.ports.take(now).ok_or(Cause::Overload)?;
        let mut stream = LegStream::new(super::answering::stream_id(leg), port);
        stream.offering = true;
        let body = Body::new(SDP, offer::offer(self.place_of(&stream)));
        self.index.streams.insert(stream.id, leg);
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.stream = Some(stream);
        }
        for target in targets {
            let Some(invite) = invite(dial, target, body.clone()) else {
                continue;
            };
            let dialog = self.endpoint.invite(now, invite);
            self.index.dialogs.insert(dialog, leg);
            if let Some(State::Dialling(dialling)) = self.legs.get_mut(&leg).map(|l| &mut l.state) {
                dialling.branches.push(dialog);
            }
        }
        match self.legs.get(&leg).map(|l| &l.state) {
            Some(State::Dialling(dialling)) if dialling.branches.is_empty() => {
                Err(Cause::UnknownNumber)
            }
            _ => Ok(()),
        }
    }

    /// Where the INVITEs of a call go.
    fn targets(&self, dial: &Dial) -> Result<Vec<Target>, Cause> {
        match &dial.line {
            Line::Device(name) if !self.gate.has_device(name) => Err(Cause::NoRoute),
            Line::Device(name) => {
                let contacts = self.registrar.contacts(name);
                if contacts.is_empty() {
                    return Err(Cause::NotRegistered);
                }
                let local = self.endpoint.config().local;
                let target = |contact: Contact| Target {
                    peer: contact.way(),
                    request_uri: contact.uri,
                    credentials: None,
                    domain: local.of(contact.source.transport).to_string(),
                    asserted: false,
                };
                Ok(contacts.into_iter().map(target).collect())
            }
            Line::Trunk(name) => {
                let outbound = self.outbounds.get(name).ok_or(Cause::NoRoute)?;
                let peer = literal(&outbound.host)
                    .ok_or(Cause::PeerUnreachable)?
                    .into();
                let target = trunk_target(outbound, peer, &dial.to).ok_or(Cause::UnknownNumber)?;
                Ok(vec![target])
            }
        }
    }
}

fn trunk_target(outbound: &Outbound, peer: Peer, number: &str) -> Option<Target> {
    let domain = outbound.domain.as_ref().unwrap_or(&outbound.host).clone();
    Some(Target {
        peer,
        request_uri: sip_uri(number, &domain)?,
        credentials: outbound.login.as_ref().map(|login| sip::Credentials {
            user: login.username.clone(),
            password: login.password.clone(),
        }),
        domain,
        asserted: outbound.asserted,
    })
}

/// The INVITE to one target; `None` where a number is no part of a URI.
fn invite(dial: &Dial, target: Target, body: Body) -> Option<OutgoingInvite> {
    let ours = sip_uri(&dial.from, &target.domain)?;
    let mut headers = vec![
        ("Allow".to_owned(), ALLOW.to_owned()),
        ("Accept".to_owned(), SDP.to_owned()),
        ("Supported".to_owned(), "replaces".to_owned()),
    ];
    if target.asserted {
        headers.push(("P-Asserted-Identity".to_owned(), format!("<{ours}>")));
    }
    let hidden = || Uri::parse("sip:anonymous@anonymous.invalid").ok();
    let (from_uri, display) = if dial.private {
        headers.push(("Privacy".to_owned(), "id".to_owned()));
        (hidden()?, Some("Anonymous".to_owned()))
    } else {
        (ours, dial.display.clone())
    };
    Some(OutgoingInvite {
        to: target.peer,
        to_uri: sip_uri(&dial.to, &target.domain)?,
        request_uri: target.request_uri,
        from_uri,
        display,
        body: Some(body),
        credentials: target.credentials,
        headers,
    })
}

/// The address that is written out in `host`, where one is.
fn literal(host: &str) -> Option<SocketAddr> {
    let ip = || host.trim_matches(['[', ']']).parse().ok();
    host.parse()
        .ok()
        .or_else(|| ip().map(|ip| SocketAddr::new(ip, 5060)))
}
