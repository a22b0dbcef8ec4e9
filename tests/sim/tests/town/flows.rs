//! The founding description's flow, key by key; queues, speech and transfer.

use std::time::Duration;

use call::{Cause, StreamCommand};
use centre::event::{CallState, Event};
use sim::{Act, Plan, Town, TownConfig, phone_address};

fn one_call(plan: Plan) -> Town {
    let mut town = Town::new(TownConfig::new(1));
    town.dial(phone_address(1), plan);
    town.run_out();
    town
}

#[test]
fn key_one_leads_to_tech_support() {
    let town = one_call(
        Plan::dial("4000")
            .then(1_000, Act::Press('1'))
            .then(3_000, Act::HangUp),
    );
    let record = town.record();
    assert_eq!(record.path.flow, "customer_service");
    assert_eq!(record.path.target.as_deref(), Some("tech_support"));
    assert_eq!(record.path.digits, "1");
    assert_eq!(record.cause, Cause::CallerHungUp);
    assert_eq!(record.parties.trunk, "carrier");
    assert_eq!(
        (record.parties.from.as_str(), record.parties.to.as_str()),
        ("13800000007", "4000")
    );
}

#[test]
fn key_two_leads_to_sales() {
    let town = one_call(
        Plan::dial("4000")
            .then(1_000, Act::Press('2'))
            .then(3_000, Act::HangUp),
    );
    assert_eq!(town.record().path.target.as_deref(), Some("sales"));
}

#[test]
fn no_key_leads_to_the_queue_and_its_longest_wait_ends_the_call() {
    let town = one_call(Plan::dial("4000"));
    let record = town.record();
    assert_eq!(record.path.target.as_deref(), Some("queue_wait"));
    assert_eq!(record.cause, Cause::QueueTimeout);
    let phone = &town.phones[&phone_address(1)];
    let reason = Some(Some(
        "Q.850;cause=19;text=\"queue_timeout\", SIP;cause=480;text=\"queue_timeout\"".to_owned(),
    ));
    assert_eq!(phone.fate.hung_up, reason, "the caller is told why");
}

#[test]
fn a_key_by_info_counts_like_a_key_by_rtp() {
    let town = one_call(
        Plan::dial("4000")
            .then(1_000, Act::Info('2'))
            .then(3_000, Act::HangUp),
    );
    assert_eq!(town.record().path.digits, "2");
    assert_eq!(town.record().path.target.as_deref(), Some("sales"));
}

#[test]
fn a_key_sent_by_both_roads_is_pressed_once() {
    let plan = Plan::dial("4004")
        .then(1_000, Act::Press('5'))
        .then(30, Act::Info('5'))
        .then(1_000, Act::HangUp);
    let town = one_call(plan);
    assert_eq!(town.record().path.digits, "5");
    assert_eq!(town.centre.stats().switchboard.refused.doubled_digits, 1);
}

#[test]
fn spoken_words_choose_the_way_and_stand_in_the_record() {
    let plan = Plan::dial("4000")
        .then(1_000, Act::Press('1'))
        .then(2_500, Act::Say("我家断网了"))
        .then(9_000, Act::HangUp);
    let town = one_call(plan);
    let record = town.record();
    assert_eq!(record.transcript.len(), 1);
    assert_eq!(record.transcript[0].words, "我家断网了");
    assert_eq!(
        record.emotion.as_ref().map(|e| e.label.as_str()),
        Some("neutral")
    );
    assert_eq!(record.path.target.as_deref(), Some("announcement"));
    assert_eq!(record.cause, Cause::FlowEnded);
}

#[test]
fn words_said_just_before_hanging_up_still_reach_the_record() {
    let plan = Plan::dial("4000")
        .then(1_000, Act::Say("再见"))
        .then(100, Act::HangUp);
    let town = one_call(plan);
    assert_eq!(town.record().transcript.len(), 1);
}

#[test]
fn a_waiting_caller_hears_the_queue_again_and_again() {
    let town = one_call(Plan::dial("4004").then(5_000, Act::HangUp));
    let plays = town
        .plane
        .commands
        .iter()
        .filter_map(|command| match command {
            StreamCommand::Play {
                prompts, repeat, ..
            } => Some((prompts.join(" "), *repeat)),
            _ => None,
        });
    assert_eq!(plays.collect::<Vec<_>>(), [("wait".to_owned(), true)]);
}

#[test]
fn caller_who_hangs_up_in_queue_leaves_one_record() {
    let mut town = Town::new(TownConfig::new(3));
    for n in 0..5 {
        town.dial(
            phone_address(n),
            Plan::dial("4004").then(5_000, Act::HangUp),
        );
    }
    town.pass(Duration::from_secs(2));
    assert_eq!(town.centre.stats().queued["queue_wait"], 5);
    assert!(
        town.centre
            .live()
            .iter()
            .all(|call| call.state == CallState::InQueue)
    );
    town.run_out();
    assert_eq!(town.causes()["caller_hung_up"], 5);
}

#[test]
fn a_queue_with_a_way_on_leads_there_when_the_wait_is_over() {
    let town = one_call(Plan::dial("4000").then(1_000, Act::Press('2')));
    let record = town.record();
    assert_eq!(record.path.target.as_deref(), Some("sales"));
    assert_eq!(
        record
            .path
            .steps
            .last()
            .map(|s| s.starts_with("announcement/")),
        Some(true)
    );
    assert!(record.times.talk_ms() > 30_000);
}

#[test]
fn a_transfer_that_works_ends_as_transferred() {
    let mut plan = Plan::dial("4003");
    plan.transfer = Some(200);
    let town = one_call(plan);
    assert_eq!(town.record().cause, Cause::Transferred);
    let fate = &town.phones[&phone_address(1)].fate;
    assert_eq!(fate.referred.as_deref(), Some("<sip:4999@10.1.0.1:5060>"));
    assert!(fate.hung_up.is_some(), "the box says BYE after a transfer");
}

#[test]
fn a_transfer_that_is_refused_or_fails_goes_on_in_the_flow() {
    for answer in [None, Some(486)] {
        let mut plan = Plan::dial("4003");
        plan.transfer = answer;
        let town = one_call(plan);
        assert_eq!(town.record().cause, Cause::FlowEnded, "{answer:?}");
        let last = town.record().path.steps.last().unwrap();
        assert!(last.starts_with("announcement/"), "{last}");
    }
}

#[test]
fn a_busy_number_is_refused_with_486_and_never_answered() {
    let town = one_call(Plan::dial("4001"));
    assert_eq!(town.phones[&phone_address(1)].fate.rejected, Some(486));
    assert_eq!(town.record().cause, Cause::Busy);
    assert_eq!(town.record().times.answered, None);
    assert!(town.plane.commands.is_empty());
}

#[test]
fn a_number_that_leads_nowhere_is_refused_with_404() {
    let town = one_call(Plan::dial("0000"));
    assert_eq!(town.phones[&phone_address(1)].fate.rejected, Some(404));
    assert_eq!(town.record().cause, Cause::NoRoute);
}

#[test]
fn the_recording_is_named_by_day_and_call() {
    let town = one_call(Plan::dial("4002"));
    let record = town.record();
    let recording = record.recording.as_ref().unwrap();
    assert_eq!(recording.file, format!("2026/11/22/{}.wav", record.id));
    assert!(recording.length_ms > 1_000);
    assert_eq!(record.id.get_version_num(), 7);
    assert!(record.quality.packets_in > 0);
}

#[test]
fn the_live_page_sees_a_call_from_its_first_moment_to_its_record() {
    let town = one_call(
        Plan::dial("4000")
            .then(1_000, Act::Press('1'))
            .then(500, Act::HangUp),
    );
    let told: Vec<String> = town
        .events
        .iter()
        .map(|event| match event {
            Event::Started(_) => "started".to_owned(),
            Event::Changed(call) => format!("{:?} {}", call.state, call.step),
            Event::Digit { digit, .. } => format!("digit {digit}"),
            Event::Heard { .. } | Event::Felt { .. } => "heard".to_owned(),
            Event::Ended { .. } => "ended".to_owned(),
            Event::Agent(_) | Event::Queue(_) => "people".to_owned(),
            Event::Staff { .. } | Event::Phone { .. } => "people".to_owned(),
            Event::CallBacks(_) => "owed".to_owned(),
            Event::Trunk { .. } | Event::Refused(_) => "trunks".to_owned(),
        })
        .collect();
    assert_eq!(told.first().map(String::as_str), Some("started"));
    assert_eq!(told.last().map(String::as_str), Some("ended"));
    assert!(told.contains(&"digit 1".to_owned()), "{told:?}");
    assert!(
        told.iter().any(|t| t == "InFlow tech_support/problem"),
        "{told:?}"
    );
}

#[test]
fn a_running_call_keeps_the_site_it_began_with() {
    let mut town = Town::new(TownConfig::new(4));
    town.dial(phone_address(1), Plan::dial("4004"));
    town.pass(Duration::from_secs(1));
    let closed = "[site]\nname = \"closed\"\n[trunk.carrier]\npeers = [\"10.1.0.0/16\"]\n\
                  [number.\"*\"]\nflow = \"f\"\n[flow.f]\n\
                  xml = '<ivr name=\"f\"><step type=\"hangup\" cause=\"busy\"/></ivr>'\n";
    town.give(centre::Input::Site(sim::site(closed)));
    town.dial(phone_address(2), Plan::dial("4004"));
    town.run_out();
    let causes: Vec<_> = town.records.iter().map(|r| r.cause).collect();
    assert_eq!(causes, [Cause::Busy, Cause::QueueTimeout]);
}
