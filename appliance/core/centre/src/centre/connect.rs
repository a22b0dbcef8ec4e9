//! Calling somebody for the lead: a phone, an agent, a number outside.
//!
//! There is one attempt at a time. It may ring several phones in turn or at once; the first that
//! is picked up has the call, and when none is, what was meant for that case follows.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use call::{Cause, Dial, LegId, Line};

use super::Centre;
use super::call_state::{Attempt, Entry, Otherwise, Party, Side};
use crate::call_id::CallId;
use crate::flow::FlowInput;

/// Whom somebody wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// What was dialled.
    pub(super) to: &'a str,
    /// The phone on whose account it is.
    pub(super) device: Option<&'a str>,
    /// How long a phone of the branch rings.
    pub(super) patience: Duration,
}

impl Centre {
    /// Calls whom `wanted` names: a phone, an agent, else by a route.
    pub(super) fn connect(
        &mut self,
        now: Instant,
        id: CallId,
        wanted: Wanted<'_>,
        otherwise: Otherwise,
    ) {
        let Some(site) = self.calls.get(&id).map(|call| call.site.clone()) else {
            return;
        };
        if site.people().device(wanted.to).is_some() {
            self.attempt(id, wanted, otherwise);
            self.ring_phone(now, id, wanted.to, wanted.patience);
        } else if let Some(agent) = site.people().agent_of_number(wanted.to) {
            let agent = agent.name.clone();
            self.call_agent(now, id, &agent, wanted.patience, otherwise);
        } else {
            self.call_outside(now, id, wanted.to, wanted.device, otherwise);
        }
    }

    /// Calls an agent at the phone they are signed in at.
    pub(super) fn call_agent(
        &mut self,
        now: Instant,
        id: CallId,
        agent: &str,
        patience: Duration,
        otherwise: Otherwise,
    ) {
        let wanted = Wanted {
            to: agent,
            device: None,
            patience,
        };
        self.attempt(id, wanted, otherwise);
        match self.queues.device_of(agent).map(str::to_owned) {
            Some(device) => self.ring_phone(now, id, &device, patience),
            None => self.attempt_failed(now, id, Cause::NotRegistered),
        }
    }

    /// Notes that somebody is about to be called for the lead.
    pub(super) fn attempt(&mut self, id: CallId, wanted: Wanted<'_>, otherwise: Otherwise) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.attempt = Some(Attempt {
                legs: BTreeSet::new(),
                ways: VecDeque::new(),
                dialled: wanted.to.to_owned(),
                device: wanted.device.map(str::to_owned),
                otherwise,
                failed: None,
            });
        }
    }

    fn ring_phone(&mut self, now: Instant, id: CallId, device: &str, patience: Duration) {
        let party = Party::Device(device.to_owned());
        let leg = self.dial_inside(now, id, party, device, patience);
        if let Some(leg) = leg {
            self.occupy(now, device, leg);
            self.note_leg(id, leg);
        }
    }

    /// Rings a phone of the branch for a call.
    pub(super) fn dial_inside(
        &mut self,
        now: Instant,
        id: CallId,
        party: Party,
        device: &str,
        patience: Duration,
    ) -> Option<LegId> {
        let call = self.calls.get(&id)?;
        let parties = call.report.parties();
        let caller = call.report.handled().device.as_deref();
        let shown = caller.and_then(|name| call.site.people().device(name));
        let lead = call.sides.get(&call.lead);
        let wishes = lead.map(|side| side.wishes.clone()).unwrap_or_default();
        let dial = Dial {
            line: Line::Device(device.to_owned()),
            to: device.to_owned(),
            from: match lead.map(|side| &side.party) {
                // Shown to nobody outside the trust domain: the phone is told where it belongs to it.
                Some(Party::Trunk { number, .. }) => {
                    wishes.asserted.as_ref().unwrap_or(number).clone()
                }
                Some(Party::Device(name) | Party::Agent { device: name, .. }) => name.clone(),
                None => parties.from.clone(),
            },
            display: shown.map(|device| device.shown.clone()),
            showing: wishes.showing,
            urgent: false,
            has_spare: false,
            patience,
        };
        Some(self.place(now, id, party, dial))
    }

    /// Places a call of ours; its leg is one side more of the call.
    pub(super) fn place(&mut self, now: Instant, id: CallId, party: Party, dial: Dial) -> LegId {
        let lead = self.calls.get(&id).map(|call| call.lead);
        let leg = self.switchboard.dial_for(now, dial, lead);
        self.index.legs.insert(leg, id);
        if let Some(call) = self.calls.get_mut(&id) {
            call.sides.insert(leg, Side::new(party));
        }
        leg
    }

    pub(super) fn note_leg(&mut self, id: CallId, leg: LegId) {
        let call = self.calls.get_mut(&id);
        if let Some(attempt) = call.and_then(|call| call.attempt.as_mut()) {
            attempt.legs.insert(leg);
        }
    }

    /// A phone rings for somebody: the lead hears that, or hears the other side already.
    pub(super) fn rings(&mut self, now: Instant, leg: LegId, early_media: bool) {
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        let lead = call.lead;
        if call.is_answered(lead) || !call.is_running() {
            return;
        }
        if early_media && call.attempt.as_ref().is_some_and(|a| a.legs.contains(&leg)) {
            call.pair = Some((lead, leg));
            self.switchboard.open_early(now, lead);
            self.speak(now, id);
        } else {
            self.switchboard.ring(now, lead);
        }
    }

    /// A leg of ours was picked up: it has the call, and nobody else does.
    pub(super) fn picked_up(&mut self, now: Instant, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let side = call.sides.get(&leg);
        let Some(party) = side
            .filter(|_| call.is_running())
            .map(|side| side.party.clone())
        else {
            return self.switchboard.end(now, leg, Cause::AnsweredElsewhere);
        };
        if call.partner(leg).is_some() && call.attempt.is_none() {
            // It took the place of another.
            self.note_who(id, &party);
            return self.speak(now, id);
        }
        let is_theirs = match &party {
            Party::Agent { agent, .. } => self.queues.answered(now, agent, id),
            Party::Device(_) | Party::Trunk { .. } => call
                .attempt
                .as_ref()
                .is_some_and(|attempt| attempt.legs.contains(&leg)),
        };
        if !is_theirs {
            return self.switchboard.end(now, leg, Cause::AnsweredElsewhere);
        }
        self.note_who(id, &party);
        if let Some(device) = party.device() {
            self.occupy(now, device, leg);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let (lead, attempt) = (call.lead, call.attempt.take());
        call.pair = Some((lead, leg));
        self.keep_promise(now, id);
        for other in attempt
            .iter()
            .flat_map(|attempt| &attempt.legs)
            .filter(|l| **l != leg)
        {
            self.switchboard.end(now, *other, Cause::AnsweredElsewhere);
        }
        if let Some(Otherwise::Tell(asker)) = attempt.map(|attempt| attempt.otherwise) {
            self.handed_over(now, asker);
        }
        let is_answered = self
            .calls
            .get(&id)
            .is_some_and(|call| call.is_answered(lead));
        if is_answered {
            self.speak(now, id);
        } else {
            self.switchboard.answer(now, lead);
        }
        self.show_change(id);
    }

    /// The report says who took the call.
    pub(super) fn note_who(&mut self, id: CallId, party: &Party) {
        let agent = match party {
            Party::Agent { agent, .. } => Some(agent.clone()),
            Party::Device(device) => self.queues.agent_at(device).map(str::to_owned),
            Party::Trunk { .. } => None,
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let queue = match party {
            Party::Agent { .. } => call.run.as_ref().and_then(|run| run.queue()),
            Party::Device(_) | Party::Trunk { .. } => None,
        };
        let queue = queue.map(str::to_owned);
        let handled = call.report.handled_mut();
        handled.agent = agent.or_else(|| handled.agent.take());
        handled.queue = queue.or_else(|| handled.queue.take());
        handled.answered_by = Some(match party {
            Party::Trunk { number, .. } => number.clone(),
            Party::Device(device) | Party::Agent { device, .. } => device.clone(),
        });
    }

    /// A leg of an attempt ended before it was picked up: the next way is tried, or what was
    /// meant for that case follows.
    pub(super) fn try_next(&mut self, now: Instant, id: CallId, leg: LegId, cause: Cause) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.partner(leg).is_some() {
            // It was heard before it was picked up.
            call.pair = None;
        }
        let Some(attempt) = call.attempt.as_mut() else {
            return;
        };
        attempt.legs.remove(&leg);
        attempt.failed = Some(cause);
        if !attempt.legs.is_empty() {
            return;
        }
        if !attempt.ways.is_empty() && is_of_the_way(cause) {
            return self.next_way(now, id);
        }
        self.attempt_failed(now, id, cause);
    }

    /// Nobody was reached.
    pub(super) fn attempt_failed(&mut self, now: Instant, id: CallId, cause: Cause) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(attempt) = call.attempt.take() else {
            return;
        };
        let (lead, is_open) = (call.lead, call.is_open(call.lead));
        if !call.is_running() {
            return;
        }
        match attempt.otherwise {
            Otherwise::End => self.end_call(now, id, cause),
            Otherwise::Go(target) => self.answer_with(now, id, Entry::Target(target)),
            Otherwise::Flow => {
                if is_open {
                    self.switchboard.stop_play(lead);
                }
                self.back_to_flow(now, id, FlowInput::TransferFailed);
            }
            Otherwise::Tell(asker) => self.transfer_refused(now, id, asker, cause),
        }
    }
}

/// Whether a failure is that of the way taken, so that another way may do better.
fn is_of_the_way(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Congested
            | Cause::PeerUnreachable
            | Cause::Overload
            | Cause::Forbidden
            | Cause::NoRoute
            | Cause::NotRegistered
            | Cause::NoCommonCodec
            | Cause::ProtocolError
            | Cause::MediaTimeout
            | Cause::MediaLost
    )
}
