//! Who is rung for whom.
//!
//! Callers are served in order of rank; each takes the agents that suit them best and are still
//! free. A caller whom nobody free can serve does not hold up those behind them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::agent::{Desk, State};
use super::waiting::Waiting;
use super::{QueueAct, QueueRing, Queues};
use crate::call_id::CallId;
use crate::site::{Rules, Strategy};

impl Queues {
    /// Rings every free agent who can serve somebody.
    pub(super) fn settle(&mut self, now: Instant) {
        let mut free: BTreeSet<String> = self
            .desks
            .iter()
            .filter(|(_, desk)| desk.is_free(now))
            .map(|(name, _)| name.clone())
            .collect();
        if free.is_empty() {
            return;
        }
        for call in self.line.values().copied().collect::<Vec<_>>() {
            for agent in self.chosen(call, &free) {
                free.remove(&agent);
                self.ring(now, call, &agent);
            }
            if free.is_empty() {
                return;
            }
        }
    }

    /// The agents of `free` to ring now for `call`.
    fn chosen(&mut self, call: CallId, free: &BTreeSet<String>) -> Vec<String> {
        let Some(waiting) = self.waiting.get(&call) else {
            return Vec::new();
        };
        let Some(rules) = self.rules.get(&waiting.queue) else {
            return Vec::new();
        };
        let is_all = rules.strategy == Strategy::RingAll && !waiting.one_by_one;
        if !waiting.ringing.is_empty() && !is_all {
            return Vec::new();
        }
        let wanted = self.wanted(waiting, rules);
        let fitting: Vec<&Desk> = free
            .iter()
            .filter_map(|name| self.desks.get(name))
            .filter(|desk| desk.fits(&waiting.queue, &rules.skills, &wanted))
            .collect();
        if is_all {
            let fresh = |desk: &&&Desk| !waiting.tried.contains_key(&desk.agent.name);
            let names = |desk: &Desk| desk.agent.name.clone();
            let untried: Vec<String> = fitting.iter().filter(fresh).map(|d| names(d)).collect();
            if !untried.is_empty() || !waiting.ringing.is_empty() {
                return untried;
            }
            // Everybody let it ring: another round.
            let again = fitting.iter().map(|desk| names(desk)).collect();
            if let Some(waiting) = self.waiting.get_mut(&call) {
                waiting.tried.clear();
            }
            return again;
        }
        let last = self.rung.get(&waiting.queue);
        let best = fitting.into_iter().min_by_key(|desk| {
            let tried = waiting.tried.get(&desk.agent.name).copied().unwrap_or(0);
            (
                tried,
                turn(desk, rules.strategy, last),
                desk.idle_since,
                desk.number,
            )
        });
        best.map(|desk| desk.agent.name.clone())
            .into_iter()
            .collect()
    }

    /// What the caller wants of an agent: their wish counts while somebody at work can grant it.
    fn wanted(&self, waiting: &Waiting, rules: &Rules) -> BTreeSet<String> {
        let mut wanted = waiting.skills.clone();
        if let Some(wish) = &waiting.wish {
            let grants = |desk: &Desk| {
                desk.is_signed_in()
                    && desk.has(wish)
                    && desk.fits(&waiting.queue, &rules.skills, &waiting.skills)
            };
            if self.desks.values().any(grants) {
                wanted.insert(wish.clone());
            }
        }
        wanted
    }

    fn ring(&mut self, now: Instant, call: CallId, agent: &str) {
        let Some(device) = self.device_of(agent).map(str::to_owned) else {
            return;
        };
        let Some(waiting) = self.waiting.get_mut(&call) else {
            return;
        };
        waiting.ringing.insert(agent.to_owned());
        let queue = waiting.queue.clone();
        let rules = self.rules.get(&queue);
        let patience = rules.map_or(Duration::ZERO, |rules| rules.ring);
        self.rung.insert(queue, agent.to_owned());
        self.stand(now, agent, State::Ringing { call });
        let agent = agent.to_owned();
        let ring = QueueRing {
            agent,
            device,
            patience,
        };
        self.tell(QueueAct::Ring { call, ring });
    }
}

/// When it is an agent's turn: the smallest goes first; equals go by the longest idle time.
fn turn(desk: &Desk, strategy: Strategy, last: Option<&String>) -> (bool, u32, String) {
    match strategy {
        Strategy::LongestIdle | Strategy::RingAll => (false, 0, String::new()),
        Strategy::LeastCalls => (false, desk.taken, String::new()),
        Strategy::RoundRobin => {
            let name = &desk.agent.name;
            (last.is_some_and(|last| name <= last), 0, name.clone())
        }
    }
}
