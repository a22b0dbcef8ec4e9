//! Where agents stand and which places are kept in queues, as values.
//!
//! An agent who rings or speaks at that moment stands where they would if the call ended with it:
//! calls do not outlive the program. Callers who wait are not part of it, but for those who are
//! owed a call.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use call::Offset;
use serde::{Deserialize, Serialize};

use super::agent::{After, Desk, PauseWhy, State};
use super::waiting::{Place, Waiting};
use super::{Queues, Timer};
use crate::call_id::CallId;
use crate::limits::AGENT_REST;
use crate::site::Site;

/// Agents, and what queues learned.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Standing {
    desks: Vec<Seat>,
    /// The agent rung last, per queue.
    rung: BTreeMap<String, String>,
    /// How long a call takes, per queue.
    handling: BTreeMap<String, Duration>,
    entered: u64,
    hired: u32,
}

/// One agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seat {
    agent: String,
    number: u32,
    stand: Stand,
    since: Offset,
    idle_since: Offset,
    device: Option<String>,
    missed: u32,
    taken: u32,
    /// They are not rung before that.
    rest: Option<Offset>,
}

/// Where an agent stands who is in no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stand {
    SignedOut,
    Ready,
    /// Until the work after the call is over.
    WrapUp(Offset),
    Paused(PauseWhy),
}

/// A place in a queue, kept for somebody who is owed a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptPlace {
    queue: String,
    priority: u8,
    level: u8,
    number: u64,
    since: Offset,
    skills: BTreeSet<String>,
    wish: Option<String>,
    tried: BTreeMap<String, u32>,
}

impl Place {
    /// As a value, told from `now`.
    pub(crate) fn kept(&self, now: Instant) -> KeptPlace {
        self.0.kept(now)
    }

    /// The place that was kept.
    pub(crate) fn of(kept: KeptPlace, base: Instant) -> Self {
        Self(Waiting {
            queue: kept.queue,
            rank: (Reverse(kept.priority), Reverse(kept.level), kept.number),
            since: kept.since.at(base),
            skills: kept.skills,
            wish: kept.wish,
            announce: None,
            ringing: BTreeSet::new(),
            tried: kept.tried,
            one_by_one: true,
        })
    }
}

impl Waiting {
    fn kept(&self, now: Instant) -> KeptPlace {
        let (Reverse(priority), Reverse(level), number) = self.rank;
        KeptPlace {
            queue: self.queue.clone(),
            priority,
            level,
            number,
            since: Offset::of(self.since, now),
            skills: self.skills.clone(),
            wish: self.wish.clone(),
            tried: self.tried.clone(),
        }
    }
}

impl Queues {
    /// Whether no agent is in a call and nothing is left to be done.
    pub(crate) fn is_at_rest(&self) -> bool {
        let is_busy =
            |desk: &Desk| matches!(desk.state, State::Ringing { .. } | State::InCall { .. });
        self.acts.is_empty() && !self.desks.values().any(is_busy)
    }

    /// Agents, and what queues learned, told from `now`.
    pub(crate) fn standing(&self, now: Instant) -> Standing {
        Standing {
            desks: self
                .desks
                .values()
                .map(|desk| self.seat(now, desk))
                .collect(),
            rung: self.rung.clone(),
            handling: self.handling.clone(),
            entered: self.entered,
            hired: self.hired,
        }
    }

    /// Where somebody who is owed a call stands now, and until when.
    pub(crate) fn kept(&self, now: Instant, id: CallId) -> Option<(KeptPlace, Offset)> {
        let waiting = self.waiting.get(&id)?;
        let until = self.deadlines.of(Timer::Wait(id))?;
        Some((waiting.kept(now), Offset::of(until, now)))
    }

    /// The agents of the site stand where they stood. After a restart those who are free are left
    /// in peace for a moment: their phones may have to find the box again.
    pub(crate) fn go_on(
        &mut self,
        (now, base): (Instant, Instant),
        site: &Site,
        standing: Standing,
        is_restart: bool,
    ) {
        self.entered = standing.entered;
        self.hired = self.hired.max(standing.hired);
        self.renumber(&standing);
        (self.rung, self.handling) = (standing.rung, standing.handling);
        for seat in standing.desks {
            let is_there = |device: &String| site.people().device(device).is_some();
            let has_phone = seat.device.as_ref().is_some_and(is_there);
            let Some(desk) = self.desks.get_mut(&seat.agent) else {
                continue;
            };
            desk.since = seat.since.at(base);
            desk.idle_since = seat.idle_since.at(base);
            (desk.missed, desk.taken) = (seat.missed, seat.taken);
            if has_phone && seat.stand != Stand::SignedOut {
                desk.device = seat.device;
                self.sit_down((now, base), &seat.agent, seat.stand, seat.rest);
                if is_restart {
                    self.leave_in_peace(now, &seat.agent);
                }
            }
        }
    }

    /// Somebody who is owed a call stands in the queue where they stood, until `until`.
    pub(crate) fn stand_again(&mut self, id: CallId, place: Place, until: Instant) {
        let waiting = place.0;
        self.deadlines.set(Timer::Wait(id), until);
        self.line.insert(waiting.rank, id);
        self.waiting.insert(id, waiting);
        self.rank_again(id);
    }

    /// Agents keep their numbers; who is new to the site stands behind all others.
    fn renumber(&mut self, standing: &Standing) {
        self.numbers.clear();
        for (name, desk) in &mut self.desks {
            let known = standing.desks.iter().find(|seat| seat.agent == *name);
            desk.number = match known {
                Some(seat) => seat.number,
                None => {
                    self.hired += 1;
                    self.hired
                }
            };
            self.numbers.insert(desk.number, name.clone());
        }
    }

    fn seat(&self, now: Instant, desk: &Desk) -> Seat {
        let offset = |at: Instant| Offset::of(at, now);
        let wraps_until = || self.deadlines.of(Timer::WrapUp(desk.number)).unwrap_or(now);
        let stand = match (&desk.state, desk.after) {
            (State::Paused(why), _) => Stand::Paused(*why),
            (State::WrapUp, _) => Stand::WrapUp(offset(wraps_until())),
            (State::SignedOut, _) | (_, Some(After::SignOut)) => Stand::SignedOut,
            (_, Some(After::Pause)) => Stand::Paused(PauseWhy::Own),
            (State::Ready | State::Ringing { .. } | State::InCall { .. }, None) => Stand::Ready,
        };
        Seat {
            agent: desk.agent.name.clone(),
            number: desk.number,
            stand,
            since: offset(desk.since),
            idle_since: offset(desk.idle_since),
            device: desk.device.clone(),
            missed: desk.missed,
            taken: desk.taken,
            rest: desk.rest_until.map(offset),
        }
    }

    fn sit_down(
        &mut self,
        (now, base): (Instant, Instant),
        agent: &str,
        stand: Stand,
        rest: Option<Offset>,
    ) {
        let Some(desk) = self.desks.get_mut(agent) else {
            return;
        };
        desk.rest_until = rest.map(|until| until.at(base));
        desk.state = match stand {
            Stand::SignedOut => State::SignedOut,
            Stand::Ready => State::Ready,
            Stand::WrapUp(_) => State::WrapUp,
            Stand::Paused(why) => State::Paused(why),
        };
        if let Stand::WrapUp(until) = stand {
            let until = until.at(base).max(now);
            self.deadlines.set(Timer::WrapUp(desk.number), until);
        }
        if let Some(until) = desk.rest_until.filter(|until| *until > now) {
            self.deadlines.set(Timer::Rest(desk.number), until);
        }
    }

    fn leave_in_peace(&mut self, now: Instant, agent: &str) {
        let desk = self.desks.get_mut(agent);
        if let Some(desk) = desk.filter(|desk| desk.state == State::Ready) {
            desk.rest_until = Some(now + AGENT_REST);
            self.deadlines
                .set(Timer::Rest(desk.number), now + AGENT_REST);
        }
    }
}
