//! Phones hand their party over, blind and attended.

use std::net::SocketAddr;
use std::time::Duration;

use call::Cause;
use sim::{DeskAct, Plan, Taking, Town, TownConfig, phone_address};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn talks(after_ms: u64, talk_ms: u64) -> Taking {
    Taking::Answer(after_ms, vec![(talk_ms, DeskAct::HangUp)])
}

/// A branch where ann takes a caller and does `act` after four seconds; 1002 takes calls.
fn transfer(act: DeskAct, second: Taking) -> (Town, SocketAddr, SocketAddr) {
    let mut town = Town::new(TownConfig::branch(1));
    let ann = town.agent("ann", 1);
    let other = town.desk(2);
    let acts = vec![(4_000, act), (50_000, DeskAct::HangUp)];
    town.at_desk(ann, |desk| desk.takes([], Taking::Answer(1_000, acts)));
    town.at_desk(other, |desk| desk.takes([], second));
    town.dial(phone_address(1), Plan::dial("4000"));
    (town, ann, other)
}

#[test]
fn a_blind_transfer_leaves_the_caller_with_the_new_party_in_one_record() {
    let (mut town, ann, _) = transfer(DeskAct::Blind("1002".into()), talks(2_000, 8_000));
    town.run_out();
    assert_eq!(town.desks[&ann].tally.handed, 1);
    let record = town.record();
    assert_eq!(record.handled.answered_by.as_deref(), Some("1002"));
    assert_eq!(record.cause, Cause::CalledHungUp);
    assert!(
        (11_500..12_500).contains(&record.spans.talk_ms),
        "{:?}",
        record.spans
    );
}

#[test]
fn a_blind_transfer_that_fails_gives_the_caller_back() {
    let (mut town, ann, _) = transfer(DeskAct::Blind("1002".into()), Taking::Refuse(1_000, 486));
    town.run_out();
    assert_eq!(town.desks[&ann].tally.handed, 0);
    let record = town.record();
    assert_eq!(record.handled.answered_by.as_deref(), Some("1001"));
    assert!(record.spans.talk_ms > 50_000, "{:?}", record.spans);
}

#[test]
fn a_caller_is_transferred_to_another_queue() {
    let (mut town, ann, _) = transfer(DeskAct::Blind("4007".into()), Taking::Ignore);
    town.pass(seconds(3));
    // The next call she lets ring: she could take this one again.
    town.at_desk(ann, |desk| desk.takes([], Taking::Ignore));
    town.pass(seconds(17));
    let dan = town.agent("dan", 4);
    town.at_desk(dan, |desk| desk.takes([], talks(500, 3_000)));
    town.run_out();
    assert_eq!(town.desks[&ann].tally.handed, 1);
    let record = town.record();
    assert_eq!(record.handled.agent.as_deref(), Some("dan"));
    assert_eq!(record.handled.queue.as_deref(), Some("billing"));
}

#[test]
fn a_caller_who_hangs_up_during_a_transfer_leaves_nothing_behind() {
    let (mut town, _, other) = transfer(DeskAct::Blind("1002".into()), Taking::Ignore);
    town.pass(seconds(8));
    assert_eq!(town.desks[&other].tally.rang, 1);
    town.phones
        .get_mut(&phone_address(1))
        .unwrap()
        .hang_up_at(town.now);
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}

#[test]
fn an_attended_transfer_leaves_the_two_parties_and_ends_the_consultation() {
    let (mut town, ann, _) = transfer(DeskAct::Consult("1002".into()), talks(2_000, 15_000));
    town.run_out();
    assert_eq!(town.desks[&ann].tally.handed, 1);
    assert_eq!(town.records.len(), 2);
    let of = |device: Option<&str>| {
        let is = |r: &&centre::record::Record| r.handled.device.as_deref() == device;
        town.records.iter().find(is).expect("a record")
    };
    let (first, second) = (of(None), of(Some("1001")));
    assert_eq!(second.cause, Cause::Transferred);
    assert_eq!(first.cause, Cause::CalledHungUp);
    assert_eq!(first.handled.answered_by.as_deref(), Some("1002"));
    assert!(first.spans.hold_ms > 1_500, "{:?}", first.spans);
    assert!(first.spans.talk_ms > 15_000, "{:?}", first.spans);
}

#[test]
fn a_trunk_may_not_ask_for_a_transfer() {
    let mut town = Town::new(TownConfig::branch(3));
    let carrier = town.carrier(
        1,
        Taking::Answer(
            500,
            vec![
                (2_000, DeskAct::Blind("0012125550100".into())),
                (9_000, DeskAct::HangUp),
            ],
        ),
    );
    let one = town.desk(1);
    town.desk_dials(one, "13800138000", vec![]);
    town.run_out();
    assert_eq!(town.desks[&carrier].tally.handed, 0);
    assert_eq!(town.desks[&carrier].tally.rang, 1);
    assert_eq!(town.records.len(), 1);
}
