//! Where the INVITEs of a call go, and what stands in them.
//!
//! A device rings all its phones at once; a carrier's servers are asked in turn, and while they
//! are not located yet the call waits. All INVITEs of a leg carry the one offer of its stream.

use std::collections::VecDeque;
use std::time::Instant;

use rand_core::RngCore;
use sip::{Body, OutgoingInvite, Peer, Uri};

use super::admission::{ALLOW, SUPPORTED, SUPPORTED_UNRELIABLE};
use super::answering::stream_id;
use super::{Parting, Switchboard, Why};
use crate::account::Account;
use crate::address::sip_uri;
use crate::cause::Cause;
use crate::leg::{Dialling, LegId, LegStream, State, Target};
use crate::limits::{MIN_SESSION_S, SERVER_PATIENCE};
use crate::line::{Dial, Line, Showing};
use crate::offer::{self, SDP};
use crate::registrar::Contact;
use crate::sound::Sound;
use crate::trunk::{Identity, Manner};

/// How a call is placed.
#[derive(Debug)]
pub(super) enum Plan {
    /// All at once.
    Fork(Vec<Target>),
    /// One after another.
    InTurn(VecDeque<Target>),
    /// The servers are not located yet.
    Wait,
}

impl Switchboard {
    /// Where the INVITEs of a call go.
    pub(super) fn plan(&mut self, now: Instant, dial: &Dial) -> Result<Plan, Cause> {
        match &dial.line {
            Line::Device(name) if !self.gate.has_device(name) => Err(Cause::NoRoute),
            Line::Device(name) => {
                let contacts = self.registrar.contacts(name);
                if contacts.is_empty() {
                    return Err(Cause::NotRegistered);
                }
                let local = self.endpoint.config().local;
                let trusted = self.gate.trusts(&dial.line);
                let manner = Manner {
                    identity: Identity::Asserted,
                    ..Manner::default()
                };
                let target = |contact: Contact| Target {
                    peer: contact.way(),
                    request_uri: contact.uri,
                    credentials: None,
                    domain: local.of(contact.source.transport).to_string(),
                    manner,
                    trusted,
                };
                Ok(Plan::Fork(contacts.into_iter().map(target).collect()))
            }
            Line::Trunk(name) => {
                let Some(peers) = self.accounts.route(now, name) else {
                    let is_coming = self.accounts.is_locating(name);
                    let is_known = self.accounts.get(name).is_some();
                    return match (is_coming, is_known) {
                        (true, _) => Ok(Plan::Wait),
                        (false, true) => Err(Cause::PeerUnreachable),
                        (false, false) => Err(Cause::NoRoute),
                    };
                };
                let account = self.accounts.get(name).ok_or(Cause::NoRoute)?;
                let trusted = self.gate.trusts(&dial.line);
                let targets = peers
                    .into_iter()
                    .map(|peer| target((account, trusted), peer, &dial.to));
                let targets: Option<VecDeque<Target>> = targets.collect();
                targets.map(Plan::InTurn).ok_or(Cause::UnknownNumber)
            }
        }
    }

    /// Gives a leg that is to call somebody its stream.
    /// It offers first what `caller` speaks.
    pub(super) fn prepare(
        &mut self,
        now: Instant,
        leg: LegId,
        caller: Option<LegId>,
    ) -> Result<(), Cause> {
        let party = self.legs.get(&leg).map(|entry| &entry.party);
        let mut sound = party.map_or_else(Sound::of_trunk, |party| self.gate.sound_of(party));
        if let Some(codec) = caller.and_then(|caller| self.codec_of(caller)) {
            sound.prefer(codec);
        }
        let port = self.ports.take(now).ok_or(Cause::Overload)?;
        let secret = super::answering::secret(&mut self.house.keys);
        let mut stream = LegStream::new(stream_id(leg), port, (sound, secret));
        stream.offering = true;
        self.index.streams.insert(stream.id, leg);
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends the first INVITEs of a leg.
    pub(super) fn place(&mut self, now: Instant, leg: LegId, plan: Plan) -> Result<(), Cause> {
        match plan {
            Plan::Wait => return Ok(()),
            Plan::Fork(targets) => {
                for target in targets {
                    self.send_invite(now, leg, target);
                }
            }
            Plan::InTurn(targets) => {
                if let Some(dialling) = self.dialling(leg) {
                    dialling.spare = targets;
                }
                self.next_target(now, leg);
            }
        }
        let Some(dialling) = self.dialling(leg).filter(|d| d.branches.is_empty()) else {
            return Ok(());
        };
        Err(dialling.failed.unwrap_or(Cause::UnknownNumber))
    }

    /// Asks the next server of a carrier; false where there is none left.
    pub(super) fn next_target(&mut self, now: Instant, leg: LegId) -> bool {
        let Some(dialling) = self.dialling(leg) else {
            return false;
        };
        let (urgent, has_spare) = (dialling.dial.urgent, dialling.dial.has_spare);
        let Some(target) = dialling.spare.pop_front() else {
            return false;
        };
        if !urgent && self.is_shed(now, target.peer) {
            self.stats.shed += 1;
            if let Some(dialling) = self.dialling(leg) {
                dialling.note_failure(Cause::Congested);
            }
            return self.next_target(now, leg);
        }
        let Some(dialling) = self.dialling(leg) else {
            return false;
        };
        if dialling.spare.is_empty() && !has_spare {
            self.deadlines.clear((leg, Why::Server));
        } else {
            self.deadlines
                .set((leg, Why::Server), now + SERVER_PATIENCE);
        }
        self.send_invite(now, leg, target)
    }

    /// Whether this call is one of those that a server asked us to leave out (RFC 7339).
    fn is_shed(&mut self, now: Instant, peer: Peer) -> bool {
        let percent = self.endpoint.relief_for(now, peer);
        percent > 0 && self.house.random.next_u32() % 100 < u32::from(percent)
    }

    /// The servers of a trunk were located, or could not be: calls that waited go on or end.
    pub(super) fn place_waiting(&mut self, now: Instant, trunk: &str) {
        let is_waiting = |state: &State| match state {
            State::Dialling(dialling) => {
                dialling.branches.is_empty() && dialling.dial.line == Line::Trunk(trunk.to_owned())
            }
            _ => false,
        };
        let waiting: Vec<LegId> = self
            .legs
            .iter()
            .filter(|(_, leg)| is_waiting(&leg.state))
            .map(|(id, _)| *id)
            .collect();
        for leg in waiting {
            let Some(dial) = self.dialling(leg).map(|d| d.dial.clone()) else {
                continue;
            };
            let plan = match self.plan(now, &dial) {
                Ok(Plan::Wait) => Err(Cause::PeerUnreachable),
                plan => plan,
            };
            if let Err(cause) = plan.and_then(|plan| self.place(now, leg, plan)) {
                self.finish(now, leg, cause, Parting::Speak);
            }
        }
    }

    fn send_invite(&mut self, now: Instant, leg: LegId, target: Target) -> bool {
        let Some(entry) = self.legs.get(&leg) else {
            return false;
        };
        let (State::Dialling(dialling), Some(stream)) = (&entry.state, &entry.stream) else {
            return false;
        };
        let body = Body::new(SDP, offer::offer(&self.place_of(stream)));
        let peer = target.peer;
        let Some(invite) = invite(&dialling.dial, target.clone(), body) else {
            return false;
        };
        let dialog = self.endpoint.invite(now, invite);
        self.index.dialogs.insert(dialog, leg);
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.peer = peer;
        }
        if let Some(dialling) = self.dialling(leg) {
            dialling.branches.push(dialog);
        }
        true
    }

    fn dialling(&mut self, leg: LegId) -> Option<&mut Dialling> {
        match self.legs.get_mut(&leg).map(|l| &mut l.state) {
            Some(State::Dialling(dialling)) => Some(dialling),
            _ => None,
        }
    }
}

fn target((account, trusted): (&Account, bool), peer: Peer, number: &str) -> Option<Target> {
    let login = account.outbound.login.as_ref();
    let manner = account.outbound.manner;
    Some(Target {
        peer,
        request_uri: manner.uri(number, account.domain())?,
        credentials: login.map(|login| sip::Credentials {
            user: login.username.clone(),
            password: login.password.clone(),
        }),
        domain: account.domain().to_owned(),
        manner,
        trusted,
    })
}

/// The INVITE to one target; `None` where a number is no part of a URI.
fn invite(dial: &Dial, target: Target, body: Body) -> Option<OutgoingInvite> {
    let manner = target.manner;
    let ours = manner.uri(&dial.from, &target.domain)?;
    let supported = if manner.reliable {
        SUPPORTED
    } else {
        SUPPORTED_UNRELIABLE
    };
    let mut headers = vec![
        ("Allow".to_owned(), ALLOW.to_owned()),
        ("Accept".to_owned(), SDP.to_owned()),
        ("Supported".to_owned(), supported.to_owned()),
    ];
    if let Some(session) = manner.session {
        let seconds = session.as_secs();
        headers.push(("Session-Expires".to_owned(), seconds.to_string()));
        headers.push(("Min-SE".to_owned(), MIN_SESSION_S.to_string()));
    }
    // Outside the trust domain nobody is told more than the called party may know.
    if target.trusted
        && let Some(name) = manner.identity.header()
    {
        headers.push((name.to_owned(), format!("<{ours}>")));
    }
    let hidden = || Uri::parse("sip:anonymous@anonymous.invalid").ok();
    let privacy = match dial.showing {
        Showing::Usual => None,
        Showing::Hidden => Some("id"),
        Showing::Open => Some("none"),
    };
    headers.extend(privacy.map(|value| ("Privacy".to_owned(), value.to_owned())));
    let (from_uri, display) = if dial.showing == Showing::Hidden {
        (hidden()?, Some("Anonymous".to_owned()))
    } else {
        (ours, dial.display.clone())
    };
    Some(OutgoingInvite {
        to: target.peer,
        to_uri: manner.uri(&dial.to, &target.domain)?,
        request_uri: target.request_uri,
        from_uri,
        display,
        body: Some(body),
        credentials: target.credentials,
        headers,
    })
}

impl Manner {
    /// The address of a number at a carrier.
    fn uri(self, number: &str, domain: &str) -> Option<Uri> {
        let uri = sip_uri(number, domain)?;
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if self.user_phone && is_number {
            Uri::parse(&format!("{uri};user=phone")).ok()
        } else {
            Some(uri)
        }
    }
}

impl Identity {
    /// The header field that tells a trusted carrier who calls.
    fn header(self) -> Option<&'static str> {
        match self {
            Self::From => None,
            Self::Preferred => Some("P-Preferred-Identity"),
            Self::Asserted => Some("P-Asserted-Identity"),
        }
    }
}
