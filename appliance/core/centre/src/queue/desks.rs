//! What agents do: they sign in and out, pause, answer, let it ring, and finish.

use std::time::{Duration, Instant};

use super::agent::{After, AgentError, Desk, Miss, PauseWhy, State};
use super::{QueueAct, Queues, Timer};
use crate::call_id::CallId;
use crate::limits::AGENT_REST;
use crate::site::Site;

impl Queues {
    /// The agent works at `device` from now on, their own where none is said.
    pub(crate) fn sign_in(
        &mut self,
        now: Instant,
        agent: &str,
        device: Option<&str>,
    ) -> Result<(), AgentError> {
        let desk = self.desks.get(agent).ok_or(AgentError::Unknown)?;
        let own = desk.agent.device.as_deref();
        let device = device.or(own).ok_or(AgentError::NoDevice)?.to_owned();
        let other = self.agent_at(&device).filter(|name| *name != agent);
        if let Some(other) = other.map(str::to_owned) {
            if self.is_speaking(&other) {
                return Err(AgentError::Taken);
            }
            self.sign_out(now, &other)?;
        }
        let Some(desk) = self.desks.get_mut(agent) else {
            return Err(AgentError::Unknown);
        };
        desk.after = None;
        if matches!(desk.state, State::SignedOut) {
            (desk.missed, desk.taken, desk.idle_since) = (0, 0, now);
        }
        desk.device = Some(device);
        match desk.state {
            // Another phone takes their next call, not the one that rings or runs.
            State::Ready | State::Ringing { .. } | State::InCall { .. } => self.tell_agent(agent),
            State::SignedOut | State::Paused(_) | State::WrapUp => {
                self.stand(now, agent, State::Ready);
            }
        }
        self.settle(now);
        Ok(())
    }

    /// The agent goes home; one who speaks goes after the call.
    pub(crate) fn sign_out(&mut self, now: Instant, agent: &str) -> Result<(), AgentError> {
        self.leave_desk(now, agent, After::SignOut)
    }

    /// The agent takes no calls for a while; one who speaks does so after the call.
    pub(crate) fn pause(&mut self, now: Instant, agent: &str) -> Result<(), AgentError> {
        self.leave_desk(now, agent, After::Pause)
    }

    /// The agent takes calls again, also before the work after a call is over.
    pub(crate) fn resume(&mut self, now: Instant, agent: &str) -> Result<(), AgentError> {
        let desk = self.desks.get_mut(agent).ok_or(AgentError::Unknown)?;
        desk.after = None;
        match desk.state {
            State::SignedOut => return Err(AgentError::SignedOut),
            State::Paused(_) | State::WrapUp => {
                desk.missed = 0;
                self.stand(now, agent, State::Ready);
                self.settle(now);
            }
            _ => {}
        }
        Ok(())
    }

    /// A phone can be reached again: who was paused for it takes calls.
    pub(crate) fn device_back(&mut self, now: Instant, device: &str) {
        let Some(agent) = self.agent_at(device).map(str::to_owned) else {
            return;
        };
        let state = self.desks.get(&agent).map(|desk| &desk.state);
        if state == Some(&State::Paused(PauseWhy::Unreachable)) {
            self.stand(now, &agent, State::Ready);
            self.settle(now);
        }
    }

    /// The agent picked up. False where the call is not theirs any more; then it must end.
    pub(crate) fn answered(&mut self, now: Instant, agent: &str, call: CallId) -> bool {
        let Some(desk) = self.desks.get_mut(agent) else {
            return false;
        };
        if desk.state != (State::Ringing { call }) {
            return false;
        }
        let Some(waiting) = self.take_out(call) else {
            return false;
        };
        for other in waiting.ringing.iter().filter(|other| *other != agent) {
            self.free_ringing(now, other, call);
        }
        if let Some(desk) = self.desks.get_mut(agent) {
            (desk.missed, desk.answered) = (0, Some(now));
            desk.taken = desk.taken.saturating_add(1);
        }
        let queue = Some(waiting.queue.clone());
        self.stand(now, agent, State::InCall { queue });
        self.settle(now);
        true
    }

    /// The agent's phone rang for `call` and was not answered.
    pub(crate) fn missed(&mut self, now: Instant, agent: &str, call: CallId, miss: Miss) {
        let state = self.desks.get(agent).map(|desk| &desk.state);
        if state != Some(&State::Ringing { call }) {
            return;
        }
        let limit = self.waiting.get_mut(&call).and_then(|waiting| {
            waiting.ringing.remove(agent);
            *waiting.tried.entry(agent.to_owned()).or_default() += 1;
            let rules = self.rules.get(&waiting.queue);
            rules.map(|rules| rules.unanswered)
        });
        let Some(desk) = self.desks.get_mut(agent) else {
            return;
        };
        desk.missed = desk.missed.saturating_add(1);
        desk.idle_since = now;
        let too_many = limit.is_some_and(|limit| limit > 0 && desk.missed >= limit);
        let next = match miss {
            Miss::Unreachable => State::Paused(PauseWhy::Unreachable),
            Miss::NoAnswer | Miss::Refused if too_many => State::Paused(PauseWhy::Unanswered),
            Miss::NoAnswer | Miss::Refused => {
                // Rung again at once, a phone that refuses by itself would make us spin.
                desk.rest_until = Some(now + AGENT_REST);
                let number = desk.number;
                self.deadlines.set(Timer::Rest(number), now + AGENT_REST);
                State::Ready
            }
        };
        self.free(now, agent, next);
        self.settle(now);
    }

    /// The agent's call is over.
    pub(crate) fn released(&mut self, now: Instant, agent: &str) {
        let Some(desk) = self.desks.get_mut(agent) else {
            return;
        };
        let State::InCall { queue } = &desk.state else {
            return;
        };
        let (queue, answered) = (queue.clone(), desk.answered.take());
        desk.idle_since = now;
        let rules = queue.as_ref().and_then(|queue| self.rules.get(queue));
        let wrap_up = rules.map_or(Duration::ZERO, |rules| rules.wrap_up);
        if let Some((queue, since)) = queue.zip(answered) {
            self.note_handling(queue, now.saturating_duration_since(since) + wrap_up);
        }
        if wrap_up.is_zero() {
            self.free(now, agent, State::Ready);
        } else {
            self.free(now, agent, State::WrapUp);
            let wraps = self
                .desks
                .get(agent)
                .filter(|desk| desk.state == State::WrapUp);
            if let Some(number) = wraps.map(|desk| desk.number) {
                self.deadlines.set(Timer::WrapUp(number), now + wrap_up);
            }
        }
        self.settle(now);
    }

    /// The agent's phone is in a call that no queue gave them.
    pub(crate) fn occupied(&mut self, now: Instant, agent: &str) {
        match self.desks.get(agent).map(|desk| desk.state.clone()) {
            Some(State::Ringing { call }) => {
                if let Some(waiting) = self.waiting.get_mut(&call) {
                    waiting.ringing.remove(agent);
                }
                self.tell(QueueAct::StopRing {
                    call,
                    agent: agent.to_owned(),
                });
            }
            Some(State::Ready | State::WrapUp) => {}
            // One who is paused goes on being so after a call of their own.
            Some(State::Paused(_)) => {
                if let Some(desk) = self.desks.get_mut(agent) {
                    desk.after = Some(After::Pause);
                }
            }
            Some(State::SignedOut | State::InCall { .. }) | None => return,
        }
        self.stand(now, agent, State::InCall { queue: None });
        self.settle(now);
    }

    /// The agent signed in at that phone.
    pub(crate) fn agent_at(&self, device: &str) -> Option<&str> {
        let here = |desk: &&Desk| desk.is_signed_in() && desk.device.as_deref() == Some(device);
        let desk = self.desks.values().find(here)?;
        Some(&desk.agent.name)
    }

    /// The phone the agent is signed in at.
    pub(crate) fn device_of(&self, agent: &str) -> Option<&str> {
        let desk = self.desks.get(agent).filter(|desk| desk.is_signed_in())?;
        desk.device.as_deref()
    }

    pub(super) fn staff(&mut self, now: Instant, site: &Site) {
        for agent in site.people().agents() {
            match self.desks.get_mut(&agent.name) {
                Some(desk) => (desk.agent, desk.gone) = (agent.clone(), false),
                None => {
                    self.hired += 1;
                    self.numbers.insert(self.hired, agent.name.clone());
                    let desk = Desk::new(now, self.hired, agent.clone());
                    self.desks.insert(agent.name.clone(), desk);
                }
            }
        }
        let gone = |name: &&String| site.people().agent(name).is_none();
        let gone: Vec<String> = self.desks.keys().filter(gone).cloned().collect();
        for agent in gone {
            if let Some(desk) = self.desks.get_mut(&agent) {
                desk.gone = true;
            }
            match self.desks.get(&agent).map(|desk| &desk.state) {
                Some(State::SignedOut) => self.forget(&agent),
                // One who speaks is shown, and known, until the call ends.
                _ => _ = self.sign_out(now, &agent),
            }
        }
    }

    pub(super) fn wrapped_up(&mut self, now: Instant, number: u32) {
        let Some(agent) = self.numbers.get(&number).cloned() else {
            return;
        };
        if self
            .desks
            .get(&agent)
            .is_some_and(|desk| desk.state == State::WrapUp)
        {
            self.stand(now, &agent, State::Ready);
        }
    }

    /// An agent's phone rings no longer for a call that somebody else has, or that is gone.
    pub(super) fn free_ringing(&mut self, now: Instant, agent: &str, call: CallId) {
        self.tell(QueueAct::StopRing {
            call,
            agent: agent.to_owned(),
        });
        self.free(now, agent, State::Ready);
    }

    fn leave_desk(&mut self, now: Instant, agent: &str, after: After) -> Result<(), AgentError> {
        let desk = self.desks.get_mut(agent).ok_or(AgentError::Unknown)?;
        match &desk.state {
            State::SignedOut if after == After::Pause => return Err(AgentError::SignedOut),
            State::SignedOut => {}
            State::InCall { .. } => {
                desk.after = Some(after);
                self.tell_agent(agent);
            }
            State::Ringing { call } => {
                let call = *call;
                if let Some(waiting) = self.waiting.get_mut(&call) {
                    waiting.ringing.remove(agent);
                }
                self.tell(QueueAct::StopRing {
                    call,
                    agent: agent.to_owned(),
                });
                self.stand(now, agent, resting(after));
                self.settle(now);
            }
            State::Ready | State::WrapUp | State::Paused(_) => {
                self.stand(now, agent, resting(after));
            }
        }
        Ok(())
    }

    /// The agent is free to stand where `next` says, or where they wished to.
    fn free(&mut self, now: Instant, agent: &str, next: State) {
        let wish = self.desks.get_mut(agent).and_then(|desk| desk.after.take());
        self.stand(now, agent, wish.map_or(next, resting));
    }

    pub(super) fn stand(&mut self, now: Instant, agent: &str, state: State) {
        let Some(desk) = self.desks.get_mut(agent) else {
            return;
        };
        let number = desk.number;
        if state == State::SignedOut {
            desk.device = None;
        }
        if desk.state != state {
            desk.since = now;
        }
        desk.state = state;
        self.deadlines.clear(Timer::WrapUp(number));
        if desk.state != State::Ready {
            desk.rest_until = None;
            self.deadlines.clear(Timer::Rest(number));
        }
        let goes = desk.gone && desk.state == State::SignedOut;
        self.tell_agent(agent);
        if goes {
            self.forget(agent);
        }
    }

    fn forget(&mut self, agent: &str) {
        if let Some(desk) = self.desks.remove(agent) {
            self.numbers.remove(&desk.number);
        }
    }

    fn is_speaking(&self, agent: &str) -> bool {
        let state = self.desks.get(agent).map(|desk| &desk.state);
        matches!(state, Some(State::InCall { .. }))
    }

    fn tell_agent(&mut self, agent: &str) {
        self.tell(QueueAct::AgentChanged {
            agent: agent.to_owned(),
        });
    }
}

fn resting(after: After) -> State {
    match after {
        After::Pause => State::Paused(PauseWhy::Own),
        After::SignOut => State::SignedOut,
    }
}
