//! Two parties that hear each other, and the keys that cross between them.

use call::{Cause, LegEvent, LegId, StreamCommand, StreamEvent, StreamId};
use sip::{Body, DialogId, Event, Method, Reply};

use crate::phone::DESK;
use crate::world::{CARRIER, World, at, sdp, to_carrier};

/// A phone's call, answered and bridged with a call to the carrier; both legs and their dialogs.
fn bridged(world: &mut World, desk_sdp: Body) -> ((LegId, DialogId), (LegId, DialogId)) {
    let dialog = world.phone_dials_with(at(DESK), "1001", "200", desk_sdp);
    let leg = world.incoming();
    let now = world.now;
    world.board.answer(now, leg);
    world.settle();
    world.told(at(DESK));
    let (other, theirs) = world.talk();
    assert!(world.board.bridge(now, leg, other));
    world.settle();
    ((leg, dialog), (other, theirs))
}

fn stream_of(leg: LegId) -> StreamId {
    StreamId(leg.0 as u32)
}

fn no_events() -> Body {
    let text = String::from_utf8(sdp(41_000, "sendrecv").bytes).unwrap();
    let text = text
        .replace(" 101\r\n", "\r\n")
        .replace("a=rtpmap:101 telephone-event/8000\r\n", "");
    Body::new("application/sdp", text)
}

#[test]
fn two_legs_hear_each_other_until_they_are_parted() {
    let mut world = World::with_phones();
    let ((leg, _), (other, _)) = bridged(&mut world, sdp(41_000, "sendrecv"));
    let (a, b) = (stream_of(leg), stream_of(other));
    assert_eq!(world.commands.last(), Some(&StreamCommand::Bridge { a, b }));
    assert_eq!(world.board.partner(other), Some(leg));
    let now = world.now;
    world.board.unbridge(now, other);
    world.board.unbridge(now, leg);
    world.settle();
    assert_eq!(
        world.commands.last(),
        Some(&StreamCommand::Unbridge { stream: b })
    );
    assert_eq!(world.board.partner(leg), None);
}

#[test]
fn a_leg_whose_stream_the_media_plane_lost_ends_at_once_and_says_why() {
    let mut world = World::with_phones();
    let ((leg, _), (other, _)) = bridged(&mut world, sdp(41_000, "sendrecv"));
    let (now, stream) = (world.now, stream_of(other));
    world.board.handle_stream(now, StreamEvent::Lost { stream });
    world.settle();
    assert_eq!(world.cause(other), Cause::MediaLost);
    assert!(world.last(at(CARRIER)).starts_with("BYE "));
    assert!(world.last(at(CARRIER)).contains("Q.850;cause=41"));
    // The other party's own stream works: its owner decides what comes next.
    assert_eq!(world.board.partner(leg), None);
    let cause = Cause::MediaLost;
    assert!(!world.events.contains(&LegEvent::Ended { leg, cause }));
}

#[test]
fn a_leg_that_ends_frees_the_other_one_which_goes_on() {
    let mut world = World::with_phones();
    let ((leg, _), (other, theirs)) = bridged(&mut world, sdp(41_000, "sendrecv"));
    let now = world.now;
    world.peer(at(CARRIER)).bye(now, theirs, vec![]);
    world.settle();
    assert_eq!(world.cause(other), Cause::CalledHungUp);
    assert_eq!(world.board.partner(leg), None);
    let a = stream_of(leg);
    assert!(
        world
            .commands
            .contains(&StreamCommand::Unbridge { stream: a })
    );
    world.board.end(now, leg, Cause::CalledHungUp);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CalledHungUp);
}

#[test]
fn a_leg_is_bridged_with_one_other_at_most() {
    let mut world = World::with_phones();
    let ((leg, _), (other, _)) = bridged(&mut world, sdp(41_000, "sendrecv"));
    let (third, _) = world.talk();
    let now = world.now;
    assert!(world.board.bridge(now, third, leg));
    assert_eq!(world.board.partner(leg), Some(third));
    assert_eq!(world.board.partner(other), None);
    assert!(!world.board.bridge(now, leg, leg));
    assert!(!world.board.bridge(now, leg, LegId(999)));
    assert_eq!(
        world.board.partner(leg),
        Some(third),
        "a refusal parts nobody"
    );
}

#[test]
fn a_key_by_info_goes_on_by_rtp() {
    let mut world = World::with_phones();
    let ((leg, dialog), (other, _)) = bridged(&mut world, sdp(41_000, "sendrecv"));
    let body = Body::new("application/dtmf-relay", "Signal=5\r\nDuration=100\r\n");
    world.ask(at(DESK), dialog, Method::Info, Some(body));
    assert_eq!(world.events(), [LegEvent::Digit { leg, digit: '5' }]);
    assert_eq!(
        world.commands.last(),
        Some(&StreamCommand::SendDigits {
            stream: stream_of(other),
            digits: "5".into()
        })
    );
}

#[test]
fn a_key_by_rtp_goes_on_by_info_to_a_phone_that_takes_nothing_else() {
    let mut world = World::with_phones();
    let ((leg, _), (other, _)) = bridged(&mut world, no_events());
    world.told(at(DESK));
    let (stream, now) = (stream_of(other), world.now);
    let digit = '#';
    world
        .board
        .handle_stream(now, StreamEvent::Digit { stream, digit });
    world.settle();
    let (_, request) = world.asked(at(DESK));
    assert_eq!(request.method, Method::Info);
    assert_eq!(request.body.unwrap().bytes, b"Signal=#\r\nDuration=160\r\n");
    // Between two that take events by RTP the media plane relays; nothing is sent here.
    let before = world.commands.len();
    let stream = stream_of(leg);
    world
        .board
        .handle_stream(now, StreamEvent::Digit { stream, digit: '1' });
    world.settle();
    assert_eq!(world.commands.len(), before);
    assert_eq!(world.count(at(CARRIER), "INFO"), 0);
}

#[test]
fn only_keys_are_pressed() {
    let mut world = World::new();
    let (leg, _) = world.talk();
    let now = world.now;
    world.board.send_digits(now, leg, "1 2x*a");
    world.board.send_digits(now, leg, "\r\nxyz");
    world.settle();
    assert_eq!(
        world.commands.last(),
        Some(&StreamCommand::SendDigits {
            stream: stream_of(leg),
            digits: "12*A".into()
        })
    );
}

#[test]
fn a_caller_hears_the_other_party_ring_before_the_call_is_answered() {
    let mut world = World::with_phones();
    let dialog = world.phone_dials(at(DESK), "1001", "0138");
    let leg = world.incoming();
    let other = world.dial(to_carrier("138"));
    let (tx, _) = world.rung(at(CARRIER));
    let now = world.now;
    let ringback = Reply::new(183).with_body(sdp(40_000, "sendrecv"));
    world.peer(at(CARRIER)).progress(now, tx, &ringback, false);
    world.settle();
    world.board.open_early(now, leg);
    assert!(world.board.bridge(now, leg, other));
    world.settle();
    let told = world.told(at(DESK));
    assert!(matches!(
        &told[..],
        [Event::Progress {
            status: 183,
            body: Some(_),
            ..
        }]
    ));
    world.reply(at(CARRIER), tx, 200);
    world.board.answer(now, leg);
    world.settle();
    let told = world.told(at(DESK));
    assert!(matches!(&told[..], [Event::Answered { body: Some(_), .. }]));
    let opened = |e: &&LegEvent| matches!(e, LegEvent::Opened { .. });
    assert_eq!(world.events.iter().filter(opened).count(), 2, "once a leg");
    assert_eq!(world.board.partner(leg), Some(other));
    world.peer(at(DESK)).bye(now, dialog, vec![]);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CallerHungUp);
    world.board.end(now, other, Cause::CallerHungUp);
    world.settle();
    assert_eq!(world.cause(other), Cause::CallerHungUp);
}
