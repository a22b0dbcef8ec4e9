//! Hold and resume, by us and by the other party, and what happens when both want it at once.

use std::time::Duration;

use call::{Cause, LegEvent, LegId};
use media::sdp::Direction;
use sip::{Event, Method, Reply};

use crate::world::{CARRIER, World, at, sdp, to_carrier};

fn body_of(request: &sip::Request) -> String {
    let body = request.body.as_ref().unwrap();
    String::from_utf8(body.bytes.clone()).unwrap()
}

#[test]
fn a_party_that_we_hold_hears_us_and_is_heard_again_when_it_comes_back() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let (leg, _) = world.talk();
    let now = world.now;
    world.board.hold(now, leg);
    world.board.hold(now, leg);
    world.settle();
    let (tx, request) = world.asked(carrier);
    assert_eq!(request.method, Method::Invite);
    let offer = body_of(&request);
    assert!(offer.contains("a=sendonly"), "{offer}");
    assert!(offer.contains("o=branchline 1 2 "), "{offer}");
    world.agree(carrier, tx, "recvonly");
    assert_eq!(world.direction(), Direction::SendOnly);
    world.told(carrier);
    world.board.resume(now, leg);
    world.settle();
    let (tx, request) = world.asked(carrier);
    assert!(body_of(&request).contains("a=sendrecv"));
    world.agree(carrier, tx, "sendrecv");
    assert_eq!(world.direction(), Direction::SendRecv);
    assert_eq!(world.events(), [], "the other party held nobody");
    world.board.end(now, leg, Cause::FlowEnded);
    world.run_out();
}

#[test]
fn a_party_that_holds_us_and_comes_back_is_told() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let (leg, dialog) = world.talk();
    for (direction, ours) in [
        ("sendonly", Direction::RecvOnly),
        ("inactive", Direction::Inactive),
    ] {
        world.ask(
            carrier,
            dialog,
            Method::Invite,
            Some(sdp(40_000, direction)),
        );
        assert_eq!(world.events(), [LegEvent::Held { leg, on: true }]);
        assert_eq!(world.direction(), ours);
        world.ask(
            carrier,
            dialog,
            Method::Invite,
            Some(sdp(40_000, "sendrecv")),
        );
        assert_eq!(world.events(), [LegEvent::Held { leg, on: false }]);
        assert_eq!(world.direction(), Direction::SendRecv);
    }
}

#[test]
fn a_party_on_hold_cannot_open_the_way_again_by_itself() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let (leg, dialog) = world.talk();
    let now = world.now;
    world.board.hold(now, leg);
    world.settle();
    let (tx, _) = world.asked(carrier);
    world.agree(carrier, tx, "recvonly");
    world.ask(
        carrier,
        dialog,
        Method::Invite,
        Some(sdp(40_000, "sendrecv")),
    );
    assert_eq!(world.direction(), Direction::SendOnly);
    assert!(world.last(carrier).contains("a=sendonly"));
}

#[test]
fn two_changes_that_cross_are_tried_again_by_the_one_that_waits_less() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let (leg, dialog) = world.talk();
    // Both re-INVITEs are on the wire before either is read.
    let now = world.now;
    world.board.hold(now, leg);
    let theirs = world.ask(
        carrier,
        dialog,
        Method::Invite,
        Some(sdp(40_000, "sendonly")),
    );
    let told = world.told(carrier);
    assert!(
        told.iter()
            .any(|e| matches!(e, Event::Response { tx, status: 491, .. } if *tx == theirs)),
        "{told:?}"
    );
    assert_eq!(
        world.direction(),
        Direction::SendRecv,
        "nothing changed yet"
    );
    world.pass(Duration::from_millis(2_050));
    assert_eq!(world.told(carrier), [], "we called, so we wait longer");
    world.pass(Duration::from_millis(2_000));
    let (tx, request) = world.asked(carrier);
    assert!(body_of(&request).contains("a=sendonly"));
    world.agree(carrier, tx, "recvonly");
    assert_eq!(world.direction(), Direction::SendOnly);
    let now = world.now;
    world.board.end(now, leg, Cause::FlowEnded);
    world.run_out();
}

#[test]
fn a_change_of_mind_while_the_peer_still_thinks_is_told_afterwards() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let (leg, _) = world.talk();
    let now = world.now;
    world.board.hold(now, leg);
    world.settle();
    let (tx, _) = world.asked(carrier);
    world.board.resume(now, leg);
    world.settle();
    assert_eq!(world.told(carrier), [], "one change at a time");
    world.agree(carrier, tx, "recvonly");
    let told = world.told(carrier);
    let again = told.iter().find_map(|event| match event {
        Event::Request { tx, request, .. } => Some((*tx, body_of(request))),
        _ => None,
    });
    let (tx, offer) = again.unwrap();
    assert!(offer.contains("a=sendrecv"));
    world.agree(carrier, tx, "sendrecv");
    assert_eq!(world.direction(), Direction::SendRecv);
}

#[test]
fn a_peer_that_takes_no_change_keeps_its_call() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let (leg, dialog) = world.talk();
    let now = world.now;
    world.board.hold(now, leg);
    world.settle();
    let (tx, _) = world.asked(carrier);
    world.peer(carrier).respond(now, tx, &Reply::new(488));
    world.settle();
    assert_eq!(world.events(), []);
    assert_eq!(world.direction(), Direction::SendRecv);
    world.peer(carrier).bye(now, dialog, vec![]);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CalledHungUp);
    world.run_out();
}

#[test]
fn a_leg_that_ends_in_the_middle_of_a_change_leaves_nothing() {
    for late in [false, true] {
        let (mut world, carrier) = (World::new(), at(CARRIER));
        let (leg, _) = world.talk();
        let now = world.now;
        world.board.hold(now, leg);
        world.settle();
        let (tx, _) = world.asked(carrier);
        if late {
            world.board.end(now, leg, Cause::FlowEnded);
        }
        world.peer(carrier).respond(now, tx, &Reply::new(491));
        world.settle();
        if !late {
            world.board.end(now, leg, Cause::FlowEnded);
        }
        world.settle();
        assert_eq!(world.cause(leg), Cause::FlowEnded);
        world.run_out();
    }
}

/// Calls the carrier, whose 200 has these header fields.
fn timed(world: &mut World, headers: &[(&str, &str)]) -> LegId {
    let leg = world.dial(to_carrier("1"));
    let (tx, request) = world.rung(at(CARRIER));
    assert!(
        request
            .headers
            .first("Supported")
            .is_some_and(|s| s.contains("timer"))
    );
    let reply = Reply::new(200).with_body(sdp(40_000, "sendrecv"));
    let reply = headers.iter().fold(reply, |r, (n, v)| r.with_header(n, *v));
    let now = world.now;
    world.peer(at(CARRIER)).respond(now, tx, &reply);
    world.settle();
    world.told(at(CARRIER));
    world.events();
    leg
}

#[test]
fn a_called_party_that_wants_its_session_refreshed_gets_that() {
    let update = [("Session-Expires", "600"), ("Allow", "INVITE, UPDATE")];
    let invite = [
        ("Session-Expires", "600;refresher=uac"),
        ("Allow", "INVITE"),
    ];
    for (headers, method) in [(&update, Method::Update), (&invite, Method::Invite)] {
        let mut world = World::new();
        let leg = timed(&mut world, headers);
        world.pass(Duration::from_secs(299));
        assert_eq!(world.told(at(CARRIER)), []);
        for _ in 0..3 {
            world.pass(Duration::from_secs(2));
            let (tx, request) = world.asked(at(CARRIER));
            assert_eq!(request.method, method);
            assert_eq!(
                request.headers.first("Session-Expires"),
                Some("600;refresher=uac")
            );
            if method == Method::Invite {
                world.agree(at(CARRIER), tx, "sendrecv");
            } else {
                world.reply_empty(at(CARRIER), tx);
            }
            world.told(at(CARRIER));
            world.pass(Duration::from_secs(298));
        }
        assert_eq!(world.events(), []);
        let now = world.now;
        world.board.end(now, leg, Cause::FlowEnded);
        world.settle();
    }
}

#[test]
fn a_called_party_that_stops_refreshing_is_gone() {
    let mut world = World::new();
    let leg = timed(&mut world, &[("Session-Expires", "90;refresher=uas")]);
    world.pass(Duration::from_secs(61));
    assert_eq!(world.cause(leg), Cause::PeerUnreachable);
}

#[test]
fn a_held_party_that_refreshes_its_session_is_not_taken_for_gone() {
    for refreshes in [true, false] {
        let mut world = World::new();
        let leg = timed(&mut world, &[("Session-Expires", "90;refresher=uas")]);
        world.pass(Duration::from_secs(50));
        let now = world.now;
        world.board.hold(now, leg);
        world.settle();
        let (tx, request) = world.asked(at(CARRIER));
        let header = |name| request.headers.first(name);
        assert_eq!(header("Session-Expires"), Some("90;refresher=uas"));
        assert_eq!(header("Supported"), Some("timer"));
        let mut reply = Reply::new(200).with_body(sdp(40_000, "recvonly"));
        if refreshes {
            reply = reply.with_header("Session-Expires", "90;refresher=uas");
        }
        let now = world.now;
        world.peer(at(CARRIER)).respond(now, tx, &reply);
        world.settle();
        // The old timer would have run out after 10 s, the new one does after 60 s.
        world.pass(Duration::from_secs(55));
        assert_eq!(world.events(), [], "refreshes: {refreshes}");
        world.pass(Duration::from_secs(10));
        if refreshes {
            assert_eq!(world.cause(leg), Cause::PeerUnreachable);
        } else {
            assert_eq!(world.events(), [], "there is no timer any more");
        }
    }
}

#[test]
fn a_refresh_that_crossed_a_change_of_the_peer_does_not_wait_for_its_next_turn() {
    let mut world = World::new();
    let invite = [
        ("Session-Expires", "600;refresher=uac"),
        ("Allow", "INVITE"),
    ];
    timed(&mut world, &invite);
    world.pass(Duration::from_secs(300));
    let (tx, _) = world.asked(at(CARRIER));
    let now = world.now;
    world.peer(at(CARRIER)).respond(now, tx, &Reply::new(491));
    world.settle();
    world.pass(Duration::from_secs(5));
    let (tx, request) = world.asked(at(CARRIER));
    assert_eq!(
        request.headers.first("Session-Expires"),
        Some("600;refresher=uac")
    );
    world.agree(at(CARRIER), tx, "sendrecv");
    world.told(at(CARRIER));
    world.pass(Duration::from_secs(290));
    assert_eq!(world.told(at(CARRIER)), [], "once is enough");
}
