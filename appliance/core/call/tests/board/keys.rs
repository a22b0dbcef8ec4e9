//! How keys go where a line says it: `dtmf` of a trunk or a device.

use call::{Keys, LegEvent, LegId, StreamCommand, StreamEvent, StreamId};
use sip::{Body, DialogId, Method};

use crate::world::{CARRIER, World, at, carrier};

/// A call to a carrier whose keys go as `keys` says.
fn talk(keys: Keys) -> (World, LegId, DialogId) {
    let mut world = World::new();
    let mut trunk = carrier();
    trunk.sound.keys = keys;
    world.board.set_lines(world.now, vec![trunk], vec![]);
    let (leg, dialog) = world.talk();
    (world, leg, dialog)
}

/// Keys that count where `1` comes by RTP and `2` by INFO, in this order.
fn counted(world: &mut World, leg: LegId, dialog: DialogId) -> String {
    let (stream, now) = (StreamId(leg.0 as u32), world.now);
    let digit = '1';
    world
        .board
        .handle_stream(now, StreamEvent::Digit { stream, digit });
    let body = Body::new("application/dtmf-relay", "Signal=2\r\n");
    world.ask(at(CARRIER), dialog, Method::Info, Some(body));
    let keys = world.events().into_iter().filter_map(|event| match event {
        LegEvent::Digit { digit, .. } => Some(digit),
        _ => None,
    });
    keys.collect()
}

/// What the media plane was told when the stream opened: payload of events, and whether it looks for
/// tones and leaves keys to signalling.
fn opened(world: &World) -> (Option<u8>, bool, bool) {
    let spec = world.commands.iter().find_map(|command| match command {
        StreamCommand::Open { spec, .. } => Some(spec),
        _ => None,
    });
    let spec = spec.expect("the stream is open");
    (spec.events, spec.tones, spec.mute_keys)
}

#[test]
fn what_a_line_says_decides_what_is_agreed_and_what_counts() {
    for (keys, offers, agreed, counts) in [
        (Keys::Auto, true, (Some(101), false, false), "1"),
        (Keys::Events, true, (Some(101), false, false), "1"),
        (Keys::Info, false, (None, false, true), "2"),
        (Keys::Tones, false, (None, true, false), "1"),
    ] {
        let (mut world, leg, dialog) = talk(keys);
        let mut sent = world.wire.iter();
        let invite = sent.find(|(_, _, text)| text.starts_with("INVITE"));
        let is_offered = invite.is_some_and(|(_, _, text)| text.contains("telephone-event"));
        assert_eq!(is_offered, offers, "{keys:?}");
        assert_eq!(opened(&world), agreed, "{keys:?}");
        assert_eq!(counted(&mut world, leg, dialog), counts, "{keys:?}");
    }
}

#[test]
fn keys_are_pressed_by_the_road_that_the_line_says() {
    for (keys, by_info) in [
        (Keys::Auto, false),
        (Keys::Events, false),
        (Keys::Info, true),
        (Keys::Tones, false),
    ] {
        let (mut world, leg, _) = talk(keys);
        let (stream, now) = (StreamId(leg.0 as u32), world.now);
        world.board.send_digits(now, leg, "7");
        world.settle();
        let infos = world.count(at(CARRIER), "INFO");
        assert_eq!(infos, usize::from(by_info), "{keys:?}");
        let pressed = StreamCommand::SendDigits {
            stream,
            digits: "7".into(),
        };
        assert_eq!(world.commands.contains(&pressed), !by_info, "{keys:?}");
    }
}
