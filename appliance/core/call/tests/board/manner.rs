//! How a carrier is called: what its template says of identity, session timer and reliable 1xx.

use std::time::Duration;

use call::{Cause, Dial, Identity, Manner, Showing, Trunk};
use sip::Reply;

use crate::world::{CARRIER, World, at, carrier, to_carrier};

fn world(change: impl FnOnce(&mut Trunk)) -> World {
    let mut world = World::new();
    let mut trunk = carrier();
    change(&mut trunk);
    world.board.set_lines(world.now, vec![trunk], vec![]);
    world
}

fn manner(manner: Manner) -> World {
    world(|trunk| trunk.outbound.as_mut().unwrap().manner = manner)
}

#[test]
fn a_carrier_is_called_in_the_manner_it_wants() {
    let mut world = manner(Manner {
        identity: Identity::Preferred,
        user_phone: true,
        reliable: false,
        session: Some(Duration::from_secs(1_800)),
    });
    world.dial(Dial {
        to: "+8613800000007".into(),
        from: "+861088886666".into(),
        ..to_carrier("1")
    });
    let (_, request) = world.rung(at(CARRIER));
    let called = format!("sip:+8613800000007@{CARRIER};user=phone");
    let ours = format!("sip:+861088886666@{CARRIER};user=phone");
    assert_eq!(request.uri.as_str(), called);
    assert_eq!(request.to.uri.as_str(), called);
    assert_eq!(request.from.uri.as_str(), ours);
    let header = |name: &str| request.headers.all(name).collect::<Vec<_>>().join(" | ");
    assert_eq!(header("P-Preferred-Identity"), format!("<{ours}>"));
    assert_eq!(header("P-Asserted-Identity"), "");
    assert_eq!(header("Supported"), "timer, replaces");
    assert_eq!(header("Session-Expires"), "1800");
    assert_eq!(header("Min-SE"), "90");
}

#[test]
fn a_carrier_of_no_kind_is_told_no_more_than_before() {
    let mut world = manner(Manner::default());
    world.dial(to_carrier("*21#"));
    let (_, request) = world.rung(at(CARRIER));
    assert_eq!(request.uri.as_str(), format!("sip:*21%23@{CARRIER}"));
    let supported: Vec<_> = request.headers.all("Supported").collect();
    assert_eq!(supported, ["100rel, timer, replaces"]);
    for name in [
        "Session-Expires",
        "P-Asserted-Identity",
        "P-Preferred-Identity",
    ] {
        assert_eq!(request.headers.first(name), None, "{name}");
    }
}

#[test]
fn a_carrier_that_wants_a_longer_session_is_asked_once_more() {
    let mut world = manner(Manner {
        session: Some(Duration::from_secs(600)),
        ..Manner::default()
    });
    let leg = world.dial(to_carrier("1"));
    for (asked, least) in [("600", "1800"), ("1800", "3600")] {
        let (tx, request) = world.rung(at(CARRIER));
        assert_eq!(request.headers.first("Session-Expires"), Some(asked));
        let (now, reply) = (world.now, Reply::new(422).with_header("Min-SE", least));
        world.peer(at(CARRIER)).respond(now, tx, &reply);
        world.settle();
        if asked == "1800" {
            assert_eq!(world.count(at(CARRIER), "INVITE"), 2, "not again and again");
        }
    }
    assert_eq!(world.cause(leg), Cause::ProtocolError);
    world.run_out();
}

#[test]
fn a_carrier_outside_the_trust_domain_never_learns_a_hidden_number() {
    let mut world = world(|trunk| {
        trunk.trusted = false;
        trunk.outbound.as_mut().unwrap().manner.identity = Identity::Asserted;
    });
    world.dial(Dial {
        showing: Showing::Hidden,
        ..to_carrier("1")
    });
    let (_, request) = world.rung(at(CARRIER));
    assert_eq!(request.from.uri.as_str(), "sip:anonymous@anonymous.invalid");
    assert_eq!(request.headers.first("P-Asserted-Identity"), None);
    assert!(!world.last(at(CARRIER)).contains("01088886666"));
}
