//! Calls of our own by a trunk: how they ring, answer, fail, cross and end.

use std::time::Duration;

use call::{Cause, Dial, Identity, LegEvent, Line, Showing, StreamCommand};
use sip::{Body, Event, Reply};

use crate::world::{BOX, CARRIER, World, at, carrier, sdp, to_carrier};

#[test]
fn a_call_rings_is_answered_and_hung_up_by_the_called_party() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let leg = world.dial(to_carrier("13800000007"));
    let (tx, request) = world.rung(carrier);
    assert_eq!(
        request.uri.as_str(),
        format!("sip:13800000007@{CARRIER}"),
        "the number is asked for at the carrier"
    );
    assert_eq!(request.from.uri.user(), Some("01088886666"));
    world.reply(carrier, tx, 180);
    assert_eq!(
        world.events(),
        [LegEvent::Ringing {
            leg,
            early_media: false
        }]
    );
    world.reply(carrier, tx, 200);
    let events = world.events();
    assert_eq!(events[0], LegEvent::Answered { leg });
    assert!(matches!(events[1], LegEvent::Opened { leg: l, .. } if l == leg));
    assert!(
        matches!(&world.commands[0], StreamCommand::Open { spec, .. }
        if spec.remote_rtp == at("198.51.100.7:40000"))
    );
    let told = world.told(carrier);
    let [Event::Acked { dialog, .. }] = told[..] else {
        panic!("{told:?}")
    };
    let now = world.now;
    world.peer(carrier).bye(now, dialog, vec![]);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CalledHungUp);
    world.run_out();
}

#[test]
fn a_200_that_nobody_can_be_heard_by_is_no_answer_and_is_hung_up() {
    let codec = Body::new(
        "application/sdp",
        "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\n\
         c=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 97\r\na=rtpmap:97 iLBC/8000\r\n",
    );
    for (reply, cause) in [
        (Reply::new(200), Cause::ProtocolError),
        (Reply::new(200).with_body(codec), Cause::NoCommonCodec),
    ] {
        let (mut world, carrier) = (World::new(), at(CARRIER));
        let leg = world.dial(to_carrier("1"));
        let (tx, _) = world.rung(carrier);
        let now = world.now;
        world.peer(carrier).respond(now, tx, &reply);
        world.settle();
        let is_answer = |e: &LegEvent| matches!(e, LegEvent::Answered { .. });
        assert!(!world.events.iter().any(is_answer), "{:?}", world.events);
        assert_eq!(world.cause(leg), cause);
        assert_eq!(world.count(carrier, "BYE"), 1);
        world.run_out();
    }
}

#[test]
fn every_refusal_ends_the_call_once_with_its_cause() {
    for (status, cause) in [
        (486, Cause::Busy),
        (480, Cause::NoAnswer),
        (404, Cause::UnknownNumber),
        (403, Cause::Forbidden),
        (488, Cause::NoCommonCodec),
        (500, Cause::Congested),
        (503, Cause::Congested),
        (600, Cause::Busy),
        (603, Cause::Declined),
    ] {
        let mut world = World::new();
        let leg = world.dial(to_carrier("1"));
        let (tx, _) = world.rung(at(CARRIER));
        world.reply(at(CARRIER), tx, 180);
        world.reply(at(CARRIER), tx, status);
        assert_eq!(world.cause(leg), cause, "{status}");
        world.run_out();
    }
}

#[test]
fn a_call_that_nobody_picks_up_is_cancelled_when_patience_ends() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let leg = world.dial(to_carrier("1"));
    let (tx, _) = world.rung(carrier);
    world.reply(carrier, tx, 180);
    world.pass(Duration::from_secs(29));
    assert_eq!(world.count(carrier, "CANCEL"), 0);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.cause(leg), Cause::NoAnswer);
    assert!(matches!(world.told(carrier)[..], [Event::Cancelled { tx: told, .. }] if told == tx));
    world.run_out();
}

#[test]
fn a_peer_that_never_answers_is_unreachable_and_leaves_nothing() {
    let mut world = World::new();
    world.dead.push(at(CARRIER));
    let leg = world.dial(Dial {
        patience: Duration::from_secs(60),
        ..to_carrier("1")
    });
    world.pass(Duration::from_secs(40));
    assert_eq!(world.cause(leg), Cause::PeerUnreachable);
    world.run_out();
}

#[test]
fn a_200_that_crosses_our_cancel_is_acknowledged_and_ended() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let leg = world.dial(to_carrier("1"));
    let (tx, _) = world.rung(carrier);
    world.reply(carrier, tx, 180);
    // The 200 is sent before the CANCEL arrives.
    let reply = Reply::new(200).with_body(sdp(40_000, "sendrecv"));
    let now = world.now;
    world.board.end(now, leg, Cause::Cancelled);
    world.peer(carrier).respond(now, tx, &reply);
    world.settle();
    assert_eq!(world.cause(leg), Cause::Cancelled);
    assert_eq!(world.count(carrier, "ACK"), 1);
    assert_eq!(world.count(carrier, "BYE"), 1);
    world.run_out();
}

#[test]
fn a_call_given_up_before_the_first_word_is_cancelled_after_it() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let leg = world.dial(to_carrier("1"));
    let (tx, _) = world.rung(carrier);
    let now = world.now;
    world.board.end(now, leg, Cause::AnsweredElsewhere);
    world.settle();
    assert_eq!(world.cause(leg), Cause::AnsweredElsewhere);
    assert_eq!(world.count(carrier, "CANCEL"), 0);
    world.reply(carrier, tx, 180);
    assert_eq!(world.count(carrier, "CANCEL"), 1);
    world.run_out();
}

#[test]
fn early_media_opens_the_stream_before_the_answer() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let leg = world.dial(to_carrier("1"));
    let (tx, _) = world.rung(carrier);
    let now = world.now;
    let progress = Reply::new(183).with_body(sdp(40_000, "sendrecv"));
    world.peer(carrier).progress(now, tx, &progress, false);
    world.settle();
    let events = world.events();
    assert!(matches!(events[0], LegEvent::Opened { leg: l, .. } if l == leg));
    assert_eq!(
        events[1],
        LegEvent::Ringing {
            leg,
            early_media: true
        }
    );
    // A 200 without a description keeps what the 183 agreed.
    world.peer(carrier).respond(now, tx, &Reply::new(200));
    world.settle();
    assert_eq!(world.events(), [LegEvent::Answered { leg }]);
    let now = world.now;
    world.board.end(now, leg, Cause::CallerHungUp);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CallerHungUp);
    world.run_out();
}

#[test]
fn lines_that_cannot_be_called_end_at_once() {
    let mut world = World::new();
    for (line, cause) in [
        (Line::Trunk("nobody".into()), Cause::NoRoute),
        (Line::Device("1001".into()), Cause::NoRoute),
    ] {
        let leg = world.dial(Dial {
            line,
            ..to_carrier("1")
        });
        assert_eq!(world.cause(leg), cause);
    }
    world.run_out();
}

#[test]
fn a_withheld_number_is_told_to_the_carrier_alone() {
    let mut world = World::new();
    let mut trunk = carrier();
    if let Some(outbound) = &mut trunk.outbound {
        outbound.manner.identity = Identity::Asserted;
    }
    world.board.set_lines(world.now, vec![trunk], vec![]);
    world.dial(Dial {
        showing: Showing::Hidden,
        ..to_carrier("1")
    });
    let (_, request) = world.rung(at(CARRIER));
    assert_eq!(request.from.uri.as_str(), "sip:anonymous@anonymous.invalid");
    assert_eq!(request.headers.first("Privacy"), Some("id"));
    assert_eq!(
        request.headers.first("P-Asserted-Identity"),
        Some(format!("<sip:01088886666@{CARRIER}>").as_str())
    );
}

#[test]
fn a_caller_hears_that_it_rings_before_it_is_answered() {
    let (mut world, carrier) = (World::new(), at(CARRIER));
    let invite = sip::OutgoingInvite {
        to: at(BOX).into(),
        request_uri: sip::Uri::parse(&format!("sip:200@{BOX}")).unwrap(),
        from_uri: sip::Uri::parse("sip:13800000007@carrier.example").unwrap(),
        to_uri: sip::Uri::parse(&format!("sip:200@{BOX}")).unwrap(),
        display: Some("Somebody".into()),
        body: Some(sdp(40_000, "sendrecv")),
        credentials: None,
        headers: vec![],
    };
    let now = world.now;
    let dialog = world.peer(carrier).invite(now, invite);
    world.settle();
    let events = world.events();
    let [LegEvent::Incoming { leg, caller }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(caller.display.as_deref(), Some("Somebody"));
    let leg = *leg;
    world.board.ring(now, leg);
    world.board.ring(now, leg);
    world.settle();
    assert!(matches!(
        world.told(carrier)[0],
        Event::Progress { status: 180, .. }
    ));
    world.board.answer(now, leg);
    world.settle();
    assert!(matches!(world.told(carrier)[0], Event::Answered { .. }));
    world.peer(carrier).bye(now, dialog, vec![]);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CallerHungUp);
    world.run_out();
}
