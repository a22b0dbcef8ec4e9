//! Scanners, guessers and bursts: what they get, and that running calls do not feel it.

use std::time::Duration;

use call::limits::{LATE, MAX_GUESSES, SHED_FOR};
use call::{BanReason, Cause, LegEvent};
use sip::{Event, Method};

use crate::phone::{DESK, SOFT};
use crate::world::{BOX, CARRIER, World, at, sdp};

const SCANNER: &str = "203.0.113.66:5071";

fn options(n: u32, agent: &str) -> String {
    format!(
        "OPTIONS sip:100@{BOX} SIP/2.0\r\nVia: SIP/2.0/UDP {SCANNER};branch=z9hG4bKs{n};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:100@1.1.1.1>;tag={n}\r\nTo: <sip:100@1.1.1.1>\r\n\
         Call-ID: {n}\r\nCSeq: 1 OPTIONS\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\n\r\n"
    )
}

#[test]
fn a_sweep_of_extensions_learns_nothing_and_is_shown() {
    let mut world = World::with_phones();
    let before = world.board.stats().sip.transactions;
    for n in 0..500 {
        world.throw(at(SCANNER), &options(n, "friendly-scanner"));
    }
    assert_eq!(world.count(at(SCANNER), "SIP/2.0"), 1);
    let bans = world.board.bans(world.now);
    assert_eq!(bans.len(), 1);
    assert_eq!(
        (bans[0].source, bans[0].why),
        (at(SCANNER).ip(), BanReason::Scanner)
    );
    assert!(world.board.lift_ban(at(SCANNER).ip()));
    assert_eq!(world.board.bans(world.now), []);
    assert_eq!(world.board.stats().sip.transactions, before);
}

#[test]
fn a_phone_with_a_wrong_password_comes_back_as_soon_as_it_has_the_right_one() {
    let mut world = World::with_phones();
    let phone = "192.168.1.99:5060";
    world.add(at(phone));
    for n in 0..MAX_GUESSES {
        world.register(at(phone), "1001", "1002", 10 + n);
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(world.board.bans(world.now)[0].why, BanReason::Guessing);
    world.pass(Duration::from_secs(61));
    let now = world.now;
    assert!(world.board.lift_ban(at(phone).ip()));
    assert_eq!(world.register(at(phone), "1001", "1001", 50), 200);
    assert_eq!(world.board.bans(now), []);
}

#[test]
fn a_registered_phone_is_served_however_much_it_calls() {
    let mut world = World::with_phones();
    for n in 0..150 {
        world.phone_dials(at(DESK), "1001", &n.to_string());
        let leg = world.incoming();
        let now = world.now;
        world.board.end(now, leg, Cause::NoRoute);
        world.settle();
        world.events();
    }
    assert_eq!(world.board.bans(world.now), []);
}

#[test]
fn a_box_that_is_late_turns_new_calls_away_and_serves_the_running_ones() {
    let mut world = World::with_phones();
    let dialog = world.phone_dials(at(DESK), "1001", "200");
    let leg = world.incoming();
    let now = world.now;
    world.board.answer(now, leg);
    world.settle();
    world.told(at(DESK));
    world.events();
    // The box was busy with something else for too long.
    let due = world.board.poll_timeout().unwrap().0;
    world.now = world.now.max(due) + LATE;
    world.phone_dials(at(SOFT), "1002", "200");
    let told = world.told(at(SOFT));
    let refused = told.iter().find_map(|event| match event {
        Event::Rejected {
            status, headers, ..
        } => Some((*status, headers.first("Retry-After").is_some())),
        _ => None,
    });
    assert_eq!(refused, Some((503, true)));
    assert_eq!(world.board.stats().refused.late, 1);
    let hold = Some(sdp(41_000, "sendonly"));
    world.ask(at(DESK), dialog, Method::Invite, hold);
    assert_eq!(world.events(), [LegEvent::Held { leg, on: true }]);
    world.pass(SHED_FOR);
    world.phone_dials(at(SOFT), "1002", "200");
    world.incoming();
}

#[test]
fn a_burst_beyond_all_room_is_turned_away_without_state() {
    let mut world = World::new();
    let (leg, dialog) = world.talk();
    world.board.stop();
    for n in 0..300 {
        let text = options(n, "x").replace("OPTIONS", "INVITE");
        world.throw(at(CARRIER), &text);
    }
    assert_eq!(world.board.stats().refused.stopping, 300);
    assert!(world.board.stats().sip.transactions < 5);
    let now = world.now;
    world.peer(at(CARRIER)).bye(now, dialog, vec![]);
    world.settle();
    assert_eq!(world.cause(leg), Cause::CalledHungUp);
    world.run_out();
}
