//! Phones that hand their party to somebody else, and phones that take another's place.
//!
//! Blind: the party is held, and the new one is called on the account of the phone that asked.
//! Attended: the two parties of the phone's two calls are left with one another; the call in which
//! it asked goes on, the other ends. Trunks never ask: the switchboard refuses them.

use std::sync::Arc;
use std::time::Instant;

use call::{Caller, Cause, LegId, Origin};

use super::Centre;
use super::call_state::{Entry, Otherwise, Party, Side};
use super::connect::Wanted;
use crate::call_id::CallId;
use crate::event::CallState;
use crate::ledger::Phase;
use crate::limits::INSIDE_PATIENCE;
use crate::site::Door;

/// What a phone is told whose wish means no call that can be transferred.
const NO_SUCH_CALL: u16 = 481;

impl Centre {
    /// The phone of `leg` wants its party with `to`, or with the other party of `replaces`.
    pub(super) fn transfer_asked(
        &mut self,
        now: Instant,
        leg: LegId,
        to: &str,
        replaces: Option<LegId>,
    ) {
        let found = self.call_of(leg).and_then(|(id, call)| {
            let stays = call.partner(leg).filter(|_| call.is_running())?;
            Some((id, stays))
        });
        let Some((id, stays)) = found else {
            return self.switchboard.transfer_done(now, leg, NO_SUCH_CALL);
        };
        match replaces {
            None => self.blind(now, id, leg, stays, to),
            Some(other) => self.attended(now, id, (leg, stays), other),
        }
    }

    /// The transfer came about: the phone that asked is let go.
    pub(super) fn handed_over(&mut self, now: Instant, asker: LegId) {
        self.switchboard.transfer_done(now, asker, 200);
        self.switchboard.end(now, asker, Cause::Transferred);
    }

    /// The transfer failed: the phone that asked has its party back, where it is still there.
    pub(super) fn transfer_refused(
        &mut self,
        now: Instant,
        id: CallId,
        asker: LegId,
        cause: Cause,
    ) {
        self.switchboard
            .transfer_done(now, asker, cause.sip_status());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.pair = Some((call.lead, asker));
        self.speak(now, id);
    }

    /// The phone that asked for a transfer hung up before it came about.
    pub(super) fn asker_left(&mut self, id: CallId) {
        let call = self.calls.get_mut(&id);
        if let Some(attempt) = call.and_then(|call| call.attempt.as_mut()) {
            attempt.otherwise = Otherwise::End;
        }
    }

    fn blind(&mut self, now: Instant, id: CallId, asker: LegId, stays: LegId, to: &str) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let site = Arc::clone(&call.site);
        let party = call.sides.get(&asker).map(|side| side.party.clone());
        let device = party.as_ref().and_then(Party::device);
        let people = site.people();
        let is_person = people.device(to).is_some() || people.agent_of_number(to).is_some();
        let number = site.inner_number(to).filter(|_| !is_person);
        self.part(now, id, stays);
        if let Some(Door::Target(target)) = number.map(|number| &number.door) {
            self.handed_over(now, asker);
            return self.answer_with(now, id, Entry::Target(target.clone()));
        }
        let to = match number.map(|number| &number.door) {
            Some(Door::Device(device)) => device,
            Some(Door::Agent(agent)) => {
                let otherwise = Otherwise::Tell(asker);
                return self.call_agent(now, id, agent, INSIDE_PATIENCE, otherwise);
            }
            Some(Door::Target(_)) | None => to,
        };
        let wanted = Wanted {
            to,
            device,
            patience: INSIDE_PATIENCE,
        };
        self.connect(now, id, wanted, Otherwise::Tell(asker));
    }

    fn attended(&mut self, now: Instant, id: CallId, ours: (LegId, LegId), other: LegId) {
        let (asker, stays) = ours;
        let second = self.index.legs.get(&other).copied().filter(|of| *of != id);
        let found = second.and_then(|second| {
            let call = self.calls.get_mut(&second)?;
            let far = call.partner(other).filter(|_| call.is_running());
            let tries = call.attempt.is_some() && call.lead == other;
            Some((second, far, tries))
        });
        match found {
            Some((second, Some(far), false)) => {
                self.part(now, id, stays);
                self.adopt(second, id, far);
                let party = self.calls.get_mut(&id).and_then(|call| {
                    call.pair = Some((stays, far));
                    Some(call.sides.get(&far)?.party.clone())
                });
                if let Some(party) = party {
                    self.note_who(id, &party);
                }
                self.handed_over(now, asker);
                self.leave_alone(now, second, other);
                self.speak(now, id);
            }
            // The other call still rings: it goes on ringing, for the party that stays.
            Some((second, _, true)) => {
                self.part(now, id, stays);
                let attempt = self.calls.get_mut(&second).and_then(|c| c.attempt.take());
                let legs = attempt.iter().flat_map(|attempt| attempt.legs.clone());
                for leg in legs.collect::<Vec<_>>() {
                    self.adopt(second, id, leg);
                }
                if let Some(call) = self.calls.get_mut(&id) {
                    call.attempt = attempt.map(|attempt| super::call_state::Attempt {
                        otherwise: Otherwise::Tell(asker),
                        ..attempt
                    });
                }
                self.leave_alone(now, second, other);
            }
            _ => self.switchboard.transfer_done(now, asker, NO_SUCH_CALL),
        }
    }

    /// A phone takes the place of `old`: in its talk, or at the phone that rings.
    pub(super) fn take_place(&mut self, now: Instant, leg: LegId, old: LegId, caller: &Caller) {
        let Origin::Device(device) = &caller.origin else {
            return self.switchboard.end(now, leg, Cause::Forbidden);
        };
        let Some((id, call)) = self.call_of(old).filter(|(_, call)| call.is_running()) else {
            return self.switchboard.end(now, leg, Cause::NoRoute);
        };
        let rings = call.attempt.as_ref().is_some_and(|a| a.legs.contains(&old));
        let stays = call.partner(old).filter(|_| !rings);
        if !rings && stays.is_none() {
            return self.switchboard.end(now, leg, Cause::NoRoute);
        }
        let party = Party::Device(device.clone());
        call.sides.insert(leg, Side::new(party));
        if let Some(stays) = stays {
            (call.pair, call.lead) = (Some((stays, leg)), stays);
        }
        self.index.legs.insert(leg, id);
        self.occupy(now, device, leg);
        if rings {
            self.note_leg(id, leg);
        }
        self.switchboard.answer(now, leg);
        if stays.is_some() {
            self.switchboard.end(now, old, Cause::Transferred);
        }
    }

    /// Parts a pair; the one that stays is the lead from now on and hears the hold music.
    fn part(&mut self, now: Instant, id: CallId, stays: LegId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        (call.pair, call.lead) = (None, stays);
        call.turn(now, CallState::Transferring, Phase::Ring);
        let site = Arc::clone(&call.site);
        self.switchboard.unbridge(now, stays);
        if !site.hold().is_empty() {
            self.switchboard.play(stays, site.hold().to_vec(), true);
        }
        self.show_change(id);
    }

    /// A leg goes on in another call.
    fn adopt(&mut self, from: CallId, to: CallId, leg: LegId) {
        let side = self.calls.get_mut(&from).and_then(|call| {
            call.pair = None;
            call.sides.remove(&leg)
        });
        let Some((side, call)) = side.zip(self.calls.get_mut(&to)) else {
            return;
        };
        self.index.legs.insert(leg, to);
        call.sides.insert(leg, side);
    }

    /// A call whose other party went on elsewhere ends with the phone that is left.
    fn leave_alone(&mut self, now: Instant, id: CallId, leg: LegId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.lead = leg;
        }
        self.end_call(now, id, Cause::Transferred);
    }
}
