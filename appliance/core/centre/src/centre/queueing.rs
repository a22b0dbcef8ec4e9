//! Callers in queues: they enter, hear where they stand, are rung for, and go on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use call::{Cause, LegId};

use super::Centre;
use super::call_state::{Party, Side};
use crate::call_id::CallId;
use crate::event::{CallState, Event};
use crate::flow::FlowInput;
use crate::ledger::Phase;
use crate::queue::{Miss, QueueAct, QueueRing, Waiter};
use crate::site::Queue;

impl Centre {
    /// The lead stands in a queue, or goes where those go that find no place.
    pub(super) fn enter_queue(&mut self, now: Instant, id: CallId, name: &str) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let site = Arc::clone(&call.site);
        let Some(queue) = site.queue(name) else {
            return;
        };
        let is_full = queue
            .overflow()
            .is_some_and(|o| self.queues.length(name) >= o.max_waiting);
        if is_full {
            return self.tell_flow(now, id, FlowInput::QueueFull);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.turn(now, CallState::InQueue, Phase::Wait);
        let parties = call.report.parties();
        let known = site.caller(&parties.from);
        let by_number = site.number(&parties.to).map_or(0, |number| number.level);
        let heard = call.report.transcript().last();
        let wish = heard.filter(|_| queue.rules().by_dialect);
        let waiter = Waiter {
            call: id,
            queue: name.to_owned(),
            level: known.map_or(0, |known| known.level).max(by_number),
            skills: known.map_or_else(BTreeSet::new, |known| known.skills.clone()),
            wish: wish.map(|heard| heard.dialect.clone()),
            max_wait: queue.max_wait(),
            announce: queue.announce().every,
        };
        self.play_queue(id);
        self.queues.enter(now, waiter);
    }

    /// What is played in a loop while the lead waits.
    pub(super) fn play_queue(&mut self, id: CallId) {
        let Some((lead, prompts)) = self.in_queue(id, |queue| queue.prompts().to_vec()) else {
            return;
        };
        if !prompts.is_empty() {
            self.switchboard.play(lead, prompts, true);
        }
    }

    /// Does what the queues say.
    pub(super) fn on_queue(&mut self, now: Instant, act: QueueAct) {
        match act {
            QueueAct::Ring { call, ring } => self.ring_agent(now, call, ring),
            QueueAct::StopRing { call, agent } => {
                if let Some(leg) = self.ringing(self.attempt_of(call), &agent) {
                    self.switchboard.end(now, leg, Cause::AnsweredElsewhere);
                }
            }
            QueueAct::TimedOut { call } => self.waited_out(now, call),
            QueueAct::Announce { call } => self.announce(call),
            QueueAct::AgentChanged { agent } => {
                self.changes += 1;
                if let Some(view) = self.queues.agent(self.wall, &agent) {
                    self.show(Event::Agent(view));
                }
            }
            QueueAct::QueueChanged { queue } => {
                // Who is owed a call may have another place now.
                self.index.shows_promises |= !self.index.promises.is_empty();
                let view = self.queues.queue(self.wall, &queue);
                self.show(Event::Queue(view));
            }
        }
    }

    /// An agent's phone rang and was not picked up.
    pub(super) fn agent_missed(&mut self, now: Instant, id: CallId, agent: &str, cause: Cause) {
        let miss = match cause {
            Cause::NotRegistered | Cause::PeerUnreachable => Miss::Unreachable,
            Cause::NoAnswer | Cause::Overload | Cause::AnsweredElsewhere => Miss::NoAnswer,
            _ => Miss::Refused,
        };
        self.queues.missed(now, agent, id, miss);
    }

    fn ring_agent(&mut self, now: Instant, id: CallId, ring: QueueRing) {
        if self.call_back(now, id, &ring) {
            return;
        }
        let party = Party::Agent {
            agent: ring.agent.clone(),
            device: ring.device.clone(),
        };
        let is_running = self.calls.get(&id).is_some_and(|call| call.is_running());
        let leg = is_running.then(|| self.dial_inside(now, id, party, &ring.device, ring.patience));
        if leg.flatten().is_none() {
            self.queues.missed(now, &ring.agent, id, Miss::NoAnswer);
        }
    }

    fn waited_out(&mut self, now: Instant, id: CallId) {
        if self.promise_ran_out(now, id) {
            return;
        }
        if let Some(lead) = self.calls.get(&id).map(|call| call.lead) {
            self.switchboard.stop_play(lead);
        }
        self.back_to_flow(now, id, FlowInput::QueueTimeout);
    }

    fn announce(&mut self, id: CallId) {
        let (place, wait) = (self.queues.position(id), self.queues.expected_wait(id));
        let told = self.in_queue(id, |queue| {
            let mut prompts = queue.announce().prompts(place.unwrap_or(1), wait);
            prompts.extend(
                queue
                    .call_back()
                    .into_iter()
                    .flat_map(|offer| offer.offer.clone()),
            );
            prompts
        });
        if let Some((lead, prompts)) = told.filter(|(_, prompts)| !prompts.is_empty()) {
            self.switchboard.play(lead, prompts, false);
        }
    }

    /// The lead and something of the queue it waits in.
    pub(super) fn in_queue<T>(
        &self,
        id: CallId,
        of: impl FnOnce(&Queue) -> T,
    ) -> Option<(LegId, T)> {
        let call = self.calls.get(&id)?;
        let waits = call.state == CallState::InQueue && call.is_running();
        let name = call.run.as_ref().filter(|_| waits)?.queue()?;
        Some((call.lead, of(call.site.queue(name)?)))
    }

    /// The leg that rings an agent for a call.
    fn ringing(&self, id: CallId, agent: &str) -> Option<LegId> {
        let rings = |side: &Side| {
            !side.answered
                && !side.over
                && matches!(&side.party, Party::Agent { agent: a, .. } if a == agent)
        };
        let sides = &self.calls.get(&id)?.sides;
        sides
            .iter()
            .find(|(_, side)| rings(side))
            .map(|(leg, _)| *leg)
    }
}
