//! Callers in queues and the agents who take them.

use std::net::SocketAddr;
use std::time::Duration;

use call::Cause;
use centre::event::{CallState, Event};
use centre::record::Direction;
use centre::{AgentAct, AgentState, Input, PauseWhy};
use sim::{Act, DeskAct, Plan, Taking, Town, TownConfig, phone_address};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn talks(after_ms: u64, talk_ms: u64) -> Taking {
    Taking::Answer(after_ms, vec![(talk_ms, DeskAct::HangUp)])
}

fn state(town: &Town, name: &str) -> AgentState {
    let agents = town.centre.agents();
    agents
        .iter()
        .find(|a| a.agent == name)
        .expect("an agent")
        .state
}

/// A calm branch where ann works and takes calls like that.
fn with_ann(taking: Taking) -> (Town, SocketAddr) {
    let mut town = Town::new(TownConfig::branch(1));
    let desk = town.agent("ann", 1);
    town.at_desk(desk, |desk| desk.takes([], taking));
    (town, desk)
}

#[test]
fn a_caller_in_a_queue_speaks_with_the_agent_and_leaves_one_record() {
    let (mut town, _) = with_ann(talks(2_000, 10_000));
    town.dial(phone_address(1), Plan::dial("4000"));
    town.pass(seconds(6));
    assert_eq!(town.centre.live()[0].state, CallState::Talking);
    assert_eq!(state(&town, "ann"), AgentState::InCall);
    town.pass(seconds(8));
    assert_eq!(state(&town, "ann"), AgentState::WrapUp);
    town.pass(seconds(4));
    assert_eq!(state(&town, "ann"), AgentState::Ready);
    town.run_out();
    let record = town.record();
    assert_eq!(record.cause, Cause::CalledHungUp);
    let handled = &record.handled;
    assert_eq!(handled.direction, Direction::Inbound);
    assert_eq!(handled.agent.as_deref(), Some("ann"));
    assert_eq!(handled.answered_by.as_deref(), Some("1001"));
    assert_eq!(handled.queue.as_deref(), Some("sales"));
    let spans = &record.spans;
    assert!((9_900..10_200).contains(&spans.talk_ms), "{spans:?}");
    assert!((2_000..2_300).contains(&spans.wait_ms), "{spans:?}");
    assert!(record.recording.is_some());
    let shown = town
        .events
        .iter()
        .any(|e| matches!(e, Event::Queue(q) if q.waiting == 1));
    assert!(shown, "the supervisor saw the queue");
}

#[test]
fn a_caller_who_hangs_up_while_an_agent_rings_leaves_one_record_and_a_free_agent() {
    let (mut town, desk) = with_ann(Taking::Ignore);
    town.dial(
        phone_address(1),
        Plan::dial("4000").then(4_000, Act::HangUp),
    );
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
    assert_eq!(state(&town, "ann"), AgentState::Ready);
    assert_eq!(town.desks[&desk].tally.rang, 1);
    assert!(town.record().spans.wait_ms > 3_000 && town.record().spans.talk_ms == 0);
}

#[test]
fn an_agent_who_never_picks_up_is_paused_and_the_caller_goes_on() {
    let (mut town, _) = with_ann(Taking::Ignore);
    let bob = town.agent("bob", 2);
    town.at_desk(bob, |desk| desk.takes([], talks(1_000, 3_000)));
    town.dial(phone_address(1), Plan::dial("4000"));
    town.pass(seconds(60));
    assert_eq!(town.record().handled.agent.as_deref(), Some("bob"));
    town.dial(phone_address(2), Plan::dial("4000"));
    town.dial(phone_address(3), Plan::dial("4000"));
    town.pass(seconds(120));
    let agents = town.centre.agents();
    assert_eq!(
        (agents[0].state, agents[0].why),
        (AgentState::Paused, Some(PauseWhy::Unanswered))
    );
    town.run_out();
    assert_eq!(town.records.len(), 3);
}

#[test]
fn an_agent_whose_phone_lost_power_is_paused_until_it_registers_again() {
    let (mut town, desk) = with_ann(Taking::Vanish);
    let bob = town.agent("bob", 2);
    town.at_desk(bob, |desk| desk.takes([], talks(1_000, 3_000)));
    town.dial(phone_address(1), Plan::dial("4000"));
    town.run_out();
    assert_eq!(town.record().handled.agent.as_deref(), Some("bob"));
    assert_ne!(state(&town, "ann"), AgentState::InCall);
    town.desks.remove(&desk);
    let _ = town.desk(1);
    assert_eq!(state(&town, "ann"), AgentState::Ready);
}

#[test]
fn an_agent_who_loses_power_in_a_call_is_noticed_and_freed() {
    let (mut town, _) = with_ann(Taking::Answer(500, vec![(4_000, DeskAct::Vanish)]));
    town.dial(phone_address(1), Plan::dial("4000"));
    town.run_out();
    assert_eq!(town.record().cause, Cause::MediaTimeout);
    assert_ne!(state(&town, "ann"), AgentState::InCall);
}

#[test]
fn all_phones_ring_and_one_has_the_call() {
    let (mut town, ann) = with_ann(talks(3_000, 5_000));
    let bob = town.agent("bob", 2);
    town.at_desk(bob, |desk| desk.takes([], talks(1_500, 5_000)));
    town.dial(phone_address(1), Plan::dial("4005"));
    town.run_out();
    assert_eq!(town.record().handled.agent.as_deref(), Some("bob"));
    assert_eq!(town.desks[&ann].tally.rang, 1);
    assert_eq!(town.desks[&ann].tally.taken, 0);
}

#[test]
fn agents_sign_in_pause_and_sign_out_from_their_phone() {
    let mut town = Town::new(TownConfig::branch(2));
    let desk = town.desk(1);
    for (code, wanted) in [
        ("*73", AgentState::SignedOut),
        ("*71", AgentState::Ready),
        ("*73", AgentState::Paused),
        ("*74", AgentState::Ready),
        ("*72", AgentState::SignedOut),
    ] {
        town.desk_dials(desk, code, vec![]);
        town.pass(seconds(5));
        assert_eq!(state(&town, "ann"), wanted, "{code}");
    }
    let played = town.plane.commands.iter().any(|command| {
        matches!(command, call::StreamCommand::Play { prompts, .. } if prompts == &["signed_in"])
    });
    assert!(played, "the phone is told");
    town.run_out();
    assert_eq!(town.records.len(), 5);
    assert!(
        town.records
            .iter()
            .all(|r| r.handled.direction == Direction::Internal)
    );
}

#[test]
fn an_agent_on_a_call_of_their_own_is_not_rung() {
    let (mut town, ann) = with_ann(talks(500, 2_000));
    let other = town.desk(5);
    town.at_desk(other, |desk| desk.takes([], talks(500, 20_000)));
    town.desk_dials(ann, "1005", vec![]);
    town.pass(seconds(3));
    assert_eq!(state(&town, "ann"), AgentState::InCall);
    town.dial(phone_address(1), Plan::dial("4000"));
    town.pass(seconds(10));
    assert_eq!(town.desks[&ann].tally.rang, 0);
    town.run_out();
    let queued = town
        .records
        .iter()
        .find(|r| r.handled.queue.is_some())
        .expect("a record");
    assert!(queued.spans.wait_ms > 15_000, "{:?}", queued.spans);
}

#[test]
fn a_full_queue_sends_the_next_caller_elsewhere() {
    let mut town = Town::new(TownConfig::branch(3));
    town.dial(phone_address(1), Plan::dial("4006"));
    town.pass(seconds(1));
    town.dial(phone_address(2), Plan::dial("4006"));
    town.run_out();
    let second = &town.records[0];
    assert_eq!(second.path.steps, ["closed/start"]);
    assert!(second.spans.wait_ms == 0, "{:?}", second.spans);
    assert!(town.records[1].spans.wait_ms > 39_000);
}

#[test]
fn waiting_callers_are_told_and_then_hear_the_music_again() {
    let mut town = Town::new(TownConfig::branch(4));
    town.dial(
        phone_address(1),
        Plan::dial("4007").then(25_000, Act::HangUp),
    );
    town.run_out();
    let plays: Vec<String> = town
        .plane
        .commands
        .iter()
        .filter_map(|command| match command {
            call::StreamCommand::Play { prompts, .. } => Some(prompts.join(" ")),
            _ => None,
        })
        .collect();
    assert_eq!(plays, ["wait", "sorry", "wait", "sorry", "wait"]);
}

#[test]
fn the_caller_who_matters_more_is_served_first() {
    let mut town = Town::new(TownConfig::branch(5));
    let _ = town.desk(1);
    let mut stranger = Plan::dial("4000");
    stranger.from = "13911112222".into();
    town.dial(phone_address(1), stranger);
    town.pass(seconds(2));
    let mut known = Plan::dial("4000");
    known.from = "13811112222".into();
    town.dial(phone_address(2), known);
    town.pass(seconds(2));
    let ann = sim::desk_address(1);
    town.at_desk(ann, |desk| desk.takes([], talks(500, 5_000)));
    town.give(Input::Agent {
        agent: "ann".into(),
        act: AgentAct::SignIn { device: None },
    });
    town.run_out();
    assert_eq!(town.records[0].parties.from, "13811112222");
    assert_eq!(town.records[0].handled.agent.as_deref(), Some("ann"));
}
