//! Transfers that phones ask for, and calls that take the place of others.

use std::time::Duration;

use call::{Caller, Cause, LegEvent, LegId};
use sip::{DialogId, Event, Method};

use crate::phone::{DESK, SOFT};
use crate::world::{CARRIER, World, at};

/// The phone's call to `number`, answered: our leg and its dialog.
fn call_of(world: &mut World, number: &str) -> (LegId, DialogId) {
    world.events();
    let dialog = world.phone_dials(at(DESK), "1001", number);
    let leg = world.incoming();
    let now = world.now;
    world.board.answer(now, leg);
    world.settle();
    world.told(at(DESK));
    world.events();
    (leg, dialog)
}

fn refer(world: &mut World, dialog: DialogId, refer_to: &str) -> Vec<Event> {
    let headers = vec![("Refer-To".to_owned(), refer_to.to_owned())];
    let now = world.now;
    world
        .peer(at(DESK))
        .request(now, dialog, Method::Refer, headers, None);
    world.settle();
    let told = world.told(at(DESK));
    for event in &told {
        if let Event::Request { tx, .. } = event {
            world.reply_empty(at(DESK), *tx);
        }
    }
    told
}

/// The status lines of the NOTIFYs that a phone was told, with the state of the subscription.
fn notified(events: &[Event]) -> Vec<(String, String)> {
    let notify = |event: &Event| match event {
        Event::Request { request, .. } if request.method == Method::Notify => {
            let body = String::from_utf8(request.body.clone()?.bytes).ok()?;
            let state = request.headers.first("Subscription-State")?;
            let state = state.split(';').next()?;
            Some((body.trim_end().to_owned(), state.to_owned()))
        }
        _ => None,
    };
    events.iter().filter_map(notify).collect()
}

fn status(events: &[Event]) -> Option<u16> {
    events.iter().find_map(|event| match event {
        Event::Response { status, .. } => Some(*status),
        _ => None,
    })
}

/// The call of `dialog` as its phone names it to us: Call-ID, our tag, its tag.
fn named(world: &mut World, dialog: DialogId) -> (String, String, String) {
    let call_id = world.peer(at(DESK)).call_id(dialog).unwrap();
    let ack = world
        .wire
        .iter()
        .find(|(from, _, text)| {
            *from == at(DESK)
                && text.starts_with("ACK")
                && text.contains(&call_id)
                && text.contains(";tag=")
                && !text.contains("CSeq: 1 ")
        })
        .unwrap();
    let tag = |name: &str| {
        let line = ack.2.lines().find(|l| l.starts_with(name)).unwrap();
        line.split(";tag=").nth(1).unwrap().to_owned()
    };
    (call_id, tag("To:"), tag("From:"))
}

#[test]
fn a_phone_that_hands_its_party_on_is_told_how_it_went() {
    let mut world = World::with_phones();
    let (leg, dialog) = call_of(&mut world, "200");
    let told = refer(&mut world, dialog, "<sip:1002@192.0.2.9>");
    assert_eq!(status(&told), Some(202));
    let trying = ("SIP/2.0 100 Trying".to_owned(), "active".to_owned());
    assert_eq!(notified(&told), [trying]);
    assert_eq!(
        world.events(),
        [LegEvent::TransferAsked {
            leg,
            to: "1002".into(),
            replaces: None
        }]
    );
    let now = world.now;
    world.board.transfer_done(now, leg, 180);
    world.board.transfer_done(now, leg, 200);
    world.board.transfer_done(now, leg, 486);
    world.settle();
    let told = world.told(at(DESK));
    assert_eq!(
        notified(&told),
        [
            ("SIP/2.0 180 Ringing".to_owned(), "active".to_owned()),
            ("SIP/2.0 200 OK".to_owned(), "terminated".to_owned()),
        ]
    );
    world.board.end(now, leg, Cause::Transferred);
    world.settle();
    assert_eq!(world.cause(leg), Cause::Transferred);
}

#[test]
fn an_attended_transfer_names_the_leg_whose_party_is_meant() {
    let mut world = World::with_phones();
    let (leg, dialog) = call_of(&mut world, "200");
    let (second, consulting) = call_of(&mut world, "1002");
    let (call_id, ours, theirs) = named(&mut world, consulting);
    let call_id = call_id.replace('@', "%40");
    let value =
        format!("<sip:1002@192.0.2.9?Replaces={call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3D{theirs}>");
    let told = refer(&mut world, dialog, &value);
    assert_eq!(status(&told), Some(202));
    assert_eq!(
        world.events(),
        [LegEvent::TransferAsked {
            leg,
            to: "1002".into(),
            replaces: Some(second)
        }]
    );
    // Nobody is transferred to himself, nor to a call that is none of ours.
    let told = refer(&mut world, consulting, &value);
    assert_eq!(status(&told), Some(603));
    let unknown = "<sip:1002@192.0.2.9?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>";
    assert_eq!(status(&refer(&mut world, consulting, unknown)), Some(603));
}

#[test]
fn a_phone_asks_for_one_transfer_at_a_time() {
    let mut world = World::with_phones();
    let (_, dialog) = call_of(&mut world, "200");
    refer(&mut world, dialog, "<sip:1002@192.0.2.9>");
    let told = refer(&mut world, dialog, "<sip:1003@192.0.2.9>");
    assert_eq!(status(&told), Some(491));
    let (_, other) = call_of(&mut world, "201");
    assert_eq!(status(&refer(&mut world, other, "<mailto:a@b>")), Some(400));
    assert_eq!(world.board.stats().refused.transfers, 2);
}

#[test]
fn a_transfer_that_nobody_decides_is_told_to_have_failed() {
    let mut world = World::with_phones();
    let (leg, dialog) = call_of(&mut world, "200");
    refer(&mut world, dialog, "<sip:1002@192.0.2.9>");
    world.pass(Duration::from_secs(181));
    let told = world.told(at(DESK));
    assert_eq!(notified(&told)[0].0, "SIP/2.0 408 Request Timeout");
    assert!(
        !world
            .events
            .iter()
            .any(|e| matches!(e, LegEvent::Ended { .. }))
    );
    let now = world.now;
    world.board.end(now, leg, Cause::FlowEnded);
    world.settle();
}

#[test]
fn a_phone_that_hangs_up_after_its_wish_has_transferred_its_party() {
    let mut world = World::with_phones();
    let (leg, dialog) = call_of(&mut world, "200");
    refer(&mut world, dialog, "<sip:1002@192.0.2.9>");
    let now = world.now;
    world.peer(at(DESK)).bye(now, dialog, vec![]);
    world.settle();
    assert_eq!(world.cause(leg), Cause::Transferred);
    world.board.transfer_done(now, leg, 200);
    world.settle();
    world.pass(Duration::from_secs(700));
    assert_eq!(world.board.stats().deadlines, 0);
}

#[test]
fn a_carrier_transfers_nobody() {
    let mut world = World::new();
    let (_, dialog) = world.talk();
    let headers = vec![("Refer-To".to_owned(), "<sip:0900@example.net>".to_owned())];
    let now = world.now;
    world
        .peer(at(CARRIER))
        .request(now, dialog, Method::Refer, headers, None);
    world.settle();
    assert_eq!(status(&world.told(at(CARRIER))), Some(603));
    assert_eq!(world.events(), []);
    assert_eq!(world.board.stats().refused.transfers, 1);
}

#[test]
fn a_call_may_take_the_place_of_another() {
    let mut world = World::with_phones();
    let (leg, dialog) = call_of(&mut world, "200");
    let (call_id, ours, theirs) = named(&mut world, dialog);
    let value = format!("{call_id};to-tag={ours};from-tag={theirs}");
    let mut dial = |headers: &[&str]| {
        let headers = headers
            .iter()
            .map(|v| ("Replaces".to_owned(), (*v).to_owned()));
        let headers = headers.collect();
        world.phone_dials_as(at(SOFT), "1002", "1001", headers);
        let told = world.told(at(SOFT));
        let rejected = told.iter().find_map(|event| match event {
            Event::Rejected { status, .. } => Some(*status),
            _ => None,
        });
        (rejected, world.events())
    };
    let (rejected, events) = dial(&[&value]);
    assert_eq!(rejected, None);
    let [
        LegEvent::Incoming {
            caller: Caller { replaces, .. },
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*replaces, Some(leg));
    assert_eq!(dial(&["x;to-tag=1;from-tag=2"]).0, Some(481));
    assert_eq!(dial(&["x;to-tag=1"]).0, Some(400));
    assert_eq!(dial(&[&value, &value]).0, Some(400));
    assert_eq!(dial(&[&format!("{value};early-only")]).0, Some(486));
}
