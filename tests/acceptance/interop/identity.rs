//! Who is told who calls and why a call ended, and a call over TCP.

use rig::peer::{Part, Peer, header};

use super::{MUTE, World, carrier, host, phone};

/// A phone with two numbers, one that is believed, a carrier that calls us.
const SITE: &str = r#"
[device.1005]
password = "kingfisher-5"
nets = ["127.0.0.0/8"]
caller_id = "4001"
claims = ["4002"]
[device.1006]
password = "kingfisher-6"
nets = ["127.0.0.0/8"]
trusted = true
[trunk.in]
peers = ["127.0.0.75"]
numbers = ["4001", "4002"]
[number."5002"]
device = "1002"
[number."5006"]
device = "1006"
"#;

#[test]
fn a_hidden_number_is_told_to_a_trusted_carrier_and_to_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let told = Peer::waits(dir.path(), &Part::of("pick", host(76))).unwrap();
    let untold = Peer::waits(dir.path(), &Part::of("pick", host(77))).unwrap();
    let account = "keepalive = \"off\"\nidentity = \"asserted\"";
    let numbers = "numbers = [\"4001\", \"4002\"]";
    let carriers = carrier("76", told.sip, numbers, account)
        + &carrier(
            "77",
            untold.sip,
            &format!("{numbers}\ntrusted = false"),
            account,
        );
    let world = World::start(&dir, &format!("{SITE}{carriers}"));

    for (number, peer, asserted) in [("76001", told, true), ("77001", untold, false)] {
        let private = Part {
            words: &[("CLAIM", "4002")],
            login: ("1005", "kingfisher-5"),
            ..phone("private", number)
        };
        world.seen(world.calls(dir.path(), &private));
        let seen = world.seen(peer);
        let invite = seen.only("INVITE ");
        assert_eq!(header(invite, "Privacy"), "id", "{invite}");
        assert!(header(invite, "From").contains("sip:anonymous@anonymous.invalid"));
        let shown = header(invite, "P-Asserted-Identity");
        assert_eq!(shown.starts_with("<sip:4002@"), asserted, "{invite}");
        assert_eq!(invite.contains("4002"), asserted, "{invite}");
        assert_eq!(world.row(number).cause, "caller_hung_up");
    }
}

#[test]
fn a_number_that_a_carrier_asserts_is_shown_to_a_trusted_phone_only() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::start(&dir, SITE);
    for (device, number, last, is_told) in [("1002", "5002", 78, false), ("1006", "5006", 79, true)]
    {
        let called = world.called(dir.path(), &Part::of("pick", host(last)), device);
        let asserted = Part {
            number,
            ..Part::of("asserted", host(75))
        };
        world.seen(world.calls(dir.path(), &asserted));
        let seen = world.seen(called);
        let invite = seen.only("INVITE ");
        assert_eq!(invite.contains("13800001234"), is_told, "{invite}");
        assert!(header(invite, "From").contains("anonymous"), "{invite}");
        let farewell = header(seen.only("BYE "), "Reason");
        assert!(farewell.contains("Q.850;cause=16"), "{farewell}");
        let row = world.row(number);
        assert!(!row.body.to_string().contains("13800001234"), "{row:?}");
    }
}

#[test]
fn the_phone_that_was_not_quick_enough_is_told_that_another_was() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::start(&dir, "");
    let slow = world.called(dir.path(), &Part::of("cancelled", host(80)), "1002");
    let quick = Part {
        hold_ms: 0,
        ..Part::of("pick", host(81))
    };
    let quick = world.called(dir.path(), &quick, "1002");
    world.seen(world.calls(dir.path(), &phone("dial", "1002")));
    world.seen(quick);
    let seen = world.seen(slow);
    let reason = header(seen.only("CANCEL "), "Reason");
    assert!(reason.starts_with("SIP;cause=200;"), "{reason}");
    assert_eq!(world.row("1002").cause, "caller_hung_up");
}

#[test]
fn a_carrier_that_takes_tcp_is_called_by_tcp() {
    let dir = tempfile::tempdir().unwrap();
    let tcp = Part {
        transport: "t1",
        ..Part::of("pick", host(82))
    };
    let tcp = Peer::waits(dir.path(), &tcp).unwrap();
    let account = format!("{MUTE}\ntransport = \"tcp\"");
    let world = World::start(&dir, &carrier("82", tcp.sip, "", &account));
    world.seen(world.calls(dir.path(), &phone("dial", "82001")));
    let seen = world.seen(tcp);
    assert!(header(seen.only("INVITE "), "Via").starts_with("SIP/2.0/TCP "));
    assert_eq!(world.row("82001").cause, "caller_hung_up");
}
