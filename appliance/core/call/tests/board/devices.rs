//! Phones on the LAN: who may register, who may call, and how a device with several rings.

use std::time::Duration;

use call::{Cause, Dial, LegEvent, Line, Origin};
use sip::Event;

use crate::phone::{DESK, SOFT};
use crate::world::{CARRIER, World, at, to_carrier};

fn to_device(name: &str) -> Dial {
    Dial {
        line: Line::Device(name.into()),
        to: name.into(),
        ..to_carrier("x")
    }
}

#[test]
fn a_phone_registers_with_its_password_and_is_forgotten_in_time() {
    let mut world = World::with_phones();
    let phones = world.board.registrations();
    assert_eq!(phones.keys().collect::<Vec<_>>(), ["1001", "1002"]);
    assert_eq!(phones["1001"][0].source, at(DESK).into());
    world.pass(Duration::from_secs(601));
    assert_eq!(
        world.events(),
        ["1001", "1002"].map(|name| LegEvent::Registered {
            device: name.into(),
            contacts: 0
        })
    );
    world.run_out();
}

#[test]
fn a_wrong_password_a_foreign_name_and_a_foreign_network_register_nothing() {
    let mut world = World::with_phones();
    assert_eq!(world.register(at(DESK), "1001", "1002", 2), 401);
    let outside = "203.0.113.9:5060";
    world.add(at(outside));
    assert_eq!(world.register(at(outside), "1001", "1001", 3), 403);
    // A carrier is known by its address, and has nothing to register.
    assert_eq!(world.register(at(CARRIER), "1001", "1001", 4), 403);
    assert_eq!(world.board.stats().refused.registrations, 1);
    assert_eq!(world.board.stats().contacts, 2);
}

#[test]
fn a_phone_that_calls_shows_its_password_and_is_told_from_a_trunk() {
    let mut world = World::with_phones();
    let dialog = world.phone_dials(at(DESK), "1001", "1002");
    let events = world.events();
    let [LegEvent::Incoming { leg, caller }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(caller.origin, Origin::Device("1001".into()));
    assert_eq!((caller.from.as_str(), caller.to.as_str()), ("1001", "1002"));
    let (now, leg) = (world.now, *leg);
    world.board.answer(now, leg);
    world.settle();
    world.peer(at(DESK)).bye(now, dialog, vec![]);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CallerHungUp);
}

#[test]
fn all_phones_of_a_device_ring_and_the_first_that_answers_has_the_call() {
    let mut world = World::with_phones();
    assert_eq!(world.register(at(SOFT), "1001", "1001", 5), 200);
    world.events.clear();
    let leg = world.dial(to_device("1001"));
    let (desk, _) = world.rung(at(DESK));
    let (soft, request) = world.rung(at(SOFT));
    assert_eq!(request.uri.as_str(), format!("sip:1001@{SOFT}"));
    world.reply(at(DESK), desk, 180);
    world.reply(at(SOFT), soft, 180);
    let rings = world.events();
    assert_eq!(rings.len(), 1, "ringing is told once: {rings:?}");
    world.reply(at(SOFT), soft, 200);
    assert!(matches!(world.told(at(DESK))[..], [Event::Cancelled { tx, .. }] if tx == desk));
    let events = world.events();
    assert!(matches!(events[0], LegEvent::Answered { .. }));
    assert!(matches!(events[1], LegEvent::Opened { .. }));
    assert_eq!(events.len(), 2);
    let now = world.now;
    world.board.end(now, leg, Cause::CallerHungUp);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CallerHungUp);
}

#[test]
fn two_phones_picked_up_at_once_make_one_call() {
    let mut world = World::with_phones();
    world.register(at(SOFT), "1001", "1001", 5);
    let leg = world.dial(to_device("1001"));
    let (desk, _) = world.rung(at(DESK));
    let (soft, _) = world.rung(at(SOFT));
    // Both 200s are on the wire before the switchboard reads one.
    let now = world.now;
    for (address, tx) in [(DESK, desk), (SOFT, soft)] {
        let reply = sip::Reply::new(200).with_body(crate::world::sdp(41_000, "sendrecv"));
        world.peer(at(address)).respond(now, tx, &reply);
    }
    world.settle();
    let answered = |e: &&LegEvent| matches!(e, LegEvent::Answered { .. });
    assert_eq!(world.events.iter().filter(answered).count(), 1);
    let byes = world.count(at(DESK), "BYE") + world.count(at(SOFT), "BYE");
    assert_eq!(byes, 1, "the second phone is told that it came too late");
    world.board.end(now, leg, Cause::FlowEnded);
    world.settle();
    assert_eq!(world.cause(leg), Cause::FlowEnded);
}

#[test]
fn a_device_is_busy_when_one_phone_is_and_the_other_is_gone() {
    let mut world = World::with_phones();
    world.register(at(SOFT), "1001", "1001", 5);
    world.dead.push(at(SOFT));
    let leg = world.dial(Dial {
        patience: Duration::from_secs(60),
        ..to_device("1001")
    });
    let (desk, _) = world.rung(at(DESK));
    world.reply(at(DESK), desk, 486);
    assert!(
        world.board.stats().legs == 1,
        "the other phone may answer yet"
    );
    world.pass(Duration::from_secs(40));
    assert_eq!(world.cause(leg), Cause::Busy);
}

#[test]
fn a_declined_call_stops_ringing_everywhere() {
    let mut world = World::with_phones();
    world.register(at(SOFT), "1001", "1001", 5);
    let leg = world.dial(to_device("1001"));
    let (desk, _) = world.rung(at(DESK));
    let (soft, _) = world.rung(at(SOFT));
    world.reply(at(SOFT), soft, 180);
    world.reply(at(DESK), desk, 603);
    assert_eq!(world.cause(leg), Cause::Declined);
    assert!(matches!(world.told(at(SOFT))[..], [Event::Cancelled { tx, .. }] if tx == soft));
}

#[test]
fn a_device_without_a_phone_is_not_registered() {
    let mut world = World::with_phones();
    let gone = format!("Contact: <sip:1001@{DESK}>;expires=0\r\n");
    assert_eq!(
        world.send_register(at(DESK), "1001", "1001", (7, &gone)),
        200
    );
    assert_eq!(
        world.events(),
        [LegEvent::Registered {
            device: "1001".into(),
            contacts: 0
        }]
    );
    let leg = world.dial(to_device("1001"));
    assert_eq!(world.cause(leg), Cause::NotRegistered);
    let nobody = world.dial(to_device("9999"));
    assert_eq!(world.cause(nobody), Cause::NoRoute);
}

#[test]
fn a_phone_is_offered_first_what_its_caller_speaks() {
    let mut world = World::with_phones();
    let now = world.now;
    world.phone_dials(at(SOFT), "1002", "1001");
    let caller = world.incoming();
    let leg = world.board.dial_for(now, to_device("1001"), Some(caller));
    world.settle();
    let (_, request) = world.rung(at(DESK));
    let body = String::from_utf8(request.body.unwrap().bytes).unwrap();
    assert!(body.contains(" RTP/AVP 8 111 9 0 101 110\r\n"), "{body}");
    world.board.end(now, leg, Cause::CallerHungUp);
    let leg = world.dial(to_device("1001"));
    let (_, request) = world.rung(at(DESK));
    let body = String::from_utf8(request.body.unwrap().bytes).unwrap();
    assert!(body.contains(" RTP/AVP 111 9 8 0 101 110\r\n"), "{body}");
    world.board.end(now, leg, Cause::CallerHungUp);
}
