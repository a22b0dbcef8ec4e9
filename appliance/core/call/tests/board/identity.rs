//! Who calls, as it is told and believed: the trust domain of RFC 3325, the wishes of RFC 3323.

use call::{Caller, Cause, Device, Dial, Identity, LegEvent, Line, Showing, Trunk};
use sip::{OutgoingInvite, Uri};

use crate::phone::{DESK, SOFT, device};
use crate::world::{BOX, CARRIER, World, at, carrier, sdp, to_carrier};

fn world(change: impl FnOnce(&mut Trunk, &mut Device)) -> World {
    let mut world = World::with_phones();
    let (mut trunk, mut desk) = (carrier(), device("1001"));
    change(&mut trunk, &mut desk);
    let devices = vec![desk, device("1002")];
    world.board.set_lines(world.now, vec![trunk], devices);
    world
}

#[test]
fn what_a_carrier_is_told_follows_from_trust_manner_and_wish() {
    use Identity::{Asserted, From, Preferred};
    use Showing::{Hidden, Open, Usual};
    let ours = format!("<sip:01088886666@{CARRIER}>");
    // trusted, manner, wish; From tells, P-Asserted-Identity, P-Preferred-Identity, Privacy
    for (trusted, identity, showing, told, asserted, preferred, privacy) in [
        (true, From, Usual, true, false, false, None),
        (true, From, Hidden, false, false, false, Some("id")),
        (true, From, Open, true, false, false, Some("none")),
        (true, Asserted, Usual, true, true, false, None),
        (true, Asserted, Hidden, false, true, false, Some("id")),
        (true, Asserted, Open, true, true, false, Some("none")),
        (true, Preferred, Usual, true, false, true, None),
        (true, Preferred, Hidden, false, false, true, Some("id")),
        (true, Preferred, Open, true, false, true, Some("none")),
        (false, Asserted, Usual, true, false, false, None),
        (false, Asserted, Hidden, false, false, false, Some("id")),
        (false, Preferred, Hidden, false, false, false, Some("id")),
        (false, Preferred, Open, true, false, false, Some("none")),
    ] {
        let case = format!("{trusted} {identity:?} {showing:?}");
        let mut world = world(|trunk, _| {
            trunk.trusted = trusted;
            trunk.outbound.as_mut().unwrap().manner.identity = identity;
        });
        world.dial(Dial {
            showing,
            display: Some("Somebody".into()),
            ..to_carrier("1")
        });
        let (_, request) = world.rung(at(CARRIER));
        let header = |name: &str| request.headers.first(name);
        let wanted = |on: bool| on.then_some(ours.as_str());
        assert_eq!(header("P-Asserted-Identity"), wanted(asserted), "{case}");
        assert_eq!(header("P-Preferred-Identity"), wanted(preferred), "{case}");
        assert_eq!(header("Privacy"), privacy, "{case}");
        assert_eq!(
            request.from.uri.user() == Some("01088886666"),
            told,
            "{case}"
        );
        assert_eq!(
            request.from.display.as_deref() == Some("Somebody"),
            told,
            "{case}"
        );
        let text = world.last(at(CARRIER));
        let is_known = told || asserted || preferred;
        assert_eq!(text.contains("01088886666"), is_known, "{case}: {text}");
    }
}

#[test]
fn a_phone_learns_a_hidden_number_only_where_it_is_trusted() {
    for trusted in [true, false] {
        let mut world = world(|_, desk| desk.trusted = trusted);
        world.dial(Dial {
            line: Line::Device("1001".into()),
            showing: Showing::Hidden,
            ..to_carrier("1001")
        });
        let (_, request) = world.rung(at(DESK));
        assert_eq!(request.from.uri.as_str(), "sip:anonymous@anonymous.invalid");
        let asserted = request.headers.first("P-Asserted-Identity");
        assert_eq!(asserted.is_some(), trusted);
        assert_eq!(world.last(at(DESK)).contains("01088886666"), trusted);
    }
}

/// A call of the carrier with these header fields; who it says calls, where it was let in.
fn called_by_carrier(trusted: bool, headers: &[(&str, &str)]) -> Option<Caller> {
    let mut world = world(|trunk, _| trunk.trusted = trusted);
    let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into()));
    let invite = OutgoingInvite {
        to: at(BOX).into(),
        request_uri: Uri::parse(&format!("sip:200@{BOX}")).unwrap(),
        from_uri: Uri::parse("sip:13800000007@carrier.example").unwrap(),
        to_uri: Uri::parse(&format!("sip:200@{BOX}")).unwrap(),
        display: None,
        body: Some(sdp(40_000, "sendrecv")),
        credentials: None,
        headers: headers.collect(),
    };
    let now = world.now;
    world.peer(at(CARRIER)).invite(now, invite);
    world.settle();
    caller(&mut world)
}

fn caller(world: &mut World) -> Option<Caller> {
    let events = world.events();
    events.into_iter().find_map(|event| match event {
        LegEvent::Incoming { caller, .. } => Some(caller),
        _ => None,
    })
}

#[test]
fn only_a_carrier_of_the_trust_domain_is_believed_who_calls() {
    const ASSERTED: (&str, &str) = ("P-Asserted-Identity", "<tel:+8613900000001>");
    for (trusted, headers, asserted, showing) in [
        (true, vec![ASSERTED], Some("+8613900000001"), Showing::Usual),
        (false, vec![ASSERTED], None, Showing::Usual),
        (true, vec![], None, Showing::Usual),
        (
            true,
            vec![ASSERTED, ("Privacy", "id")],
            Some("+8613900000001"),
            Showing::Hidden,
        ),
        (
            true,
            vec![("Privacy", "user;critical")],
            None,
            Showing::Hidden,
        ),
        (
            true,
            vec![("Privacy", "header;session;critical")],
            None,
            Showing::Usual,
        ),
        (true, vec![("Privacy", "none")], None, Showing::Open),
        (true, vec![("Privacy", "history")], None, Showing::Usual),
        (
            true,
            vec![("P-Preferred-Identity", "<tel:+861>")],
            None,
            Showing::Usual,
        ),
    ] {
        let case = format!("{trusted} {headers:?}");
        let caller = called_by_carrier(trusted, &headers).expect("it is let in");
        assert_eq!(caller.asserted.as_deref(), asserted, "{case}");
        assert_eq!(caller.showing, showing, "{case}");
        assert_eq!(caller.preferred, None, "{case}");
    }
}

#[test]
fn what_cannot_be_hidden_and_must_be_is_refused() {
    let mut world = world(|_, _| {});
    let headers = vec![("Privacy".to_owned(), "id;x-way;critical".to_owned())];
    world.phone_dials_as(at(DESK), "1001", "200", headers);
    assert_eq!(world.status(at(DESK)), 500);
    assert_eq!(caller(&mut world), None);
    assert_eq!(world.board.stats().refused.privacy, 1);
}

#[test]
fn a_phone_asks_for_a_number_and_only_a_trusted_one_is_believed() {
    let headers = || {
        vec![
            (
                "P-Preferred-Identity".to_owned(),
                "<sip:62345679@x>".to_owned(),
            ),
            ("P-Asserted-Identity".to_owned(), "<sip:110@x>".to_owned()),
        ]
    };
    let mut world = world(|_, desk| desk.trusted = true);
    for (phone, name, asserted) in [(DESK, "1001", Some("110")), (SOFT, "1002", None)] {
        world.phone_dials_as(at(phone), name, "200", headers());
        let caller = caller(&mut world).expect("it is let in");
        assert_eq!(caller.preferred.as_deref(), Some("62345679"));
        assert_eq!(caller.asserted.as_deref(), asserted, "{name}");
    }
    let legs = world.board.stats().legs_started;
    for leg in 1..=legs {
        let now = world.now;
        world.board.end(now, call::LegId(leg), Cause::NoRoute);
    }
    world.settle();
}
