//! Real phones at the real box: baresip registers, calls, is called, and hears the other side.

use std::time::Duration;

use rig::appliance::{Appliance, Options};
use rig::baresip::{Account, Baresip};
use rig::process::wait_for;
use rig::tone;
use tempfile::TempDir;

use crate::calls::{SOON, plain, records_of};

/// A phone is registered, a call is up, a tone is heard so soon.
const WAIT: Duration = Duration::from_secs(15);
/// What the two phones sing, Hz.
const ONE: f64 = 440.0;
const TWO: f64 = 660.0;

const SITE: &str = r#"
[site]
name = "phones"
record = true
speech = false
[device.1001]
password = "kingfisher-1"
nets = ["127.0.0.1"]
[device.1002]
password = "kingfisher-2"
nets = ["127.0.0.1"]
"#;

fn account<'a>(user: &'a str, appliance: &Appliance) -> Account<'a> {
    let (password, tone) = match user {
        "1001" => ("kingfisher-1", ONE),
        _ => ("kingfisher-2", TWO),
    };
    Account {
        user,
        password,
        registrar: appliance.sip,
        tone,
        more: "",
        codec: "PCMA/8000/1",
        ca: None,
        inside: None,
    }
}

/// Two phones that speak what is said.
fn two_who_speak(
    one: (&str, &str),
    two: (&str, &str),
) -> (TempDir, Options, Appliance, [Baresip; 2]) {
    let (dir, options, appliance) = plain(SITE);
    let of = |user, (codec, more)| {
        let account = Account {
            codec,
            more,
            ..account(user, &appliance)
        };
        phone(&dir, &account)
    };
    let phones = [of("1001", one), of("1002", two)];
    (dir, options, appliance, phones)
}

/// One calls the other, and both hear the other's tone.
fn hear_each_other(one: &mut Baresip, two: &mut Baresip, appliance: &Appliance) {
    one.dial("1002").unwrap();
    let up = one.event("CALL_ESTABLISHED", WAIT);
    assert!(up.is_ok(), "{up:?}\n{}", appliance.log_tail());
    two.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(TWO, WAIT).unwrap();
    two.wait_for_tone(ONE, WAIT).unwrap();
    one.command("hangup", "").unwrap();
    two.event("CALL_CLOSED", WAIT).unwrap();
}

#[test]
fn a_phone_that_speaks_opus_and_one_that_speaks_a_law_hear_each_other() {
    let (_dir, options, appliance, [mut one, mut two]) =
        two_who_speak(("opus/48000/2", ""), ("PCMA/8000/1", ""));
    hear_each_other(&mut one, &mut two, &appliance);
    assert_eq!(records_of(&options.data, 1).len(), 1);
}

#[test]
fn a_phone_that_speaks_g722_and_one_that_speaks_u_law_hear_each_other() {
    let (_dir, options, appliance, [mut one, mut two]) =
        two_who_speak(("G722/16000/1", ""), ("PCMU/8000/1", ""));
    hear_each_other(&mut one, &mut two, &appliance);
    assert_eq!(records_of(&options.data, 1).len(), 1);
}

#[test]
fn a_phone_that_insists_on_srtp_and_a_plain_one_hear_each_other() {
    let (_dir, options, appliance, [mut one, mut two]) =
        two_who_speak(("PCMA/8000/1", "mediaenc=srtp-mand"), ("opus/48000/2", ""));
    hear_each_other(&mut one, &mut two, &appliance);
    assert_eq!(records_of(&options.data, 1).len(), 1);
}

fn phone(dir: &TempDir, account: &Account<'_>) -> Baresip {
    let mut phone = Baresip::start(&dir.path().join(account.user), account).unwrap();
    phone.wait_registered("OK", WAIT).unwrap();
    phone
}

pub(crate) fn two_phones() -> (TempDir, Options, Appliance, Baresip, Baresip) {
    let (dir, options, appliance) = plain(SITE);
    let one = phone(&dir, &account("1001", &appliance));
    let two = phone(&dir, &account("1002", &appliance));
    (dir, options, appliance, one, two)
}

#[test]
fn two_phones_call_each_other_hear_each_other_and_leave_one_record() {
    let (_dir, options, appliance, mut one, mut two) = two_phones();
    one.dial("1002").unwrap();
    let up = one.event("CALL_ESTABLISHED", WAIT);
    assert!(up.is_ok(), "{up:?}\n{}", appliance.log_tail());
    two.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(TWO, WAIT).unwrap();
    two.wait_for_tone(ONE, WAIT).unwrap();
    let long = || (one.heard().ok()?.len() > 5 * tone::HALF_SECOND).then_some(());
    assert!(wait_for(WAIT, long).is_some());
    one.command("hangup", "").unwrap();
    two.event("CALL_CLOSED", WAIT).unwrap();

    let rows = records_of(&options.data, 1);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].cause, "caller_hung_up");
    let parties = &rows[0].body["parties"];
    assert_eq!(
        (&parties["from"], &parties["to"]),
        (&"1001".into(), &"1002".into())
    );
    let file = rows[0].body["recording"]["file"]
        .as_str()
        .expect("it was recorded");
    let (left, right) = tone::recording(&options.data.join("recordings").join(file)).unwrap();
    let middle = left.len() / 2..left.len() / 2 + tone::HALF_SECOND;
    assert!(
        tone::is_in(&left[middle.clone()], ONE),
        "the caller is left"
    );
    assert!(tone::is_in(&right[middle], TWO), "what he heard is right");
}

#[test]
fn a_called_phone_that_hangs_up_ends_the_call_for_both() {
    let (_dir, options, _appliance, mut one, mut two) = two_phones();
    one.dial("1002").unwrap();
    two.event("CALL_ESTABLISHED", WAIT).unwrap();
    two.command("hangup", "").unwrap();
    one.event("CALL_CLOSED", WAIT).unwrap();
    assert_eq!(records_of(&options.data, 1).len(), 1);
}

#[test]
fn a_phone_with_a_wrong_password_is_not_registered() {
    let (dir, _options, appliance) = plain(SITE);
    let account = Account {
        password: "wrong",
        ..account("1001", &appliance)
    };
    let mut phone = Baresip::start(&dir.path().join("1001"), &account).unwrap();
    phone.wait_registered("ERR", WAIT).unwrap();
}

#[test]
fn a_phone_that_vanished_is_told_to_its_caller_and_leaves_a_record() {
    let (_dir, options, _appliance, mut one, mut two) = two_phones();
    two.kill();
    one.dial("1002").unwrap();
    // The box asks in vain for 32 s at most (RFC 3261 timer B).
    one.event("CALL_CLOSED", 3 * SOON).unwrap();
    assert_eq!(records_of(&options.data, 1).len(), 1);
}
