//! Calls of our own: what the called party says to our INVITEs, and who wins.
//!
//! A leg may ring several phones at once. The first 2xx has it, the others are cancelled; a 2xx
//! that crosses our CANCEL is acknowledged and ended by the endpoint, so nothing is left behind.
//! The servers of a carrier are asked one after another instead.

use std::time::Instant;

use sip::{Body, DialogId, Headers, ReasonHeader, Reply};

use super::admission::joined;
use super::{Parting, Switchboard, Why};
use crate::cause::Cause;
use crate::event::LegEvent;
use crate::leg::{Allows, Leg, LegId, State};
use crate::limits::MAX_LEGS;
use crate::line::{Dial, Line};
use crate::offer;
use crate::refresh;

impl Switchboard {
    /// Places a call. Its fate comes as `Ringing`s, then `Answered` and `Opened`, or `Ended` with
    /// the cause why not; a line that cannot be called at all ends at once.
    pub fn dial(&mut self, now: Instant, dial: Dial) -> LegId {
        self.dial_for(now, dial, None)
    }

    /// The same for a party that is there already: what `caller` speaks is offered first, so that
    /// nothing need be decoded between the two.
    pub fn dial_for(&mut self, now: Instant, dial: Dial, caller: Option<LegId>) -> LegId {
        let leg = self.next_leg();
        let is_full = self.house.stopping || self.legs.len() >= MAX_LEGS;
        let plan = if is_full {
            Err(Cause::Overload)
        } else {
            self.plan(now, &dial)
        };
        let nowhere = self.endpoint.config().local.udp.into();
        let patience = now + dial.patience;
        self.legs.insert(leg, Leg::outgoing(dial, nowhere));
        let placed = plan.and_then(|plan| {
            self.prepare(now, leg, caller)?;
            self.place(now, leg, plan)
        });
        match placed {
            Ok(()) => self.deadlines.set((leg, Why::Patience), patience),
            Err(cause) => self.finish(now, leg, cause, Parting::Speak),
        }
        self.drain(now);
        leg
    }

    /// Tells the caller of an unanswered leg that somebody is being rung (180).
    pub fn ring(&mut self, now: Instant, leg: LegId) {
        if let Some(State::Offered(invite)) = self.legs.get(&leg).map(|l| &l.state) {
            let ringing = Reply::new(180);
            let dialog = self.endpoint.progress(now, invite.tx, &ringing, false);
            self.lead_to(leg, dialog);
        }
    }

    /// The called party rings, or its sound is there before the answer.
    pub(super) fn on_progress(
        &mut self,
        dialog: DialogId,
        (status, is_reliable): (u16, bool),
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
        let place = place.filter(|stream| !stream.changed_early);
        let place = place.map(|stream| self.place_of(stream));
        let agreed = body.zip(place);
        if let Some(spec) = agreed.and_then(|(body, place)| offer::accept(&body.bytes, &place).ok())
        {
            self.settle_offer(leg, is_reliable);
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

    /// Our offer was answered in a 1xx: where that was reliable, either side may make the next
    /// one, before the 2xx (RFC 3262 section 5).
    fn settle_offer(&mut self, leg: LegId, is_reliable: bool) {
        let stream = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut());
        if let Some(stream) = stream.filter(|_| is_reliable) {
            stream.offering = false;
        }
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
        let State::Dialling(dialling) = &mut entry.state else {
            return;
        };
        let branches = std::mem::take(&mut dialling.branches);
        entry.state = State::Up;
        entry.dialog = Some(dialog);
        entry.allows = Allows::read(&joined(headers, "Allow"));
        let Some(stream) = entry.stream.as_mut() else {
            return;
        };
        stream.offering = false;
        let is_open = stream.spec.is_some();
        let body = body.filter(|_| !stream.changed_early);
        let place = super::answering::place(self.house.media_ip, stream);
        self.drop_branches(now, &branches, Some(dialog), Cause::AnsweredElsewhere);
        self.deadlines.clear((leg, Why::Patience));
        self.deadlines.clear((leg, Why::Server));
        let timer = refresh::granted(headers.first("Session-Expires"));
        self.watch(now, leg, timer);
        // Whoever cannot be heard has not answered: the owner may try another line, and its own
        // caller is refused, not answered and hung up on.
        match body.map(|body| offer::accept(&body.bytes, &place)) {
            Some(Ok(spec)) => {
                self.events.push_back(LegEvent::Answered { leg });
                self.agree(leg, spec);
            }
            // The answer came with an earlier response (RFC 3261 13.2.1).
            None if is_open => self.events.push_back(LegEvent::Answered { leg }),
            None => return self.finish(now, leg, Cause::ProtocolError, Parting::Speak),
            Some(Err(error)) => {
                tracing::debug!(%leg, %error, "the 200 has no answer we can use");
                return self.finish(now, leg, offer::cause(&error), Parting::Speak);
            }
        }
        self.settle_hold(now, leg);
    }

    /// One INVITE failed; the leg ends with the last of them, or at once where the called party
    /// refuses on all its phones (6xx).
    pub(super) fn on_rejected(
        &mut self,
        now: Instant,
        dialog: DialogId,
        status: u16,
        headers: &Headers,
    ) {
        let Some(leg) = self.index.dialogs.remove(&dialog) else {
            return;
        };
        let Some(State::Dialling(dialling)) = self.legs.get_mut(&leg).map(|l| &mut l.state) else {
            return;
        };
        dialling.branches.retain(|branch| *branch != dialog);
        // Nobody ever rang there: the way to the peer is broken, not the patience.
        let is_silent = status == 408 && dialling.told.is_none();
        dialling.note_failure(if is_silent {
            Cause::PeerUnreachable
        } else {
            Cause::of_refusal(status, &ReasonHeader::of(headers))
        });
        let is_over = dialling.branches.is_empty() || status >= 600;
        let cause = dialling.failed.unwrap_or(Cause::PeerUnreachable);
        if (is_silent || status == 503) && self.try_next(now, leg) {
            return;
        }
        if is_over {
            self.finish(now, leg, cause, Parting::Speak);
        }
    }

    /// The server of a carrier said nothing in its time: the next one is asked, or the call ends
    /// for another line to carry it. One that said anything is at work, and keeps the call.
    pub(super) fn check_server(&mut self, now: Instant, leg: LegId) {
        let Some(State::Dialling(dialling)) = self.legs.get_mut(&leg).map(|l| &mut l.state) else {
            return;
        };
        let is_heard = |branch: &DialogId| self.endpoint.is_heard(*branch);
        let is_kept = dialling.spare.is_empty() && !dialling.dial.has_spare;
        if is_kept || dialling.branches.iter().any(is_heard) {
            return;
        }
        let branches = std::mem::take(&mut dialling.branches);
        self.drop_branches(now, &branches, None, Cause::PeerUnreachable);
        if !self.try_next(now, leg) {
            self.finish(now, leg, Cause::PeerUnreachable, Parting::Speak);
        }
    }

    /// Asks the next server of the carrier, where there is one and nobody rings yet.
    fn try_next(&mut self, now: Instant, leg: LegId) -> bool {
        let Some(entry) = self.legs.get(&leg) else {
            return false;
        };
        let (State::Dialling(dialling), peer) = (&entry.state, entry.peer) else {
            return false;
        };
        if let Line::Trunk(name) = &dialling.dial.line {
            self.accounts.avoid(name, peer);
        }
        dialling.told.is_none() && dialling.branches.is_empty() && self.next_target(now, leg)
    }

    /// Takes back the INVITEs of a leg but the one that won, and says why (RFC 3326).
    pub(super) fn drop_branches(
        &mut self,
        now: Instant,
        branches: &[DialogId],
        won: Option<DialogId>,
        why: Cause,
    ) {
        for branch in branches.iter().filter(|branch| won != Some(**branch)) {
            self.index.dialogs.remove(branch);
            self.endpoint.cancel_because(now, *branch, why.farewell());
        }
    }
}
