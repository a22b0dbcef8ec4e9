//! Agents and their phones: codes that phones dial, wishes of the web page, phones that come and go.

use std::time::Instant;

use call::LegId;

use super::Centre;
use super::call_state::Entry;
use crate::call_id::CallId;
use crate::event::Event;
use crate::input::AgentAct;
use crate::queue::AgentError;

/// What a phone can dial to change where its agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    SignIn,
    SignOut,
    Pause,
    Resume,
}

impl Code {
    /// The code that was dialled.
    pub(super) fn of(dialled: &str) -> Option<Self> {
        match dialled {
            "*71" => Some(Self::SignIn),
            "*72" => Some(Self::SignOut),
            "*73" => Some(Self::Pause),
            "*74" => Some(Self::Resume),
            _ => None,
        }
    }

    /// The prompt that says it was done, where the site has one of that name.
    fn prompt(self) -> &'static str {
        match self {
            Self::SignIn => "signed_in",
            Self::SignOut => "signed_out",
            Self::Pause => "paused",
            Self::Resume => "resumed",
        }
    }
}

/// The prompt that says it was not done, where the site has one of that name.
const REFUSED: &str = "code_refused";

impl Centre {
    /// A phone dialled a code: it is done at once, said, and the call ends.
    pub(super) fn code(&mut self, now: Instant, id: CallId, device: &str, code: Code) {
        let site = self.site.clone();
        let here = self.queues.agent_at(device).map(str::to_owned);
        let own = || {
            site.people()
                .agent_at(device)
                .map(|agent| agent.name.clone())
        };
        let agent = match code {
            Code::SignIn => own().or(here),
            Code::SignOut | Code::Pause | Code::Resume => here.or_else(own),
        };
        let done = agent
            .ok_or(AgentError::Unknown)
            .and_then(|agent| match code {
                Code::SignIn => self.sign_in(now, &agent, Some(device)),
                Code::SignOut => self.queues.sign_out(now, &agent),
                Code::Pause => self.queues.pause(now, &agent),
                Code::Resume => self.queues.resume(now, &agent),
            });
        let prompt = match done {
            Ok(()) => code.prompt(),
            Err(why) => {
                tracing::info!(%why, device, ?code, "a code was refused");
                REFUSED
            }
        };
        let known = site.prompts().get(prompt).cloned();
        self.answer_with(now, id, Entry::Farewell(known.into_iter().collect()));
    }

    /// An agent does something by the web page or the API.
    pub(super) fn agent_act(&mut self, now: Instant, agent: &str, act: AgentAct) {
        let done = match &act {
            AgentAct::SignIn { device } => self.sign_in(now, agent, device.as_deref()),
            AgentAct::SignOut => self.queues.sign_out(now, agent),
            AgentAct::Pause => self.queues.pause(now, agent),
            AgentAct::Resume => self.queues.resume(now, agent),
        };
        if let Err(why) = done {
            tracing::info!(%why, agent, ?act, "an agent's wish was refused");
        }
    }

    fn sign_in(
        &mut self,
        now: Instant,
        agent: &str,
        device: Option<&str>,
    ) -> Result<(), AgentError> {
        if let Some(device) = device
            && self.site.people().device(device).is_none()
        {
            return Err(AgentError::NoDevice);
        }
        self.queues.sign_in(now, agent, device)?;
        // The phone that dialled the code is still in that call.
        let is_busy = self.queues.device_of(agent).is_some_and(|device| {
            self.index
                .phones
                .get(device)
                .is_some_and(|legs| !legs.is_empty())
        });
        if is_busy {
            self.queues.occupied(now, agent);
        }
        Ok(())
    }

    /// A phone is in a call by `leg`, or rings for one that no queue gave it.
    pub(super) fn occupy(&mut self, now: Instant, device: &str, leg: LegId) {
        self.index
            .phones
            .entry(device.to_owned())
            .or_default()
            .insert(leg);
        if let Some(agent) = self.queues.agent_at(device).map(str::to_owned) {
            self.queues.occupied(now, &agent);
        }
    }

    /// A leg of a phone is over; the last one frees its agent.
    pub(super) fn vacate(&mut self, now: Instant, device: &str, leg: LegId) {
        let Some(legs) = self.index.phones.get_mut(device) else {
            return;
        };
        if !legs.remove(&leg) || !legs.is_empty() {
            return;
        }
        self.index.phones.remove(device);
        if let Some(agent) = self.queues.agent_at(device).map(str::to_owned) {
            self.queues.released(now, &agent);
        }
    }

    /// A phone registered or went.
    pub(super) fn registered(&mut self, now: Instant, device: String, phones: usize) {
        if phones > 0 {
            self.queues.device_back(now, &device);
        }
        self.show(Event::Phone { device, phones });
    }
}
