//! Phones of the branch speak with one another, and hold one another.

use std::time::Duration;

use call::Cause;
use centre::event::CallState;
use centre::record::Direction;
use sim::{Act, DeskAct, Plan, Taking, Town, TownConfig, phone_address};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn talks(after_ms: u64, talk_ms: u64) -> Taking {
    Taking::Answer(after_ms, vec![(talk_ms, DeskAct::HangUp)])
}

#[test]
fn two_phones_of_the_branch_speak_and_leave_one_record() {
    let mut town = Town::new(TownConfig::branch(1));
    let (one, other) = (town.desk(1), town.desk(2));
    town.at_desk(other, |desk| desk.takes([], talks(3_000, 60_000)));
    town.desk_dials(one, "1002", vec![(8_000, DeskAct::HangUp)]);
    town.run_out();
    let record = town.record();
    assert_eq!(record.handled.direction, Direction::Internal);
    assert_eq!(record.handled.device.as_deref(), Some("1001"));
    assert_eq!(record.handled.answered_by.as_deref(), Some("1002"));
    assert_eq!(record.cause, Cause::CallerHungUp);
    let spans = &record.spans;
    assert!((3_000..3_200).contains(&spans.ring_ms), "{spans:?}");
    assert!((7_900..8_200).contains(&spans.talk_ms), "{spans:?}");
    assert_eq!((spans.wait_ms, spans.flow_ms, spans.hold_ms), (0, 0, 0));
    assert!(
        record.transcript.is_empty(),
        "who works here is not listened to"
    );
}

#[test]
fn a_phone_that_cannot_be_had_refuses_the_caller_with_its_own_reason() {
    for (taking, cause, status) in [
        (Taking::Refuse(500, 486), Cause::Busy, 486),
        (Taking::Refuse(500, 603), Cause::Declined, 603),
        (Taking::Ignore, Cause::NoAnswer, 480),
    ] {
        let mut town = Town::new(TownConfig::branch(2));
        let (one, other) = (town.desk(1), town.desk(2));
        town.at_desk(other, |desk| desk.takes([], taking));
        town.desk_dials(one, "1002", vec![]);
        town.run_out();
        assert_eq!(town.record().cause, cause);
        assert_eq!(town.record().times.answered, None);
        assert_eq!(town.desks[&one].last_refusal, Some(status));
    }
    let mut town = Town::new(TownConfig::branch(2));
    let one = town.desk(1);
    town.desk_dials(one, "1003", vec![]);
    town.desk_dials(one, "9999", vec![]);
    town.run_out();
    let causes = town.causes();
    assert_eq!((causes["not_registered"], causes["no_route"]), (1, 1));
}

#[test]
fn a_caller_who_gives_up_stops_the_phone_ringing() {
    let mut town = Town::new(TownConfig::branch(3));
    let (one, other) = (town.desk(1), town.desk(2));
    town.at_desk(other, |desk| desk.takes([], talks(20_000, 5_000)));
    let dialog = town.desk_dials(one, "1002", vec![]);
    town.pass(seconds(3));
    let now = town.now;
    town.at_desk(one, |desk| desk.cancel(now, dialog));
    town.run_out();
    assert_eq!(town.record().cause, Cause::Cancelled);
    assert_eq!(town.desks[&other].tally.taken, 0);
}

#[test]
fn a_trunk_reaches_a_phone_and_what_follows_where_it_does_not_answer() {
    let mut town = Town::new(TownConfig::branch(4));
    let desk = town.desk(5);
    town.at_desk(desk, |desk| {
        desk.takes([talks(2_000, 4_000)], Taking::Ignore)
    });
    town.dial(phone_address(1), Plan::dial("4002"));
    town.pass(seconds(60));
    let record = town.record();
    assert_eq!(record.handled.answered_by.as_deref(), Some("1005"));
    assert!(
        (2_000..2_300).contains(&record.spans.ring_ms),
        "{:?}",
        record.spans
    );
    assert_eq!(
        record.spans.bill_ms, record.spans.talk_ms,
        "ringing is not billed"
    );
    town.dial(phone_address(2), Plan::dial("4002"));
    town.pass(seconds(60));
    assert_eq!(town.records[1].cause, Cause::NoAnswer);
    assert_eq!(town.phones[&phone_address(2)].fate.rejected, Some(480));
    town.dial(
        phone_address(3),
        Plan::dial("4003").then(15_000, Act::HangUp),
    );
    town.run_out();
    let record = &town.records[2];
    assert_eq!(record.path.target.as_deref(), Some("sales"));
    assert!(
        record.spans.ring_ms > 9_900 && record.spans.wait_ms > 4_000,
        "{:?}",
        record.spans
    );
}

#[test]
fn a_flow_hands_its_caller_to_a_phone_or_goes_on() {
    let mut town = Town::new(TownConfig::branch(5));
    let desk = town.desk(5);
    town.at_desk(desk, |desk| {
        desk.takes([talks(1_000, 4_000)], Taking::Refuse(500, 486))
    });
    town.dial(phone_address(1), Plan::dial("4008"));
    town.pass(seconds(60));
    assert_eq!(town.record().handled.answered_by.as_deref(), Some("1005"));
    town.dial(phone_address(2), Plan::dial("4008"));
    town.run_out();
    assert_eq!(town.records[1].path.steps, ["hand/over", "closed/start"]);
    assert_eq!(town.records[1].cause, Cause::FlowEnded);
}

#[test]
fn a_held_party_hears_music_and_the_time_is_kept_apart() {
    let mut town = Town::new(TownConfig::branch(6));
    let (one, other) = (town.desk(1), town.desk(2));
    town.at_desk(other, |desk| desk.takes([], talks(1_000, 60_000)));
    let acts = vec![
        (5_000, DeskAct::Hold),
        (7_000, DeskAct::Resume),
        (4_000, DeskAct::HangUp),
    ];
    town.desk_dials(one, "1002", acts);
    town.pass(seconds(10));
    assert_eq!(town.centre.live()[0].state, CallState::OnHold);
    let playing = town
        .plane
        .running
        .values()
        .filter_map(|r| r.playing.clone());
    assert_eq!(
        playing.collect::<Vec<_>>(),
        [(vec!["hold".to_owned()], true)]
    );
    town.run_out();
    let spans = &town.record().spans;
    assert!((6_900..7_200).contains(&spans.hold_ms), "{spans:?}");
    assert!((8_800..9_200).contains(&spans.talk_ms), "{spans:?}");
}

#[test]
fn an_agent_is_called_by_number_at_the_phone_they_are_signed_in_at() {
    let mut town = Town::new(TownConfig::branch(7));
    let _ = town.agent("bob", 4);
    town.at_desk(sim::desk_address(4), |desk| {
        desk.takes([], talks(1_000, 3_000))
    });
    let one = town.desk(1);
    town.desk_dials(one, "17", vec![]);
    town.run_out();
    assert_eq!(town.record().handled.agent.as_deref(), Some("bob"));
    assert_eq!(town.record().handled.answered_by.as_deref(), Some("1004"));
}
