//! Callers who take the offer to be called back, and what becomes of the promise.

use std::time::Duration;

use call::Cause;
use centre::event::Event;
use centre::record::{Direction, Record};
use sim::{Act, DeskAct, Plan, Taking, Town, TownConfig, carrier_address, phone_address};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn talks(after_ms: u64, talk_ms: u64) -> Taking {
    Taking::Answer(after_ms, vec![(talk_ms, DeskAct::HangUp)])
}

/// A branch whose caller took the offer while nobody was at work.
fn promised(from: &str) -> Town {
    let mut town = Town::new(TownConfig::branch(5));
    town.carrier(1, Taking::Ignore);
    town.carrier(2, Taking::Ignore);
    let mut plan = Plan::dial("4009").then(3_000, Act::Press('5'));
    plan.from = from.into();
    town.dial(phone_address(1), plan);
    town.pass(seconds(20));
    town
}

/// The carrier takes calls like that.
fn called(town: &mut Town, taking: Taking) {
    town.at_desk(carrier_address(1), |desk| desk.takes([], taking));
}

fn call_backs(town: &Town) -> Vec<&Record> {
    let first = town.records[0].id;
    let of = |r: &&Record| r.handled.call_back_of == Some(first);
    town.records.iter().filter(of).collect()
}

#[test]
fn a_caller_who_took_the_offer_is_called_when_an_agent_is_free() {
    let mut town = promised("13800000007");
    assert_eq!(town.records.len(), 1, "they were let go");
    assert!(town.records[0].handled.call_back_promised);
    assert_eq!(town.records[0].cause, Cause::FlowEnded);
    assert_eq!(town.centre.stats().call_backs, 1);
    called(&mut town, talks(1_500, 20_000));
    let desk = town.agent("ann", 1);
    town.at_desk(desk, |desk| desk.takes([], talks(1_000, 60_000)));
    town.pass(seconds(10));
    assert_eq!(town.centre.stats().call_backs, 0, "it is kept");
    town.run_out();
    let [back] = call_backs(&town)[..] else {
        panic!("{:?}", town.records)
    };
    let handled = &back.handled;
    assert_eq!(handled.direction, Direction::Outbound);
    assert_eq!(handled.agent.as_deref(), Some("ann"));
    assert_eq!(handled.queue.as_deref(), Some("later"));
    assert_eq!(handled.answered_by.as_deref(), Some("+8613800000007"));
    assert_eq!(back.parties.trunk, "first");
    assert!((19_000..21_000).contains(&back.spans.talk_ms), "{back:?}");
    assert!(handled.cost > 0, "the shield counted it");
    assert_eq!(town.desks[&desk].tally.crowded, 0);
}

#[test]
fn a_caller_who_does_not_answer_is_tried_three_times_and_each_leaves_a_record() {
    let mut town = promised("13800000007");
    called(&mut town, Taking::Refuse(500, 486));
    let desk = town.agent("ann", 1);
    town.at_desk(desk, |desk| desk.takes([], talks(1_000, 60_000)));
    town.run_out();
    let causes: Vec<Cause> = call_backs(&town).iter().map(|r| r.cause).collect();
    assert_eq!(causes, [Cause::Busy; 3]);
    let started: Vec<i64> = call_backs(&town).iter().map(|r| r.times.started).collect();
    assert!(started.windows(2).all(|w| w[1] - w[0] >= 300_000));
    assert!(call_backs(&town).iter().all(|r| r.times.answered.is_none()));
}

#[test]
fn an_agent_who_lets_a_call_back_ring_leaves_it_to_the_next() {
    let mut town = promised("13800000007");
    called(&mut town, talks(1_500, 5_000));
    let ann = town.agent("ann", 1);
    town.at_desk(ann, |desk| desk.takes([], Taking::Refuse(300, 486)));
    let bob = town.agent("bob", 2);
    town.at_desk(bob, |desk| desk.takes([], talks(1_000, 60_000)));
    town.run_out();
    let backs = call_backs(&town);
    let kept: Vec<_> = backs.iter().filter(|r| r.spans.talk_ms > 0).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].handled.agent.as_deref(), Some("bob"));
}

#[test]
fn a_number_that_protection_forbids_is_promised_nothing() {
    for from in ["anonymous", "0012125550100", "110"] {
        let mut town = promised(from);
        assert_eq!(town.centre.stats().call_backs, 0, "{from}");
        town.run_out();
        assert!(!town.record().handled.call_back_promised, "{from}");
    }
}

#[test]
fn a_promise_that_nobody_comes_to_keep_leaves_a_record_that_says_so() {
    let mut town = promised("13800000007");
    let [owed] = &town.centre.call_backs()[..] else {
        panic!("{:?}", town.centre.call_backs())
    };
    assert_eq!((owed.queue.as_str(), owed.position), ("later", Some(1)));
    assert_eq!((owed.caller.as_str(), owed.tries), ("138******07", 0));
    assert_eq!(owed.call, town.records[0].id);
    town.run_out();
    let [back] = call_backs(&town)[..] else {
        panic!("{:?}", town.records)
    };
    assert_eq!(back.cause, Cause::QueueTimeout);
    assert_eq!(back.parties.to, "13800000007");
    assert_eq!(back.handled.queue.as_deref(), Some("later"));
    let waited = back.times.started - town.records[0].times.started;
    assert!((7_200_000..7_210_000).contains(&waited), "{waited} ms");
    assert_eq!(told(&town).last(), Some(&0));
}

/// How many were owed each time that was shown.
fn told(town: &Town) -> Vec<usize> {
    let owed = |event: &Event| match event {
        Event::CallBacks(owed) => Some(owed.len()),
        _ => None,
    };
    town.events.iter().filter_map(owed).collect()
}

#[test]
fn a_promise_that_a_supervisor_takes_back_leaves_a_record_and_nobody_is_called() {
    let mut town = promised("13800000007");
    let call = town.records[0].id;
    town.give(centre::Input::CancelCallBack { call });
    assert_eq!(town.centre.stats().call_backs, 0);
    assert_eq!(told(&town).last(), Some(&0));
    let desk = town.agent("ann", 1);
    town.give(centre::Input::CancelCallBack { call });
    town.run_out();
    assert_eq!(town.desks[&desk].tally.rang, 0);
    let causes: Vec<Cause> = call_backs(&town).iter().map(|r| r.cause).collect();
    assert_eq!(causes, [Cause::Cancelled]);
}

#[test]
fn a_promise_taken_back_while_the_agents_phone_rings_leaves_one_record() {
    let mut town = promised("13800000007");
    let desk = town.agent("ann", 1);
    town.at_desk(desk, |desk| desk.takes([], Taking::Ignore));
    town.pass(seconds(4));
    let shown = town.centre.call_backs();
    assert!(shown[0].is_calling, "{shown:?}");
    let call = town.records[0].id;
    town.give(centre::Input::CancelCallBack { call });
    town.run_out();
    let causes: Vec<Cause> = call_backs(&town).iter().map(|r| r.cause).collect();
    assert_eq!(causes, [Cause::Cancelled]);
}

#[test]
fn a_box_that_stops_owes_nothing() {
    let mut town = promised("13800000007");
    town.give(centre::Input::Stop);
    assert_eq!(town.centre.stats().call_backs, 0);
    town.run_out();
}
