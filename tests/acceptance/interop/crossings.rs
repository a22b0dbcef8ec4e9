//! Messages that cross on the wire: CANCEL and 200, two answers of a fork, two re-INVITEs.

use rig::peer::{Part, Peer, header};

use super::{MUTE, World, carrier, host, phone};

#[test]
fn a_caller_that_gives_up_is_rid_of_its_call_also_where_the_answer_crosses() {
    let dir = tempfile::tempdir().unwrap();
    let cancelled = Peer::waits(dir.path(), &Part::of("cancelled", host(41))).unwrap();
    let late = Peer::waits(dir.path(), &Part::of("picks-up-late", host(42))).unwrap();
    let carriers = carrier("41", cancelled.sip, "", MUTE) + &carrier("42", late.sip, "", MUTE);
    let world = World::start(&dir, &carriers);

    for number in ["41001", "42001"] {
        world.seen(world.calls(dir.path(), &phone("gives-up", number)));
        let row = world.row(number);
        assert_eq!(row.cause, "cancelled", "{row:?}");
        assert_eq!(row.body["times"]["answered"], serde_json::Value::Null);
    }
    world.seen(cancelled);
    let seen = world.seen(late);
    assert_eq!(
        header(seen.only("ACK "), "To"),
        header(seen.only("BYE "), "To")
    );
}

#[test]
fn a_caller_that_gives_up_what_it_hears_already_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let plays = Peer::waits(dir.path(), &Part::of("plays", host(48))).unwrap();
    let rings = Peer::waits(dir.path(), &Part::of("cancelled", host(49))).unwrap();
    let carriers = carrier("48", plays.sip, "", MUTE) + &carrier("49", rings.sip, "", MUTE);
    let world = World::start(&dir, &carriers);
    for (scenario, number, peer, cause) in [
        ("gives-up-early", "48001", plays, "cancelled"),
        ("hangs-up-early", "49001", rings, "caller_hung_up"),
    ] {
        world.seen(world.calls(dir.path(), &phone(scenario, number)));
        world.seen(peer);
        let row = world.row(number);
        assert_eq!(row.cause, cause, "{row:?}");
        assert_eq!(row.body["times"]["answered"], serde_json::Value::Null);
    }
}

#[test]
fn an_answer_that_comes_twice_and_a_second_answer_of_a_fork_leave_one_call() {
    let dir = tempfile::tempdir().unwrap();
    let twice = Part {
        repeats: false,
        ..Part::of("says-twice", host(43))
    };
    let twice = Peer::waits(dir.path(), &twice).unwrap();
    let forked = Peer::waits(dir.path(), &Part::of("forked", host(44))).unwrap();
    let carriers = carrier("43", twice.sip, "", MUTE) + &carrier("44", forked.sip, "", MUTE);
    let world = World::start(&dir, &carriers);

    for (number, peer) in [("43001", twice), ("44001", forked)] {
        let dials = Part {
            hold_ms: 500,
            ..phone("dial", number)
        };
        world.seen(world.calls(dir.path(), &dials));
        world.seen(peer);
        let row = world.row(number);
        assert_eq!(row.cause, "caller_hung_up", "{row:?}");
    }
}

#[test]
fn two_parties_that_hang_up_at_once_leave_one_call() {
    let dir = tempfile::tempdir().unwrap();
    let both = Peer::waits(dir.path(), &Part::of("both-hang-up", host(46))).unwrap();
    let world = World::start(&dir, &carrier("46", both.sip, "", MUTE));
    world.seen(world.calls(dir.path(), &phone("dial", "46001")));
    world.seen(both);
    assert_eq!(world.row("46001").cause, "caller_hung_up");
}

#[test]
fn parties_that_hold_and_come_back_are_followed_also_in_the_old_way() {
    let dir = tempfile::tempdir().unwrap();
    let eager = Part {
        calls: 2,
        ..Part::of("eager", host(47))
    };
    let eager = Peer::waits(dir.path(), &eager).unwrap();
    let world = World::start(&dir, &carrier("47", eager.sip, "", MUTE));
    for (scenario, number) in [("dial", "47001"), ("old-ways", "47002")] {
        let calls = Part {
            hold_ms: 500,
            ..phone(scenario, number)
        };
        world.seen(world.calls(dir.path(), &calls));
        let row = world.row(number);
        assert_eq!(row.cause, "caller_hung_up", "{row:?}");
        assert!(row.body["spans"]["talk_ms"].as_u64() > Some(0), "{row:?}");
    }
    world.seen(eager);
}

#[test]
fn a_refresh_that_crosses_a_change_of_the_other_side_is_tried_again_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let glare = Peer::waits(dir.path(), &Part::of("glare", host(45))).unwrap();
    let world = World::start(&dir, &carrier("45", glare.sip, "", MUTE));
    let caller = world.calls(dir.path(), &phone("answered", "45001"));
    world.seen(glare);
    world.seen(caller);
    assert_eq!(world.row("45001").cause, "called_hung_up");
}
