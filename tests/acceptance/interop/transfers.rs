//! Phones that hand their party to another one: blind, in vain, and after a word with it.

use rig::peer::{Part, Peer, header};

use super::{MUTE, World, carrier, host, phone};

#[test]
fn a_phone_hands_its_party_to_another_phone() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::start(&dir, "");
    let first = world.called(dir.path(), &Part::of("pick", host(31)), "1002");
    let second = world.called(dir.path(), &Part::of("leave", host(32)), "1003");
    let refers = Part {
        words: &[("TARGET", "1003")],
        ..phone("refer", "1002")
    };
    let seen = world.seen(world.calls(dir.path(), &refers));
    let told = seen.came("NOTIFY ");
    assert_eq!(header(told[0], "Event"), header(told[1], "Event"));
    assert!(header(told[0], "Subscription-State").starts_with("active"));
    assert!(header(told[1], "Subscription-State").starts_with("terminated"));
    world.seen(second);
    world.seen(first);

    let row = world.row("1002");
    assert_eq!(row.body["handled"]["answered_by"], "1003", "{row:?}");
    assert_eq!(row.cause, "called_hung_up", "{row:?}");
}

#[test]
fn who_is_called_hands_its_caller_to_a_phone_and_to_a_number_outside() {
    let dir = tempfile::tempdir().unwrap();
    let outside = Peer::waits(dir.path(), &Part::of("leave", host(83))).unwrap();
    let world = World::start(&dir, &carrier("83", outside.sip, "", MUTE));
    let inside = world.called(dir.path(), &Part::of("leave", host(84)), "1003");
    for (target, device, last, peer) in
        [("1003", "1002", 85, inside), ("83001", "1004", 86, outside)]
    {
        let hands = Part {
            words: &[("TARGET", target)],
            ..Part::of("hands-on", host(last))
        };
        let hands = world.called(dir.path(), &hands, device);
        let caller = world.calls(dir.path(), &phone("answered", device));
        world.seen(hands);
        world.seen(peer);
        world.seen(caller);
        let row = world.row(device);
        assert_eq!(row.body["handled"]["answered_by"], target, "{row:?}");
        assert_eq!(row.cause, "called_hung_up", "{row:?}");
    }
}

#[test]
fn a_party_that_nobody_wants_goes_back_to_the_phone_that_handed_it_on() {
    let dir = tempfile::tempdir().unwrap();
    let busy = Part {
        words: &[("STATUS", "486 Busy Here")],
        ..Part::of("refuse", host(33))
    };
    let busy = Peer::waits(dir.path(), &busy).unwrap();
    let world = World::start(&dir, &carrier("33", busy.sip, "", MUTE));
    let first = world.called(dir.path(), &Part::of("pick", host(34)), "1002");
    let refers = Part {
        words: &[("TARGET", "33001"), ("SAID", "486")],
        ..phone("refer-fails", "1002")
    };
    world.seen(world.calls(dir.path(), &refers));
    world.seen(busy);
    world.seen(first);
    let row = world.row("1002");
    assert_eq!(row.cause, "caller_hung_up", "{row:?}");
    assert_eq!(row.body["handled"]["answered_by"], "1002", "{row:?}");
}

#[test]
fn a_phone_asks_another_first_and_leaves_the_two_with_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::start(&dir, "");
    let first = world.called(dir.path(), &Part::of("pick", host(35)), "1002");
    let leaves = Part {
        // It must still be there when the phone has handed it on.
        hold_ms: 3_000,
        ..Part::of("leave", host(36))
    };
    let second = world.called(dir.path(), &leaves, "1003");
    let attended = Part {
        words: &[("TARGET", "1003")],
        ..phone("attended", "1002")
    };
    let seen = world.seen(world.calls(dir.path(), &attended));
    assert_eq!(seen.came("BYE ").len(), 2, "one for each of its calls");
    world.seen(second);
    world.seen(first);

    let row = world.row("1002");
    assert_eq!(row.cause, "called_hung_up", "{row:?}");
    assert_eq!(row.body["handled"]["answered_by"], "1003", "{row:?}");
    assert_eq!(world.row("1003").cause, "transferred");
}

#[test]
fn a_phone_leaves_its_party_with_one_that_still_rings() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::start(&dir, "");
    let first = world.called(dir.path(), &Part::of("pick", host(37)), "1002");
    let slow = Part {
        hold_ms: 1_500,
        ..Part::of("slow", host(38))
    };
    let second = world.called(dir.path(), &slow, "1003");
    let semi = Part {
        words: &[("TARGET", "1003")],
        ..phone("semi-attended", "1002")
    };
    world.seen(world.calls(dir.path(), &semi));
    world.seen(second);
    world.seen(first);
    let row = world.row("1002");
    assert_eq!(row.cause, "called_hung_up", "{row:?}");
    assert_eq!(row.body["handled"]["answered_by"], "1003", "{row:?}");
    let row = world.row("1003");
    assert_eq!(row.body["times"]["answered"], serde_json::Value::Null);
}

#[test]
fn a_carrier_may_not_have_a_call_made_at_our_expense() {
    let dir = tempfile::tempdir().unwrap();
    let trunk = "[trunk.in]\npeers = [\"127.0.0.39\"]\n";
    let world = World::start(&dir, trunk);
    let thief = Part {
        words: &[("TARGET", "1002")],
        number: "4000",
        ..Part::of("refer-refused", host(39))
    };
    world.seen(world.calls(dir.path(), &thief));
    assert_eq!(world.row("4000").cause, "caller_hung_up");
}
