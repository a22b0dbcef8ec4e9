//! Keys between a phone that sends them as events (RFC 4733) and carriers that know other ways.

use rig::peer::Part;
use rig::tone;

use super::{WAIT, World, host};

/// Two carriers that call us, and where they call.
const SITE: &str = r#"
[trunk.says]
peers = ["127.0.0.71"]
dtmf = "info"
[trunk.sounds]
peers = ["127.0.0.72"]
dtmf = "inband"
[number."5002"]
device = "1002"
[number."5003"]
device = "1003"
"#;

#[test]
fn keys_go_to_and_from_a_carrier_that_says_them_by_info() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::start(&dir, SITE);
    let mut desk = world.desk(&dir, "1002", 440.0, "");
    let says = Part {
        number: "5002",
        ..Part::of("says-key", host(71))
    };
    let says = world.calls(dir.path(), &says);
    let key = desk.event("CALL_DTMF_START", WAIT).unwrap();
    assert_eq!(key["param"], "7", "{key}");
    desk.command("sndcode", "9").unwrap();
    world.seen(says);
    let row = world.row("5002");
    assert_eq!(row.cause, "caller_hung_up", "{row:?}");
    assert_eq!(row.body["parties"]["trunk"], "says", "{row:?}");
}

#[test]
fn a_key_that_a_carrier_sounds_in_band_reaches_a_phone_as_an_event() {
    let dir = tempfile::tempdir().unwrap();
    // Key 5 (ITU-T Q.23).
    let sound = [
        tone::alaw(&[], 500),
        tone::alaw(&[770.0, 1_336.0], 300),
        tone::alaw(&[], 1_000),
    ];
    std::fs::write(dir.path().join("key.alaw"), sound.concat()).unwrap();
    let world = World::start(&dir, SITE);
    let mut desk = world.desk(&dir, "1003", 440.0, "");
    let sounds = Part {
        number: "5003",
        ..Part::of("sounds-key", host(72))
    };
    let sounds = world.calls(dir.path(), &sounds);
    let key = desk.event("CALL_DTMF_START", WAIT).unwrap();
    assert_eq!(key["param"], "5", "{key}");
    desk.command("hangup", "").unwrap();
    world.seen(sounds);
    assert_eq!(world.row("5003").cause, "called_hung_up");
}
