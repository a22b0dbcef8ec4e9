//! A phone behind a router that rewrites addresses and loses packets, and a box that must not believe
//! what it writes about itself.

use rig::appliance::{Appliance, Options};
use rig::baresip::{Account, Baresip};
use rig::netns::{BOX, Branch, OUTSIDE, PHONE};
use rig::tone;

use crate::calls::{SOON, records_of, site};

/// What the two phones sing, Hz.
const HERE: f64 = 440.0;
const THERE: f64 = 660.0;
/// One of so many packets is lost.
const ONE_IN: u8 = 25;

fn text() -> String {
    format!(
        "[site]\nname = \"nat\"\nrecord = true\nspeech = false\n\
         [device.1001]\npassword = \"kingfisher-1\"\nnets = [\"{OUTSIDE}\"]\n\
         [device.1002]\npassword = \"kingfisher-2\"\nnets = [\"{BOX}\"]\n"
    )
}

#[test]
fn a_phone_behind_a_nat_that_loses_packets_is_called_and_calls_with_sound_both_ways() {
    let branch = match Branch::new(ONE_IN) {
        Ok(branch) => branch,
        Err(why) => return println!("not run: no network namespaces here: {why:#}"),
    };
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        data: dir.path().join("box"),
        site: Some(site(dir.path(), &text())),
        inside: Some((branch.wan.clone(), BOX)),
        ..Options::default()
    };
    let appliance = Appliance::start(&options).unwrap();
    let phone = |user, password, tone, inside| {
        let account = Account {
            user,
            password,
            registrar: appliance.sip,
            tone,
            more: "",
            codec: "PCMA/8000/1",
            ca: None,
            inside: Some(inside),
        };
        let mut phone = Baresip::start(&dir.path().join(user), &account).unwrap();
        phone.wait_registered("OK", SOON).unwrap();
        phone
    };
    let mut far = phone("1001", "kingfisher-1", HERE, (&branch.lan, PHONE));
    let mut near = phone("1002", "kingfisher-2", THERE, (&branch.wan, BOX));

    // The box reaches it where its packets come from, not where it says it is.
    for (caller, number) in [(true, "1002"), (false, "1001")] {
        let (one, other) = if caller {
            (&mut far, &mut near)
        } else {
            (&mut near, &mut far)
        };
        one.dial(number).unwrap();
        let up = one.event("CALL_ESTABLISHED", SOON);
        assert!(up.is_ok(), "{number}: {up:?}\n{}", appliance.log_tail());
        other.event("CALL_ESTABLISHED", SOON).unwrap();
        far.wait_for_tone(THERE, SOON).unwrap();
        near.wait_for_tone(HERE, SOON).unwrap();
        far.command("hangup", "").unwrap();
        near.event("CALL_CLOSED", SOON).unwrap();
    }

    // Loss on the way is seen in the record, and both parties are in the recording all the same.
    let rows = records_of(&options.data, 2);
    let first = rows
        .iter()
        .find(|row| row.body["parties"]["from"] == "1001");
    let first = &first.expect("the far phone's call").body;
    assert!(first["quality"]["lost"].as_u64() > Some(0), "{first}");
    assert!(first["quality"]["mos"].as_f64() > Some(2.0), "{first}");
    let file = first["recording"]["file"].as_str().expect("a recording");
    let (left, right) = tone::recording(&options.data.join("recordings").join(file)).unwrap();
    let tail = left.len().saturating_sub(2 * tone::HALF_SECOND);
    for (side, hz) in [(&left, HERE), (&right, THERE)] {
        let heard = &side[tail..tail + tone::HALF_SECOND];
        assert!(tone::is_in(heard, hz), "{hz} Hz is not in the recording");
    }
}
