//! Calls that leave by a trunk: the ways out in order, each asked of the shield first.

use std::time::Instant;

use call::{Cause, Dial, LegId, Line, Showing};

use super::Centre;
use super::call_state::{Otherwise, Party};
use super::connect::Wanted;
use crate::call_id::CallId;
use crate::event::Event;
use crate::limits::OUTSIDE_PATIENCE;
use crate::record::Direction;
use crate::shield::{Account, Refusal, RefusalWhy, Wish};
use crate::site::WayOut;

impl Centre {
    /// Calls `to` over the first way that protection allows and that works.
    pub(super) fn call_outside(
        &mut self,
        now: Instant,
        id: CallId,
        to: &str,
        device: Option<&str>,
        otherwise: Otherwise,
    ) {
        let wanted = Wanted {
            to,
            device,
            patience: OUTSIDE_PATIENCE,
        };
        self.attempt(id, wanted, otherwise);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let site = call.site.clone();
        let phone = device.and_then(|name| site.people().device(name));
        let may_call = phone.is_none_or(|phone| phone.outbound) || site.plan().is_emergency(to);
        let lead = call.sides.get(&call.lead);
        let claim = lead.and_then(|side| side.wishes.claim.clone());
        let ways = site.ways_out_as(to, phone, claim.as_deref());
        if ways.is_empty() {
            return self.attempt_failed(now, id, Cause::NoRoute);
        }
        if !may_call {
            self.refuse(id, None, RefusalWhy::NoOutbound);
            return self.attempt_failed(now, id, Cause::Forbidden);
        }
        if let Some(attempt) = call.attempt.as_mut() {
            attempt.ways = ways.into();
        }
        self.next_way(now, id);
    }

    /// Takes the next way of the attempt that the shield allows; none is a failure.
    pub(super) fn next_way(&mut self, now: Instant, id: CallId) {
        let mut failed = None;
        while let Some((way, dialled, device)) = self.take_way(id) {
            let moment = self.moment(now);
            let site = self.site.clone();
            let wish = Wish {
                dialled: &dialled,
                number: &way.to,
                trunk: &way.trunk,
                device: device.as_deref(),
            };
            match self.shield.ask(now, moment, &site, wish) {
                Ok(ticket) => {
                    let leg = self.dial_outside(now, id, &way);
                    self.shield.begin(now, moment, leg, ticket);
                    return self.note_leg(id, leg);
                }
                Err((why, account)) => {
                    let trunk = match account {
                        Some(Account::Trunk(name)) => Some(name),
                        Some(Account::Device(_)) | None => None,
                    };
                    // What a trunk has no room for, another may carry.
                    let is_full = trunk.is_some();
                    self.refuse(id, trunk, why);
                    failed = Some(Cause::Forbidden);
                    if !is_full {
                        break;
                    }
                }
            }
        }
        let before = self
            .calls
            .get(&id)
            .and_then(|call| call.attempt.as_ref()?.failed);
        let cause = failed.or(before).unwrap_or(Cause::NoRoute);
        self.attempt_failed(now, id, cause);
    }

    fn take_way(&mut self, id: CallId) -> Option<(WayOut, String, Option<String>)> {
        let attempt = self.calls.get_mut(&id)?.attempt.as_mut()?;
        let way = attempt.ways.pop_front()?;
        Some((way, attempt.dialled.clone(), attempt.device.clone()))
    }

    fn dial_outside(&mut self, now: Instant, id: CallId, way: &WayOut) -> LegId {
        if let Some(call) = self.calls.get_mut(&id) {
            let handled = call.report.handled_mut();
            if handled.direction != Direction::Inbound {
                handled.direction = Direction::Outbound;
                call.report.goes_by(&way.trunk);
            }
        }
        let urgent = self.is_for_help(id);
        let attempt = self.calls.get(&id).and_then(|call| call.attempt.as_ref());
        let has_spare = attempt.is_some_and(|attempt| !attempt.ways.is_empty());
        let showing = if urgent {
            Showing::Usual
        } else {
            self.showing(id, way)
        };
        let dial = Dial {
            line: Line::Trunk(way.trunk.clone()),
            to: way.to.clone(),
            from: way.from.clone(),
            display: None,
            showing,
            urgent,
            has_spare,
            patience: OUTSIDE_PATIENCE,
        };
        let party = Party::Trunk {
            trunk: way.trunk.clone(),
            number: way.to.clone(),
        };
        self.place(now, id, party, dial)
    }

    /// Whether somebody calls for help: who calls is always shown then, to be called back, and
    /// no carrier asks for fewer of such calls.
    fn is_for_help(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(|call| {
            let attempt = call.attempt.as_ref();
            attempt.is_some_and(|attempt| call.site.plan().is_emergency(&attempt.dialled))
        })
    }

    /// Whether the called party may see who calls: by the caller's wish, else by the route.
    fn showing(&self, id: CallId, way: &WayOut) -> Showing {
        let Some(call) = self.calls.get(&id) else {
            return Showing::Usual;
        };
        let lead = call.sides.get(&call.lead);
        let wished = lead.map(|side| side.wishes.showing).unwrap_or_default();
        match wished {
            Showing::Usual if way.hide => Showing::Hidden,
            wished => wished,
        }
    }

    /// The money of a running call is spent.
    pub(super) fn cut_off(&mut self, now: Instant, leg: LegId) {
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        let trunk = call.sides.get(&leg).and_then(|side| match &side.party {
            Party::Trunk { trunk, .. } => Some(trunk.clone()),
            Party::Device(_) | Party::Agent { .. } => None,
        });
        self.tell_refusal(id, trunk, RefusalWhy::Money, true);
        self.switchboard.end(now, leg, Cause::Forbidden);
    }

    fn refuse(&mut self, id: CallId, trunk: Option<String>, why: RefusalWhy) {
        self.tell_refusal(id, trunk, why, false);
    }

    fn tell_refusal(&mut self, id: CallId, trunk: Option<String>, why: RefusalWhy, cut: bool) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let attempt = call.attempt.as_ref();
        let dialled = attempt.map(|attempt| attempt.dialled.clone());
        let device = attempt.and_then(|attempt| attempt.device.clone());
        let refusal = Refusal {
            call: call.id(),
            to: dialled.unwrap_or_else(|| call.report.parties().to.clone()),
            device: device.or_else(|| call.report.handled().device.clone()),
            trunk,
            why,
            cut,
        };
        tracing::warn!(call = %refusal.call, ?why, cut, "a call to the outside is refused");
        self.stats.refused += 1;
        self.show(Event::Refused(refusal));
    }
}
