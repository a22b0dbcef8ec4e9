//! Carriers that we call: located, registered with, failed over, and known by where we call them.

use std::time::Duration;

use call::{Cause, Dial, LegEvent, Login, Origin, Outbound, Trunk};
use sip::{Event, Method, Reply};

use crate::world::{CARRIER, World, at, to_carrier};

const SECOND: &str = "198.51.100.2:5060";

fn outbound(host: &str, change: impl FnOnce(&mut Outbound)) -> Trunk {
    let mut outbound = Outbound::at(host);
    change(&mut outbound);
    Trunk {
        trusted: true,
        name: "carrier".into(),
        peers: vec![],
        login: None,
        outbound: Some(outbound),
        sound: call::Sound::of_trunk(),
    }
}

fn with(trunk: Trunk) -> World {
    let mut world = World::new();
    world.add(at(SECOND));
    world.board.set_lines(world.now, vec![trunk], vec![]);
    world
}

fn registering(outbound: &mut Outbound) {
    outbound.register = true;
    outbound.domain = Some("ims.example".into());
    outbound.login = Some(Login {
        username: "+862110000000".into(),
        password: "s3cret".into(),
    });
}

/// A world whose carrier is a name that is located at two servers.
fn located(change: impl FnOnce(&mut Outbound)) -> World {
    let mut world = with(outbound("sip.carrier.example", change));
    world.pass(Duration::ZERO);
    let lookup = world.board.poll_lookup().unwrap();
    let peers = vec![at(CARRIER).into(), at(SECOND).into()];
    world.board.handle_located(world.now, lookup.id, peers);
    world.settle();
    world
}

#[test]
fn we_register_and_stay_registered() {
    let mut world = with(outbound(CARRIER, registering));
    world.pass(Duration::ZERO);
    let (tx, request) = world.asked(at(CARRIER));
    assert_eq!(request.method, Method::Register);
    assert_eq!(request.uri.as_str(), "sip:ims.example");
    assert_eq!(request.to.uri.as_str(), "sip:+862110000000@ims.example");
    let now = world.now;
    world.peer(at(CARRIER)).challenge(now, tx, "ims.example");
    world.settle();
    let (tx, request) = world.asked(at(CARRIER));
    assert!(request.headers.first("Authorization").is_some());
    let ok = Reply::new(200).with_header("Expires", "300");
    world.peer(at(CARRIER)).respond(now, tx, &ok);
    world.settle();
    assert_eq!(
        world.events(),
        [LegEvent::TrunkState {
            trunk: "carrier".into(),
            up: true,
            why: "registered".into()
        }]
    );
    let health = &world.board.trunk_health()["carrier"];
    assert_eq!(health.up, Some(true));
    assert_eq!(
        health.registered_until,
        Some(now + Duration::from_secs(300))
    );
    world.pass(Duration::from_secs(271));
    let told = world.told(at(CARRIER));
    assert!(matches!(&told[0], Event::Request { request, .. }
        if request.method == Method::Register));
}

#[test]
fn a_carrier_that_stops_answering_is_told_and_so_is_its_return() {
    let mut world = with(outbound(CARRIER, |o| {
        o.keepalive = Some(Duration::from_secs(30));
    }));
    world.pass(Duration::ZERO);
    let (tx, request) = world.asked(at(CARRIER));
    assert_eq!(request.method, Method::Options);
    world.reply_empty(at(CARRIER), tx);
    let state = |up, why: &str| LegEvent::TrunkState {
        trunk: "carrier".into(),
        up,
        why: why.into(),
    };
    assert_eq!(world.events(), [state(true, "answers")]);
    world.dead.push(at(CARRIER));
    world.pass(Duration::from_secs(70));
    assert_eq!(world.events(), [state(false, "no answer")]);
    world.dead.clear();
    world.told(at(CARRIER));
    world.pass(Duration::from_secs(20));
    let (tx, _) = world.asked(at(CARRIER));
    world.reply_empty(at(CARRIER), tx);
    assert_eq!(world.events(), [state(true, "answers")]);
}

#[test]
fn a_call_waits_for_a_name_to_be_located_and_no_longer() {
    let mut world = with(outbound("sip.carrier.example", |_| {}));
    let leg = world.dial(to_carrier("1"));
    let lookup = world.board.poll_lookup().unwrap();
    assert_eq!(lookup.uri.as_str(), "sip:sip.carrier.example");
    assert_eq!(world.told(at(CARRIER)), []);
    world
        .board
        .handle_located(world.now, lookup.id, vec![at(CARRIER).into()]);
    world.settle();
    let (tx, _) = world.rung(at(CARRIER));
    world.reply(at(CARRIER), tx, 486);
    assert_eq!(world.cause(leg), Cause::Busy);
    // The next call needs no look-up.
    let leg = world.dial(to_carrier("2"));
    let (tx, _) = world.rung(at(CARRIER));
    world.reply(at(CARRIER), tx, 486);
    assert_eq!(world.cause(leg), Cause::Busy);
    assert_eq!(world.board.poll_lookup(), None);
}

#[test]
fn a_call_to_a_name_that_cannot_be_located_ends() {
    for answers in [true, false] {
        let mut world = with(outbound("sip.carrier.example", |_| {}));
        let leg = world.dial(to_carrier("1"));
        let lookup = world.board.poll_lookup().unwrap();
        if answers {
            world.board.handle_located(world.now, lookup.id, vec![]);
            world.settle();
        } else {
            world.pass(Duration::from_secs(11));
        }
        assert_eq!(world.cause(leg), Cause::PeerUnreachable);
        assert_eq!(world.board.stats().ports_out, 0);
        assert_eq!(world.board.stats().deadlines, 0);
    }
}

#[test]
fn the_next_server_is_asked_when_the_first_has_no_room() {
    let mut world = located(|_| {});
    let leg = world.dial(to_carrier("1"));
    let (tx, _) = world.rung(at(CARRIER));
    world.reply(at(CARRIER), tx, 503);
    let (tx, _) = world.rung(at(SECOND));
    world.reply(at(SECOND), tx, 200);
    assert!(matches!(world.events()[0], LegEvent::Answered { .. }));
    let now = world.now;
    world.board.end(now, leg, Cause::FlowEnded);
    world.settle();
    // The one that failed is asked last from now on.
    world.told(at(SECOND));
    let second = world.dial(to_carrier("2"));
    let (tx, _) = world.rung(at(SECOND));
    world.reply(at(SECOND), tx, 503);
    let (tx, _) = world.rung(at(CARRIER));
    world.reply(at(CARRIER), tx, 503);
    assert_eq!(world.cause(second), Cause::Congested);
}

#[test]
fn a_server_that_says_nothing_is_passed_over_in_seconds() {
    let mut world = located(|_| {});
    world.dead.push(at(CARRIER));
    let leg = world.dial(to_carrier("1"));
    world.pass(Duration::from_secs(5));
    let (tx, _) = world.rung(at(SECOND));
    world.reply(at(SECOND), tx, 200);
    assert!(matches!(world.events()[0], LegEvent::Answered { .. }));
    let now = world.now;
    world.board.end(now, leg, Cause::FlowEnded);
    world.pass(Duration::from_secs(120));
    assert_eq!(world.cause(leg), Cause::FlowEnded);
    assert_eq!(world.board.stats().sip.dialogs, 0);
}

#[test]
fn a_silent_carrier_is_given_up_in_seconds_where_another_line_would_carry_the_call() {
    let mut world = located(|_| {});
    world.dead.extend([at(CARRIER), at(SECOND)]);
    let leg = world.dial(Dial {
        has_spare: true,
        ..to_carrier("1")
    });
    world.pass(Duration::from_secs(9));
    assert_eq!(world.cause(leg), Cause::PeerUnreachable);
    world.pass(Duration::from_secs(120));
    assert_eq!(world.board.stats().sip.dialogs, 0);
}

#[test]
fn a_server_that_said_trying_keeps_the_call() {
    let mut world = located(|_| {});
    world.dial(to_carrier("1"));
    let (tx, _) = world.rung(at(CARRIER));
    let now = world.now;
    world.peer(at(CARRIER)).respond(now, tx, &Reply::new(100));
    world.pass(Duration::from_secs(20));
    assert_eq!(world.told(at(SECOND)), []);
}

#[test]
fn a_busy_number_is_not_tried_at_every_server() {
    let mut world = located(|_| {});
    let leg = world.dial(to_carrier("1"));
    let (tx, _) = world.rung(at(CARRIER));
    world.reply(at(CARRIER), tx, 486);
    assert_eq!(world.cause(leg), Cause::Busy);
    assert_eq!(world.told(at(SECOND)), []);
}

#[test]
fn a_carrier_may_call_from_the_servers_that_we_call() {
    let mut world = located(registering);
    let uri = |text: &str| sip::Uri::parse(text).unwrap();
    let now = world.now;
    let invite = sip::OutgoingInvite {
        to: at(crate::world::BOX).into(),
        // The address that we registered is called; the number stands in To.
        request_uri: uri("sip:+862110000000@192.0.2.9:5060"),
        from_uri: uri("sip:13800000007@ims.example"),
        to_uri: uri("sip:+862155556666@ims.example"),
        display: None,
        body: Some(crate::world::sdp(40_000, "sendrecv")),
        credentials: None,
        headers: vec![],
    };
    world.told(at(SECOND));
    world.peer(at(SECOND)).invite(now, invite);
    world.settle();
    let events = world.events();
    let [LegEvent::Incoming { caller, .. }] = &events[..] else {
        panic!("{events:?}: {:?}", world.told(at(SECOND)))
    };
    assert_eq!(caller.origin, Origin::Trunk("carrier".into()));
    assert_eq!(caller.to, "+862155556666");
}

#[test]
fn challenged_calls_show_the_password_of_the_account() {
    let mut world = with(outbound(CARRIER, |o| {
        registering(o);
        o.register = false;
    }));
    world.dial(to_carrier("1"));
    let (tx, _) = world.rung(at(CARRIER));
    let now = world.now;
    world.peer(at(CARRIER)).challenge(now, tx, "ims.example");
    world.settle();
    let told = world.told(at(CARRIER));
    assert!(matches!(&told[..], [Event::Invite { request, .. }]
        if request.headers.first("Authorization").is_some()));
}
