//! Before the answer: reliable 1xx (RFC 3262) and early media, from a carrier through to a phone.

use rig::peer::{Part, Peer, header};

use super::{MUTE, WAIT, World, carrier, host, phone};

#[test]
fn early_media_and_prack_go_from_a_carrier_to_a_phone_that_insists_on_them() {
    let dir = tempfile::tempdir().unwrap();
    let early = Peer::waits(dir.path(), &Part::of("early", host(21))).unwrap();
    let world = World::start(&dir, &carrier("21", early.sip, "", MUTE));

    let caller = world.calls(dir.path(), &phone("reliable", "21001"));
    let seen = world.seen(caller);
    let carrier = world.seen(early);
    assert_eq!(
        carrier.came("PRACK ").len(),
        2,
        "one for each reliable 1xx: {carrier:?}"
    );
    let progress = seen.only("SIP/2.0 183");
    assert_eq!(header(progress, "Content-Type"), "application/sdp");
    let answer = seen.came("SIP/2.0 200").into_iter();
    let answer = answer
        .filter(|m| header(m, "CSeq") == "2 INVITE")
        .collect::<Vec<_>>();
    assert_eq!(answer.len(), 1, "it waited for the PRACK: {seen:?}");

    let row = world.row("21001");
    assert_eq!(row.cause, "caller_hung_up", "{row:?}");
    assert_eq!(row.body["parties"]["trunk"], "c21", "{row:?}");
    assert_eq!(row.body["handled"]["answered_by"], "21001", "{row:?}");
}

#[test]
fn a_phone_that_offers_nothing_is_offered_what_it_answers_in_its_ack() {
    let dir = tempfile::tempdir().unwrap();
    let pick = Peer::waits(dir.path(), &Part::of("pick", host(24))).unwrap();
    let world = World::start(&dir, &carrier("24", pick.sip, "", MUTE));
    world.seen(world.calls(dir.path(), &phone("late-offer", "24001")));
    world.seen(pick);
    assert_eq!(world.row("24001").cause, "caller_hung_up");
}

#[test]
fn offers_by_update_before_the_answer_are_put_off_or_taken() {
    let dir = tempfile::tempdir().unwrap();
    let slow = Part {
        hold_ms: 500,
        ..Part::of("slow-to-pick", host(25))
    };
    let slow = Peer::waits(dir.path(), &slow).unwrap();
    let moves = Peer::waits(dir.path(), &Part::of("moves", host(26))).unwrap();
    let carriers = carrier("25", slow.sip, "", MUTE) + &carrier("26", moves.sip, "", MUTE);
    let world = World::start(&dir, &carriers);
    for (scenario, number, peer) in [("updates-early", "25001", slow), ("dial", "26001", moves)] {
        world.seen(world.calls(dir.path(), &phone(scenario, number)));
        world.seen(peer);
        assert_eq!(world.row(number).cause, "caller_hung_up");
    }
}

#[test]
fn an_announcement_of_a_carrier_is_heard_though_nobody_answers() {
    let dir = tempfile::tempdir().unwrap();
    // A second of 1 kHz: the eight samples that ITU-T G.711 defines its digital milliwatt by.
    let milliwatt = [0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4];
    std::fs::write(dir.path().join("announce.alaw"), milliwatt.repeat(3_000)).unwrap();
    let part = Part {
        hold_ms: 3_500,
        ..Part::of("announce", host(22))
    };
    let announce = Peer::waits(dir.path(), &part).unwrap();
    let world = World::start(&dir, &carrier("22", announce.sip, "", MUTE));

    let mut phone = world.desk(&dir, "1001", 440.0, "");
    phone.dial("22001").unwrap();
    phone.wait_for_tone(1_000.0, WAIT).unwrap();
    phone.event("CALL_CLOSED", WAIT).unwrap();
    world.seen(announce);
    let row = world.row("22001");
    assert_eq!(row.cause, "busy", "{row:?}");
    assert_eq!(row.body["times"]["answered"], serde_json::Value::Null);
}
