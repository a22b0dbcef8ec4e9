//! Lines that take protected media only (SRTP with keys in the signalling, RFC 4568).

use rig::peer::{Part, Peer, header};

use super::{MUTE, WAIT, World, carrier, host, phone};

/// What the two phones sing, Hz.
const ONE: f64 = 440.0;
const TWO: f64 = 660.0;

const DEVICE: &str = r#"
[device.1009]
password = "kingfisher-9"
nets = ["127.0.0.0/8"]
srtp = "require"
"#;

#[test]
fn a_phone_that_must_protect_its_sound_hears_and_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::start(&dir, DEVICE);
    let mut one = world.desk(&dir, "1009", ONE, "mediaenc=srtp-mand");
    let mut two = world.desk(&dir, "1002", TWO, "");
    two.dial("1009").unwrap();
    one.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(TWO, WAIT).unwrap();
    two.wait_for_tone(ONE, WAIT).unwrap();
    two.command("hangup", "").unwrap();
    one.event("CALL_CLOSED", WAIT).unwrap();
    assert_eq!(world.row("1009").cause, "caller_hung_up");
}

#[test]
fn sound_in_the_clear_is_refused_where_it_must_be_protected() {
    let dir = tempfile::tempdir().unwrap();
    let clear = Peer::waits(dir.path(), &Part::of("pick", host(73))).unwrap();
    let carriers = carrier("73", clear.sip, "srtp = \"require\"", MUTE);
    let world = World::start(&dir, &format!("{DEVICE}{carriers}"));

    // By its phone.
    let refused = Part {
        words: &[("STATUS", "488")],
        login: ("1009", "kingfisher-9"),
        ..phone("refused", "4000")
    };
    world.seen(world.calls(dir.path(), &refused));
    assert_eq!(world.row("4000").cause, "no_common_codec");

    // By a carrier that answers as it was not asked.
    let refused = Part {
        words: &[("STATUS", "488")],
        ..phone("refused", "73001")
    };
    world.seen(world.calls(dir.path(), &refused));
    let seen = world.seen(clear);
    let offer = seen.only("INVITE ");
    assert!(
        offer.contains(" RTP/SAVP ") && offer.contains("a=crypto:"),
        "{offer}"
    );
    assert!(header(seen.only("BYE "), "Reason").contains("cause=88"));
    assert_eq!(world.row("73001").cause, "no_common_codec");
}
