//! A thousand seeded calls through the queues: the rules hold after every act.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::super::*;
use super::site;

const CALLS: u64 = 1_000;
const SKILLS: [&str; 4] = ["yue", "wuu", "billing", "vip"];
const STRATEGIES: [&str; 4] = ["longest_idle", "round_robin", "ring_all", "least_calls"];

/// What the world knows of one agent, beside the machine.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    ringing: Option<u64>,
    talking: Option<u64>,
    away: bool,
}

/// The world around the queues: it keeps books of its own and compares.
struct World {
    queues: Queues,
    site: Site,
    random: ChaCha8Rng,
    now: Instant,
    agents: BTreeMap<String, Seen>,
    wants: BTreeMap<u64, (String, BTreeSet<String>)>,
    waiting: BTreeSet<u64>,
    served: u64,
    gave_up: u64,
    late: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let text = branch(&mut random);
        let (site, now) = (site(&text), Instant::now());
        let mut queues = Queues::default();
        queues.set_site(now, &site);
        let names = site
            .people()
            .agents()
            .map(|a| (a.name.clone(), Seen::default()));
        Self {
            queues,
            agents: names.collect(),
            site,
            random,
            now,
            wants: BTreeMap::new(),
            waiting: BTreeSet::new(),
            served: 0,
            gave_up: 0,
            late: 0,
        }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random.next_u64() % end.max(1)
    }

    fn any_agent(&mut self) -> String {
        let nth = self.below(self.agents.len() as u64) as usize;
        self.agents.keys().nth(nth).expect("an agent").clone()
    }

    fn call(&mut self, call: u64) {
        let queue = format!("q{}", self.below(4));
        let wanted = self.below(8);
        let skills = SKILLS.get(wanted as usize).map(|s| (*s).to_owned());
        let skills: BTreeSet<String> = skills.into_iter().collect();
        let waiter = Waiter {
            call: CallId(call),
            queue: queue.clone(),
            level: u8::try_from(self.below(4)).expect("a level"),
            skills: skills.clone(),
            wish: (self.below(4) == 0).then(|| "yue".to_owned()),
            max_wait: Duration::from_secs(20 + self.below(120)),
            announce: (self.below(2) == 0).then(|| Duration::from_secs(10)),
        };
        self.wants.insert(call, (queue, skills));
        self.waiting.insert(call);
        self.queues.enter(self.now, waiter);
    }

    /// One thing happens.
    fn happen(&mut self) {
        let agent = self.any_agent();
        let seen = self.agents[&agent].clone();
        match (self.below(10), seen.ringing, seen.talking, seen.away) {
            (0..=5, Some(call), ..) => {
                let is_theirs = self.queues.answered(self.now, &agent, CallId(call));
                assert!(is_theirs, "a phone that rings has its call");
                self.waiting.remove(&call);
                self.served += 1;
                self.agents.insert(
                    agent,
                    Seen {
                        talking: Some(call),
                        ..Seen::default()
                    },
                );
            }
            (6..=8, Some(call), ..) => {
                let miss = [Miss::NoAnswer, Miss::Refused, Miss::Unreachable];
                let miss = miss[self.below(3) as usize];
                self.agents.insert(agent.clone(), Seen::default());
                self.queues.missed(self.now, &agent, CallId(call), miss);
            }
            (0..=4, None, Some(_), _) | (0..=4, None, None, true) => {
                self.agents.insert(agent.clone(), Seen::default());
                self.queues.released(self.now, &agent);
            }
            (5, ..) => _ = self.queues.pause(self.now, &agent),
            (6, ..) => _ = self.queues.sign_out(self.now, &agent),
            (7, None, None, false) => {
                let signed_in = self.queues.device_of(&agent).is_some();
                self.queues.occupied(self.now, &agent);
                self.agents.get_mut(&agent).expect("an agent").away = signed_in;
            }
            (8, ..) => {
                let nth = self.below(self.waiting.len() as u64) as usize;
                if let Some(call) = self.waiting.iter().nth(nth).copied() {
                    self.waiting.remove(&call);
                    self.gave_up += 1;
                    self.queues.leave(self.now, CallId(call));
                }
            }
            _ => {
                let _ = self.queues.sign_in(self.now, &agent, None);
                let _ = self.queues.resume(self.now, &agent);
            }
        }
        self.read();
    }

    /// Reads what the queues want and holds them to the rules.
    fn read(&mut self) {
        while let Some(act) = self.queues.poll() {
            match act {
                QueueAct::Ring { call, ring } => self.rung(call.0, &ring.agent),
                QueueAct::StopRing { call, agent } => {
                    let seen = self.agents.get_mut(&agent).expect("an agent");
                    assert_eq!(
                        seen.ringing.take(),
                        Some(call.0),
                        "only what rings is stopped"
                    );
                }
                QueueAct::TimedOut { call } => {
                    assert!(self.waiting.remove(&call.0), "who waits is let go, once");
                    self.late += 1;
                }
                QueueAct::Announce { call } => assert!(self.waiting.contains(&call.0)),
                QueueAct::AgentChanged { .. } | QueueAct::QueueChanged { .. } => {}
            }
        }
        let lengths: usize = self.queues.lengths().values().sum();
        assert_eq!(
            lengths,
            self.waiting.len(),
            "no caller is lost, none is doubled"
        );
        self.nobody_waits_for_nothing();
    }

    fn rung(&mut self, call: u64, agent: &str) {
        let seen = self.agents.get_mut(agent).expect("an agent");
        assert_eq!(*seen, Seen::default(), "{agent} is in no other call");
        assert!(
            self.waiting.contains(&call),
            "nobody rings for a caller who is gone"
        );
        seen.ringing = Some(call);
        let (queue, skills) = &self.wants[&call];
        let rules = self.site.queue(queue).expect("a queue").rules();
        let person = self.site.people().agent(agent).expect("an agent");
        assert!(
            person.serves(queue, &rules.skills),
            "{agent} serves {queue}"
        );
        assert!(
            skills.is_subset(&person.skills),
            "{agent} can do what {call} wants"
        );
        if rules.strategy != crate::site::Strategy::RingAll {
            let rung = self
                .agents
                .values()
                .filter(|seen| seen.ringing == Some(call));
            assert_eq!(rung.count(), 1, "one phone rings at a time");
        }
    }

    /// No agent is free while somebody waits whom they could serve and for whom nobody rings.
    fn nobody_waits_for_nothing(&self) {
        let free = self
            .queues
            .desks
            .values()
            .filter(|desk| desk.is_free(self.now));
        for desk in free {
            for (call, waiting) in &self.queues.waiting {
                let rules = &self.queues.rules[&waiting.queue];
                let can = desk.fits(&waiting.queue, &rules.skills, &waiting.skills);
                let has_wish = waiting.wish.as_ref().is_none_or(|wish| desk.has(wish));
                let alone = waiting.ringing.is_empty();
                assert!(
                    !(can && has_wish && alone),
                    "{call} waits, {} is free",
                    desk.agent.name
                );
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.queues.poll_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.queues.handle_timeout(self.now);
            self.read();
        }
        self.now = end;
    }
}

/// A branch of twelve agents and four queues, one of each strategy.
fn branch(random: &mut ChaCha8Rng) -> String {
    let mut text = "[site]\nname = \"X\"\n".to_owned();
    for n in 0..12 {
        let skills: Vec<String> = SKILLS
            .iter()
            .filter(|_| random.next_u64().is_multiple_of(2))
            .map(|skill| format!("\"{skill}\""))
            .collect();
        let _ = write!(
            text,
            "[device.{n}]\npassword = \"p\"\n[agent.a{n}]\ndevice = \"{n}\"\nskills = [{}]\n",
            skills.join(", ")
        );
    }
    for (n, strategy) in STRATEGIES.iter().enumerate() {
        let skills = if n == 3 { "\"billing\"" } else { "" };
        let _ = write!(
            text,
            "[queue.q{n}]\nstrategy = \"{strategy}\"\nwrap_up = \"{n}s\"\npriority = {n}\nskills = [{skills}]\n"
        );
    }
    text
}

#[test]
fn a_thousand_calls_break_no_rule_and_lose_no_caller() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        let mut calls = 0;
        while calls < CALLS || !world.waiting.is_empty() {
            if calls < CALLS && world.below(3) == 0 {
                calls += 1;
                world.call(calls);
                world.read();
            }
            world.happen();
            let pause = world.below(4_000);
            world.pass(Duration::from_millis(pause));
        }
        let (served, gone) = (world.served, world.gave_up + world.late);
        assert_eq!(served + gone, CALLS, "each call ends in one way");
        assert!(
            served > CALLS / 4,
            "seed {seed}: {served} served, {gone} gone"
        );
    }
}
