//! The queue machine by its rules, and under a thousand seeded calls.

mod crowd;

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::clock::WallClock;

const SITE: &str = r#"
[site]
name = "X"
[device.1]
password = "a"
[device.2]
password = "a"
[device.3]
password = "a"
[agent.ann]
device = "1"
[agent.bob]
device = "2"
skills = ["yue"]
[agent.cat]
device = "3"
skills = ["yue", "billing"]
[queue.idle]
wrap_up = "10s"
[queue.turn]
strategy = "round_robin"
[queue.all]
strategy = "ring_all"
[queue.least]
strategy = "least_calls"
[queue.billing]
skills = ["billing"]
[queue.urgent]
priority = 5
"#;

struct Room {
    queues: Queues,
    now: Instant,
}

impl Room {
    /// A room with these agents signed in, a second apart.
    fn with(agents: &[&str]) -> Self {
        let (mut queues, now) = (Queues::default(), Instant::now());
        queues.set_site(now, &site(SITE));
        let mut room = Self { queues, now };
        for agent in agents {
            room.pass(1);
            room.queues
                .sign_in(room.now, agent, None)
                .expect("an agent");
        }
        room.acts();
        room
    }

    fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(at) = self.queues.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.queues.handle_timeout(at);
        }
        self.now = end;
    }

    fn enter(&mut self, call: u64, queue: &str) {
        self.queues.enter(self.now, waiter(call, queue));
    }

    fn answer(&mut self, agent: &str, call: u64) -> bool {
        self.queues.answered(self.now, agent, CallId(call))
    }

    fn miss(&mut self, agent: &str, call: u64) {
        self.queues
            .missed(self.now, agent, CallId(call), Miss::NoAnswer);
    }

    /// What the queues want done, in short words; changes of view are left out.
    fn acts(&mut self) -> Vec<String> {
        let mut acts = Vec::new();
        while let Some(act) = self.queues.poll() {
            match act {
                QueueAct::Ring { call, ring } => {
                    acts.push(format!("{} for {}", ring.agent, call.0))
                }
                QueueAct::StopRing { call, agent } => acts.push(format!("stop {agent} {}", call.0)),
                QueueAct::TimedOut { call } => acts.push(format!("late {}", call.0)),
                QueueAct::Announce { call } => acts.push(format!("tell {}", call.0)),
                QueueAct::AgentChanged { .. } | QueueAct::QueueChanged { .. } => {}
            }
        }
        acts
    }

    fn state(&self, agent: &str) -> AgentState {
        self.queues
            .agent(wall(self.now), agent)
            .expect("an agent")
            .state
    }
}

/// A clock that shows nothing yet.
fn wall(now: Instant) -> WallClock {
    WallClock::new(now, 0)
}

fn site(text: &str) -> Site {
    Site::load(text, &BTreeSet::new()).expect("a site")
}

fn waiter(call: u64, queue: &str) -> Waiter {
    Waiter {
        call: CallId(call),
        queue: queue.to_owned(),
        level: 0,
        skills: BTreeSet::new(),
        wish: None,
        max_wait: Duration::from_secs(600),
        announce: None,
    }
}

#[test]
fn the_agent_idle_for_the_longest_time_is_rung_first() {
    let mut room = Room::with(&["bob", "ann"]);
    room.enter(1, "idle");
    assert_eq!(room.acts(), ["bob for 1"]);
    assert!(room.answer("bob", 1));
    room.pass(5);
    room.queues.released(room.now, "bob");
    assert_eq!(room.state("bob"), AgentState::WrapUp);
    room.pass(10);
    assert_eq!(room.state("bob"), AgentState::Ready);
    room.enter(2, "idle");
    assert_eq!(room.acts(), ["ann for 2"]);
}

#[test]
fn agents_take_turns_and_the_fewest_calls_count() {
    let mut room = Room::with(&["ann", "bob", "cat"]);
    for (call, agent) in [(1, "ann"), (2, "bob"), (3, "cat"), (4, "ann")] {
        room.enter(call, "turn");
        assert_eq!(room.acts(), [format!("{agent} for {call}")]);
        assert!(room.answer(agent, call));
        room.queues.released(room.now, agent);
    }
    room.enter(5, "least");
    assert_eq!(room.acts(), ["bob for 5"]);
}

#[test]
fn all_phones_ring_and_the_first_to_answer_has_the_call() {
    let mut room = Room::with(&["ann", "bob"]);
    room.enter(1, "all");
    assert_eq!(room.acts(), ["ann for 1", "bob for 1"]);
    room.queues.sign_in(room.now, "cat", None).expect("cat");
    assert_eq!(room.acts(), ["cat for 1"]);
    assert!(room.answer("bob", 1));
    assert_eq!(room.acts(), ["stop ann 1", "stop cat 1"]);
    assert!(!room.answer("ann", 1));
    assert_eq!(
        (room.state("ann"), room.state("bob")),
        (AgentState::Ready, AgentState::InCall)
    );
}

#[test]
fn the_level_of_a_caller_and_the_priority_of_a_queue_go_before_the_wait() {
    let mut room = Room::with(&[]);
    room.enter(1, "idle");
    room.enter(2, "idle");
    room.queues.enter(
        room.now,
        Waiter {
            level: 3,
            ..waiter(3, "idle")
        },
    );
    room.enter(4, "urgent");
    assert_eq!(room.queues.position(CallId(3)), Some(1));
    assert_eq!(room.queues.position(CallId(2)), Some(3));
    for (agent, call) in [("ann", 4), ("bob", 3), ("cat", 1)] {
        room.queues
            .sign_in(room.now, agent, None)
            .expect("an agent");
        assert_eq!(room.acts(), [format!("{agent} for {call}")]);
    }
}

#[test]
fn a_caller_nobody_can_serve_does_not_hold_up_the_others() {
    let mut room = Room::with(&["ann"]);
    room.enter(1, "billing");
    room.enter(2, "idle");
    assert_eq!(room.acts(), ["ann for 2"]);
    room.queues.sign_in(room.now, "cat", None).expect("cat");
    assert_eq!(room.acts(), ["cat for 1"]);
}

#[test]
fn a_dialect_is_wanted_while_somebody_at_work_speaks_it() {
    let mut room = Room::with(&["ann"]);
    let yue = |call| Waiter {
        wish: Some("yue".into()),
        ..waiter(call, "idle")
    };
    room.queues.enter(room.now, yue(1));
    assert_eq!(room.acts(), ["ann for 1"]);
    room.queues.sign_in(room.now, "bob", None).expect("bob");
    assert!(room.answer("ann", 1));
    room.queues.released(room.now, "ann");
    room.pass(11);
    room.queues.enter(room.now, yue(2));
    assert_eq!(room.acts(), ["bob for 2"]);
    room.queues.enter(room.now, yue(3));
    assert_eq!(room.acts(), Vec::<String>::new());
}

#[test]
fn an_agent_who_lets_it_ring_gives_way_and_is_paused_the_second_time() {
    let mut room = Room::with(&["ann", "bob"]);
    room.enter(1, "idle");
    room.miss("ann", 1);
    assert_eq!(room.acts(), ["ann for 1", "bob for 1"]);
    room.miss("bob", 1);
    assert_eq!(
        room.acts(),
        Vec::<String>::new(),
        "both are left in peace for a moment"
    );
    room.pass(2);
    assert_eq!(room.acts(), ["ann for 1"]);
    room.miss("ann", 1);
    let ann = room.queues.agent(wall(room.now), "ann").expect("ann");
    assert_eq!(
        (ann.state, ann.why),
        (AgentState::Paused, Some(PauseWhy::Unanswered))
    );
    room.queues.resume(room.now, "ann").expect("ann");
    assert!(room.acts().contains(&"bob for 1".to_owned()));
}

#[test]
fn an_agent_whose_phone_is_gone_comes_back_with_it() {
    let mut room = Room::with(&["ann"]);
    room.enter(1, "idle");
    room.queues
        .missed(room.now, "ann", CallId(1), Miss::Unreachable);
    assert_eq!(room.state("ann"), AgentState::Paused);
    room.queues.device_back(room.now, "1");
    assert_eq!(room.acts(), ["ann for 1", "ann for 1"]);
}

#[test]
fn a_caller_who_leaves_frees_every_phone_that_rings() {
    let mut room = Room::with(&["ann", "bob"]);
    room.enter(1, "all");
    room.queues.leave(room.now, CallId(1));
    room.queues.leave(room.now, CallId(1));
    assert_eq!(
        room.acts(),
        ["ann for 1", "bob for 1", "stop ann 1", "stop bob 1"]
    );
    assert_eq!(room.state("ann"), AgentState::Ready);
    assert!(room.queues.lengths().is_empty() && room.queues.deadlines() == 0);
}

#[test]
fn a_caller_who_waits_too_long_is_told_and_then_let_go() {
    let mut room = Room::with(&[]);
    let short = Waiter {
        max_wait: Duration::from_secs(10),
        announce: Some(Duration::from_secs(4)),
        ..waiter(1, "idle")
    };
    room.queues.enter(room.now, short);
    room.pass(20);
    assert_eq!(room.acts(), ["tell 1", "tell 1", "late 1"]);
    assert_eq!(room.queues.deadlines(), 0);
}

#[test]
fn a_wish_made_in_a_call_is_granted_after_it() {
    let mut room = Room::with(&["ann", "bob"]);
    room.enter(1, "turn");
    assert!(room.answer("ann", 1));
    room.queues.pause(room.now, "ann").expect("ann");
    assert_eq!(room.state("ann"), AgentState::InCall);
    room.queues.released(room.now, "ann");
    assert_eq!(room.state("ann"), AgentState::Paused);
    room.queues.sign_out(room.now, "ann").expect("ann");
    assert_eq!(
        room.queues.pause(room.now, "ann"),
        Err(AgentError::SignedOut)
    );
    assert_eq!(
        room.queues.sign_in(room.now, "dan", None),
        Err(AgentError::Unknown)
    );
}

#[test]
fn one_phone_signs_one_agent_in() {
    let mut room = Room::with(&["ann"]);
    room.queues
        .sign_in(room.now, "bob", Some("1"))
        .expect("bob");
    assert_eq!(room.state("ann"), AgentState::SignedOut);
    assert_eq!(room.queues.agent_at("1"), Some("bob"));
    room.enter(1, "idle");
    assert!(room.answer("bob", 1));
    assert_eq!(
        room.queues.sign_in(room.now, "ann", None),
        Err(AgentError::Taken)
    );
}

#[test]
fn an_agent_in_a_call_of_their_own_is_not_rung() {
    let mut room = Room::with(&["ann", "bob"]);
    room.queues.occupied(room.now, "ann");
    room.enter(1, "idle");
    assert_eq!(room.acts(), ["bob for 1"]);
    room.queues.occupied(room.now, "bob");
    assert_eq!(room.acts(), ["stop bob 1"]);
    room.queues.released(room.now, "ann");
    assert_eq!(room.acts(), ["ann for 1"]);
    assert_eq!(room.state("ann"), AgentState::Ringing);
}

#[test]
fn an_agent_the_site_no_longer_knows_goes_after_the_call() {
    let mut room = Room::with(&["ann", "bob"]);
    room.enter(1, "idle");
    assert!(room.answer("ann", 1));
    let fewer = SITE
        .replace("[agent.ann]\ndevice = \"1\"", "")
        .replace("[agent.bob]\ndevice = \"2\"\nskills = [\"yue\"]", "");
    room.queues.set_site(room.now, &site(&fewer));
    assert_eq!(
        room.queues.agents(wall(room.now)).len(),
        2,
        "cat, and ann who speaks"
    );
    room.queues.released(room.now, "ann");
    room.pass(60);
    assert_eq!(room.queues.agents(wall(room.now)).len(), 1);
    assert_eq!(room.queues.deadlines(), 0);
}

#[test]
fn the_wait_is_told_from_what_calls_took() {
    let mut room = Room::with(&["ann", "bob"]);
    room.enter(1, "turn");
    assert!(room.answer("ann", 1));
    room.pass(120);
    room.queues.released(room.now, "ann");
    room.enter(2, "turn");
    room.enter(3, "turn");
    room.enter(4, "turn");
    assert_eq!(
        room.queues.expected_wait(CallId(4)),
        Some(Duration::from_secs(180))
    );
    assert_eq!(room.queues.queue(wall(room.now), "turn").waiting, 3);
    assert_eq!(room.queues.expected_wait(CallId(9)), None);
}
