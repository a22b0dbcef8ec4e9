//! Call-backs: a caller who took the offer hangs up and keeps their place; when it is their turn
//! the agent is rung first, then the caller over a route.
//!
//! A promise stands in the queue under an identity of its own. Each attempt is a call like any
//! other, led by the agent's leg, and leaves one record that names the first call. The shield is
//! asked before the promise is made and again before each attempt. Promises outlive the program as
//! part of what [stands](super::Standing).

use std::sync::Arc;
use std::time::Instant;

use call::{Cause, Dial, Line, Showing};
use uuid::Uuid;

use super::call_state::{Call, Entry, Party};
use super::{Centre, Why};
use crate::call_id::CallId;
use crate::event::Event;
use crate::limits::{
    CALL_BACK_AFTER, CALL_BACK_LIFE, CALL_BACK_PAUSE, CALL_BACK_RINGS, CALL_BACK_TRIES,
    MAX_CALL_BACKS,
};
use crate::queue::{Place, QueueRing};
use crate::record::{Direction, Parties};
use crate::report::Report;
use crate::shield::Wish;

/// A call that is owed to somebody.
#[derive(Debug)]
pub(super) struct Promise {
    /// The call in which it was given.
    pub(super) first: (CallId, Uuid),
    /// What is dialled.
    pub(super) number: String,
    /// Their place in the queue, kept for the next attempt too.
    pub(super) place: Place,
    pub(super) until: Instant,
    /// How often the number was tried.
    pub(super) tries: u32,
    /// How often an agent was rung.
    pub(super) rings: u32,
    /// The call that rings or runs for it.
    pub(super) attempt: Option<CallId>,
}

impl Centre {
    /// The key pressed in a queue takes the offer to be called back. A caller who cannot be
    /// called waits on.
    pub(super) fn takes_call_back(&mut self, now: Instant, id: CallId, digit: char) -> bool {
        let offer = self.in_queue(id, |queue| queue.call_back().cloned());
        let Some(offer) = offer.and_then(|(_, offer)| offer.filter(|offer| offer.key == digit))
        else {
            return false;
        };
        let Some(number) = self.number_to_call_back(now, id) else {
            return true;
        };
        let Some(place) = self.queues.take_place(now, id) else {
            return true;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return true;
        };
        let first = (id, call.id());
        tracing::info!(call = %first.1, "a call-back is promised");
        call.report.handled_mut().call_back_promised = true;
        call.entry = Some(Entry::Farewell(offer.done));
        let is_known = self.index.promises.values().any(|p| p.number == number);
        if !is_known {
            self.index.promised += 1;
            // Calls count up from 1, promises down from the end: they never meet.
            let promise = CallId(u64::MAX - self.index.promised);
            let owed = Promise {
                first,
                number,
                place,
                until: now + CALL_BACK_LIFE,
                tries: 0,
                rings: 0,
                attempt: None,
            };
            self.index.promises.insert(promise, owed);
            self.promises_changed();
            self.deadlines
                .set((promise, Why::CallBack), now + CALL_BACK_AFTER);
        }
        self.enter(now, id);
        true
    }

    /// The number of the lead as it can be dialled, where a route and the shield allow it.
    fn number_to_call_back(&mut self, now: Instant, id: CallId) -> Option<String> {
        let call = self.calls.get(&id)?;
        let lead = call.sides.get(&call.lead)?;
        let Party::Trunk { number: from, .. } = &lead.party else {
            return None;
        };
        let site = Arc::clone(&self.site);
        let whole = site.plan().e164(from)?;
        let forms = [crate::site::Form::National, crate::site::Form::E164];
        let written = forms.map(|form| site.plan().written(&whole, form));
        let mut numbers = std::iter::once(from.clone()).chain(written);
        let number = numbers.find(|number| !site.ways_out(number, None).is_empty())?;
        if self.index.promises.len() >= MAX_CALL_BACKS {
            return None;
        }
        let moment = self.moment(now);
        let allowed = site.ways_out(&number, None).iter().any(|way| {
            let wish = Wish {
                dialled: &number,
                number: &way.to,
                trunk: &way.trunk,
                device: None,
            };
            self.shield.ask(now, moment, &site, wish).is_ok()
        });
        allowed.then_some(number)
    }

    /// It is time to stand in the queue again for somebody who is owed a call.
    pub(super) fn call_back_due(&mut self, now: Instant, id: CallId) {
        let Some(promise) = self.index.promises.get(&id) else {
            return;
        };
        if promise.until <= now {
            _ = self.promise_ran_out(now, id);
            return;
        }
        if self.calls.contains_key(&promise.first.0) {
            // They have not hung up yet.
            return self
                .deadlines
                .set((id, Why::CallBack), now + CALL_BACK_AFTER);
        }
        let left = promise.until.saturating_duration_since(now);
        let place = promise.place.clone();
        self.queues.hold_place(now, id, place, left);
        self.promises_changed();
    }

    /// An agent is free for somebody who is owed a call: their phone rings. False where `ring` is
    /// for no promise.
    pub(super) fn call_back(&mut self, now: Instant, id: CallId, ring: &QueueRing) -> bool {
        let Some(promise) = self.index.promises.get_mut(&id) else {
            return false;
        };
        promise.rings += 1;
        let (first, number) = (promise.first.1, promise.number.clone());
        let leg = self.switchboard.dial(
            now,
            Dial {
                line: Line::Device(ring.device.clone()),
                to: ring.device.clone(),
                from: number.clone(),
                display: None,
                showing: Showing::Usual,
                urgent: false,
                has_spare: false,
                patience: ring.patience,
            },
        );
        let unix_ms = self.wall.at(now);
        let uuid = self.identities.uuid_v7(unix_ms);
        tracing::info!(call = %uuid, %leg, "a call-back begins");
        let parties = Parties {
            trunk: String::new(),
            from: ring.device.clone(),
            to: number.clone(),
            sip_call_id: self
                .switchboard
                .sip_call_ids(leg)
                .pop_first()
                .unwrap_or_default(),
        };
        let mut report = Report::new(uuid, now, unix_ms, parties);
        let handled = report.handled_mut();
        handled.direction = Direction::Outbound;
        handled.agent = Some(ring.agent.clone());
        handled.device = Some(ring.device.clone());
        handled.queue = Some(promise.place.queue().to_owned());
        handled.call_back_of = Some(first);
        self.stats.started += 1;
        let attempt = CallId(self.stats.started);
        promise.attempt = Some(attempt);
        let party = Party::Agent {
            agent: ring.agent.clone(),
            device: ring.device.clone(),
        };
        let mut call = Call::new(report, Arc::clone(&self.site), leg, party);
        call.promise = Some(id);
        call.entry = Some(Entry::CallBack(number));
        self.show(Event::Started(call.live()));
        self.index.legs.insert(leg, attempt);
        self.calls.insert(attempt, call);
        self.promises_changed();
        true
    }

    /// The agent of a call-back picked up: the place in the queue is theirs.
    pub(super) fn agent_takes_call_back(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let lead = call.sides.get(&call.lead).map(|side| side.party.clone());
        let (Some(promise), Some(Party::Agent { agent, device }), leg) =
            (call.promise, lead, call.lead)
        else {
            return;
        };
        if !self.queues.answered(now, &agent, promise) {
            return self.end_call(now, id, Cause::AnsweredElsewhere);
        }
        self.occupy(now, &device, leg);
    }

    /// The caller was reached: the promise is kept.
    pub(super) fn keep_promise(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some(promise) = call.promise {
            call.report.answer(now);
            self.index.promises.remove(&promise);
            self.promises_changed();
        }
    }

    /// An attempt is over: the next one is laid down, or the promise is given up.
    pub(super) fn call_back_over(&mut self, now: Instant, id: CallId, reached: bool, cause: Cause) {
        let Some(promise) = self.index.promises.get_mut(&id) else {
            return;
        };
        promise.attempt = None;
        promise.tries += u32::from(reached);
        let promise = &*promise;
        let hopeless = matches!(cause, Cause::Forbidden | Cause::NoRoute | Cause::Declined);
        let is_spent = promise.tries >= CALL_BACK_TRIES
            || promise.rings >= CALL_BACK_RINGS
            || promise.until <= now
            || (reached && hopeless);
        if is_spent {
            tracing::info!(call = %promise.first.1, cause = cause.word(), "a call-back is given up");
            self.index.promises.remove(&id);
            self.deadlines.clear((id, Why::CallBack));
            self.queues.leave(now, id);
        } else if reached {
            self.deadlines
                .set((id, Why::CallBack), now + CALL_BACK_PAUSE);
        }
        self.promises_changed();
    }

    /// The call that stands behind an identity in a queue: itself, or the attempt of a promise.
    pub(super) fn attempt_of(&self, id: CallId) -> CallId {
        let promise = self.index.promises.get(&id);
        promise.and_then(|promise| promise.attempt).unwrap_or(id)
    }

    /// The box stops: nobody is called back by this program any more.
    pub(super) fn forget_promises(&mut self, now: Instant) {
        for id in std::mem::take(&mut self.index.promises).into_keys() {
            self.deadlines.clear((id, Why::CallBack));
            self.queues.leave(now, id);
        }
    }
}
