//! Calls that come in: by which door they enter, and what they meet there.
//!
//! A trunk reaches the numbers of the site and nothing else. A phone reaches, in this order:
//! emergency numbers, codes, phones, agents, the site's own numbers, routes.

use std::sync::Arc;
use std::time::Instant;

use call::{Caller, Cause, LegId, Origin, Showing};

use super::Centre;
use super::agents::Code;
use super::call_state::{Call, Entry, Otherwise, Party, Wishes};
use super::connect::Wanted;
use crate::call_id::CallId;
use crate::event::Event;
use crate::flow::{FlowAct, Run, Target};
use crate::limits::INSIDE_PATIENCE;
use crate::record::{Direction, Parties};
use crate::report::Report;
use crate::site::{Door, Number, Site};

impl Centre {
    /// Somebody calls: the call is told of, and led to its door or refused.
    pub(super) fn arrive(&mut self, now: Instant, leg: LegId, caller: Caller) {
        if let Some(old) = caller.replaces {
            return self.take_place(now, leg, old, &caller);
        }
        let (origin, to) = (caller.origin.clone(), caller.to.clone());
        // A carrier's word counts more than what the caller wrote, to refuse and to rank.
        let from = caller.asserted.as_ref().unwrap_or(&caller.from).clone();
        let id = self.new_call(now, leg, caller);
        match origin {
            Origin::Trunk(_) => self.by_trunk(now, id, &from, &to),
            Origin::Device(device) => {
                self.occupy(now, &device, leg);
                self.by_device(now, id, &device, &to);
            }
        }
    }

    fn new_call(&mut self, now: Instant, leg: LegId, caller: Caller) -> CallId {
        let unix_ms = self.wall.at(now);
        let uuid = self.identities.uuid_v7(unix_ms);
        let (trunk, device) = match &caller.origin {
            Origin::Trunk(name) => (name.clone(), None),
            Origin::Device(name) => (String::new(), Some(name.clone())),
        };
        tracing::info!(call = %uuid, %leg, trunk, "a call came in");
        let wishes = self.wishes(&caller);
        // What is hidden is in no record and on no page either.
        let is_hidden = caller.showing == Showing::Hidden;
        let asserted = wishes.asserted.clone().filter(|_| !is_hidden);
        let from = match device {
            Some(_) => caller.from,
            None => asserted.unwrap_or(caller.from),
        };
        let party = match &device {
            Some(device) => Party::Device(device.clone()),
            None => Party::Trunk {
                trunk: trunk.clone(),
                number: from.clone(),
            },
        };
        let parties = Parties {
            trunk,
            from,
            to: caller.to,
            sip_call_id: caller.sip_call_id,
        };
        let mut report = Report::new(uuid, now, unix_ms, parties);
        if let Some(device) = device {
            let agent = self.queues.agent_at(&device).map(str::to_owned);
            let handled = report.handled_mut();
            handled.direction = Direction::Internal;
            (handled.agent, handled.device) = (agent, Some(device));
        }
        self.stats.started += 1;
        let id = CallId(self.stats.started);
        let mut call = Call::new(report, Arc::clone(&self.site), leg, party);
        if let Some(side) = call.sides.get_mut(&leg) {
            side.wishes = wishes;
        }
        self.show(Event::Started(call.live()));
        self.index.legs.insert(leg, id);
        self.calls.insert(id, call);
        id
    }

    /// How a caller may be shown, of all that it wishes.
    fn wishes(&self, caller: &Caller) -> Wishes {
        let claim = match &caller.origin {
            Origin::Trunk(_) => None,
            // A phone of the trust domain is believed, another one may ask for its own numbers.
            Origin::Device(name) => caller.asserted.clone().or_else(|| {
                let preferred = caller.preferred.as_deref()?;
                let may = self.site.may_claim(name, preferred);
                if !may {
                    tracing::info!(
                        device = name,
                        "a phone asks to be shown with a number that is not its own"
                    );
                }
                may.then(|| preferred.to_owned())
            }),
        };
        Wishes {
            showing: caller.showing,
            asserted: caller.asserted.clone(),
            claim,
        }
    }

    fn by_trunk(&mut self, now: Instant, id: CallId, from: &str, to: &str) {
        let site = Arc::clone(&self.site);
        if site.caller(from).is_some_and(|known| known.refuse) {
            return self.end_call(now, id, Cause::Declined);
        }
        match site.number(to).cloned() {
            None => self.end_call(now, id, Cause::NoRoute),
            Some(number) => self.through(now, id, &number),
        }
    }

    fn by_device(&mut self, now: Instant, id: CallId, device: &str, to: &str) {
        let site = Arc::clone(&self.site);
        if site.plan().is_emergency(to) {
            return self.call_outside(now, id, to, Some(device), Otherwise::End);
        }
        if let Some(code) = Code::of(to) {
            return self.code(now, id, device, code);
        }
        if site.people().device(to).is_none()
            && site.people().agent_of_number(to).is_none()
            && let Some(number) = site.inner_number(to).cloned()
        {
            return self.through(now, id, &number);
        }
        let wanted = Wanted {
            to,
            device: Some(device),
            patience: INSIDE_PATIENCE,
        };
        self.connect(now, id, wanted, Otherwise::End);
    }

    /// Through the door that stands behind a number.
    fn through(&mut self, now: Instant, id: CallId, number: &Number) {
        let otherwise = match &number.then {
            Some(target) => Otherwise::Go(target.clone()),
            None => Otherwise::End,
        };
        match &number.door {
            Door::Target(target) => match refused_at_once(now, &self.site, target) {
                Some(cause) => self.end_call(now, id, cause),
                None => self.answer_with(now, id, Entry::Target(target.clone())),
            },
            Door::Device(device) => {
                let wanted = Wanted {
                    to: device,
                    device: None,
                    patience: number.ring,
                };
                self.connect(now, id, wanted, otherwise);
            }
            Door::Agent(agent) => self.call_agent(now, id, agent, number.ring, otherwise),
        }
    }

    /// Answers the lead, who then meets `entry`; at once where its stream runs.
    pub(super) fn answer_with(&mut self, now: Instant, id: CallId, entry: Entry) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.entry = Some(entry);
        let lead = call.lead;
        if call.is_answered(lead) {
            self.enter(now, id);
        } else {
            self.switchboard.answer(now, lead);
        }
    }
}

/// The cause a call is refused for without being answered: its number leads to a step that hangs
/// up before a word is said.
fn refused_at_once(now: Instant, site: &Arc<Site>, entry: &Target) -> Option<Cause> {
    let mut run = Run::start(now, Arc::clone(site), entry.clone());
    std::iter::from_fn(|| run.poll()).find_map(|act| match act {
        FlowAct::Enter { .. } | FlowAct::Listening(_) | FlowAct::StopPlay => None,
        FlowAct::HangUp { cause } => Some(Some(cause)),
        FlowAct::Play { .. } | FlowAct::Queue { .. } | FlowAct::Transfer { .. } => Some(None),
    })?
}
