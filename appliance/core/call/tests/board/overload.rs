//! Overload told between neighbours (RFC 7339): what we ask, and what we leave out when asked.

use std::time::Duration;

use call::limits::LATE;
use call::{Cause, Dial};
use sip::{OutgoingInvite, Uri};

use crate::world::{BOX, CARRIER, World, at, sdp, to_carrier};

/// A server answers as one that asks for so many of a hundred calls fewer.
fn ask(world: &mut World, percent: u8, validity_ms: u32, seq: &str) {
    let leg = world.dial(Dial {
        urgent: true,
        ..to_carrier("110")
    });
    let invite = world.last(at(CARRIER)).to_owned();
    assert!(invite.contains(";oc;oc-algo=\"loss\""), "{invite}");
    let kept = ["Via", "From", "To", "Call-ID", "CSeq"];
    let fields: Vec<String> = invite
        .lines()
        .filter(|line| {
            kept.iter()
                .any(|name| line.starts_with(&format!("{name}:")))
        })
        .map(|line| match line.starts_with("To:") {
            true => format!("{line};tag=oc"),
            false => line.replace(
                ";oc;",
                &format!(";oc={percent};oc-validity={validity_ms};oc-seq={seq};"),
            ),
        })
        .collect();
    let answer = format!(
        "SIP/2.0 486 Busy Here\r\n{}\r\nContent-Length: 0\r\n\r\n",
        fields.join("\r\n")
    );
    world.throw(at(CARRIER), &answer);
    assert_eq!(world.cause(leg), Cause::Busy);
    // The endpoint behind that address knows nothing of its answer.
    world.dead.push(at(CARRIER));
    world.pass(Duration::from_millis(1));
    world.dead.clear();
    world.events.clear();
}

#[test]
fn a_carrier_that_asks_for_fewer_calls_is_sent_fewer_and_help_is_always_called() {
    let mut world = World::new();
    ask(&mut world, 100, 5_000, "10.1");
    let leg = world.dial(to_carrier("1"));
    assert_eq!(world.cause(leg), Cause::Congested);
    assert_eq!(world.board.stats().shed, 1);
    let help = world.dial(Dial {
        urgent: true,
        ..to_carrier("110")
    });
    assert!(world.last(at(CARRIER)).starts_with("INVITE sip:110@"));
    let now = world.now;
    world.board.end(now, help, Cause::Cancelled);
    world.pass(Duration::from_secs(5));
    world.told(at(CARRIER));
    world.events.clear();
    world.dial(to_carrier("2"));
    assert!(
        world.last(at(CARRIER)).starts_with("INVITE sip:2@"),
        "its time is over"
    );
    assert_eq!(world.board.stats().shed, 1);
}

#[test]
fn half_the_calls_are_left_out_where_half_are_asked_for() {
    let mut world = World::new();
    ask(&mut world, 50, 60_000, "10.1");
    for n in 0..100 {
        let leg = world.dial(to_carrier(&n.to_string()));
        let now = world.now;
        world.board.end(now, leg, Cause::Cancelled);
        // Ports rest before they are used again.
        world.pass(Duration::from_millis(400));
    }
    let shed = world.board.stats().shed;
    assert!((30..70).contains(&shed), "{shed} of 100");
}

/// The Via of the answer to a call of the carrier, made by an endpoint that offers to heed.
fn answered(world: &mut World) -> String {
    let invite = OutgoingInvite {
        to: at(BOX).into(),
        request_uri: Uri::parse(&format!("sip:200@{BOX}")).unwrap(),
        from_uri: Uri::parse("sip:13800000007@carrier.example").unwrap(),
        to_uri: Uri::parse(&format!("sip:200@{BOX}")).unwrap(),
        display: None,
        body: Some(sdp(40_000, "sendrecv")),
        credentials: None,
        headers: vec![],
    };
    let now = world.now;
    world.peer(at(CARRIER)).invite(now, invite);
    world.settle();
    let answer = world.last(at(CARRIER));
    let mut lines = answer.lines();
    let status = lines.next().unwrap_or_default().to_owned();
    let via = lines
        .find(|line| line.starts_with("Via:"))
        .unwrap_or_default();
    format!("{status} {via}")
}

#[test]
fn a_box_that_is_late_asks_its_carriers_for_fewer_calls() {
    let mut world = World::new();
    let now = world.now;
    world.board.set_wall_clock(now, 1_795_383_000_250);
    // A leg that rings makes a deadline to be late with.
    world.dial(to_carrier("1"));
    let due = world.board.poll_timeout().map(|(at, _)| at).unwrap();
    world.now = due + LATE * 3 / 2;
    let answer = answered(&mut world);
    assert!(answer.starts_with("SIP/2.0 503 "), "{answer}");
    assert!(
        answer.contains(";oc=75;oc-algo=\"loss\";oc-validity=1000;oc-seq=1795383000."),
        "{answer}"
    );
    assert_eq!(world.board.stats().relief_percent, 75);
}

#[test]
fn a_box_that_stops_wants_no_calls_at_all() {
    let mut world = World::new();
    world.board.stop();
    let answer = answered(&mut world);
    assert!(answer.contains(";oc=100;"), "{answer}");
}

#[test]
fn strangers_are_not_told_how_the_box_is() {
    let mut world = World::new();
    world.board.stop();
    let stranger = "203.0.113.9:5060";
    world.throw(
        at(stranger),
        &format!(
            "OPTIONS sip:{BOX} SIP/2.0\r\nVia: SIP/2.0/UDP {stranger};branch=z9hG4bKo;oc;oc-algo=\"loss\"\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        ),
    );
    let answer = world.last(at(stranger));
    assert!(answer.starts_with("SIP/2.0 403 "), "{answer}");
    assert!(
        !answer.contains("oc=") && !answer.contains("Server:"),
        "{answer}"
    );
}
