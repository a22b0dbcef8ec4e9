//! Why calls end, as both sides tell each other (RFC 3326).

use call::{Cause, LegEvent, Line};
use sip::{Event, Reply};

use crate::phone::{DESK, SOFT};
use crate::world::{CARRIER, World, at, to_carrier};

const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

fn to_device(name: &str) -> call::Dial {
    call::Dial {
        line: Line::Device(name.into()),
        ..to_carrier(name)
    }
}

fn cancelled(world: &mut World, address: &str) -> Option<String> {
    match &world.told(at(address))[..] {
        [Event::Cancelled { reason, .. }] => reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn phones_that_lost_a_call_to_another_do_not_show_it_as_missed() {
    let mut world = World::with_phones();
    assert_eq!(world.register(at(SOFT), "1001", "1001", 5), 200);
    world.dial(to_device("1001"));
    let (desk, _) = world.rung(at(DESK));
    let (soft, _) = world.rung(at(SOFT));
    world.reply(at(DESK), desk, 180);
    world.reply(at(SOFT), soft, 180);
    world.reply(at(SOFT), soft, 200);
    assert_eq!(cancelled(&mut world, DESK).as_deref(), Some(ELSEWHERE));
}

#[test]
fn a_leg_that_another_was_quicker_than_is_told_so_and_one_that_waited_too_long_is_not() {
    for (cause, reason) in [
        (Cause::AnsweredElsewhere, ELSEWHERE),
        (
            Cause::NoAnswer,
            "Q.850;cause=19;text=\"no_answer\", SIP;cause=480;text=\"no_answer\"",
        ),
        (
            Cause::Cancelled,
            "Q.850;cause=16;text=\"cancelled\", SIP;cause=487;text=\"cancelled\"",
        ),
    ] {
        let mut world = World::new();
        let leg = world.dial(to_carrier("1"));
        let (tx, _) = world.rung(at(CARRIER));
        world.reply(at(CARRIER), tx, 180);
        let now = world.now;
        world.board.end(now, leg, cause);
        world.settle();
        assert_eq!(cancelled(&mut world, CARRIER).as_deref(), Some(reason));
        world.run_out();
    }
}

#[test]
fn a_carrier_that_says_why_it_hangs_up_is_believed() {
    for (reason, cause) in [
        (
            "Q.850;cause=16;text=\"Normal call clearing\"",
            Cause::CalledHungUp,
        ),
        ("Q.850;cause=41", Cause::Congested),
        (
            "SIP;cause=200;text=\"User ended call\"",
            Cause::CalledHungUp,
        ),
    ] {
        let mut world = World::new();
        let (leg, dialog) = world.talk();
        let now = world.now;
        let headers = vec![("Reason".to_owned(), reason.to_owned())];
        world.peer(at(CARRIER)).bye(now, dialog, headers);
        world.settle();
        assert_eq!(world.cause(leg), cause, "{reason}");
        world.run_out();
    }
}

#[test]
fn our_bye_says_why_by_both_numbers() {
    let mut world = World::new();
    let (leg, _) = world.talk();
    let now = world.now;
    world.board.end(now, leg, Cause::CallerHungUp);
    world.settle();
    let told = world.told(at(CARRIER));
    let reason = told.iter().find_map(|event| match event {
        Event::Ended {
            by: sip::EndedBy::Peer { reason },
            ..
        } => reason.clone(),
        _ => None,
    });
    assert_eq!(
        reason.as_deref(),
        Some("Q.850;cause=16;text=\"caller_hung_up\", SIP;cause=200;text=\"caller_hung_up\"")
    );
}

#[test]
fn a_refusal_is_understood_by_its_q850_cause_and_ours_carries_one() {
    let mut world = World::new();
    let leg = world.dial(to_carrier("1"));
    let (tx, _) = world.rung(at(CARRIER));
    let (now, reply) = (
        world.now,
        Reply::new(480).with_header("Reason", "Q.850;cause=17"),
    );
    world.peer(at(CARRIER)).respond(now, tx, &reply);
    world.settle();
    assert_eq!(world.cause(leg), Cause::Busy);

    let mut world = World::with_phones();
    world.phone_dials(at(DESK), "1001", "200");
    let leg = world.incoming();
    let now = world.now;
    world.board.end(now, leg, Cause::Busy);
    world.settle();
    let refusal = world.last(at(DESK)).to_owned();
    assert!(refusal.starts_with("SIP/2.0 486 "), "{refusal}");
    assert!(
        refusal.contains("Reason: Q.850;cause=17;text=\"busy\"\r\n"),
        "{refusal}"
    );
}

#[test]
fn a_caller_whose_other_fork_was_answered_did_not_give_up() {
    let mut world = World::with_phones();
    let dialog = world.phone_dials(at(DESK), "1001", "200");
    let leg = world.incoming();
    let now = world.now;
    world.board.ring(now, leg);
    world.settle();
    let why = vec![("Reason".to_owned(), ELSEWHERE.to_owned())];
    world.peer(at(DESK)).cancel_because(now, dialog, why);
    world.settle();
    let events = world.events();
    assert!(
        events.contains(&LegEvent::Ended {
            leg,
            cause: Cause::AnsweredElsewhere
        }),
        "{events:?}"
    );
}
