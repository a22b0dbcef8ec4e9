//! The black box of a real run: replayed without a divergence, read as a ladder, whole after a kill.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rig::appliance::place_call;
use rig::process::wait_for;
use serde_json::Value;

use crate::calls::{SOON, VERBATIM, plain, records_of};
use crate::phones::two_phones;

fn branchline(args: &[&str]) -> Output {
    Command::new(rig::binary("branchline"))
        .args(args)
        .output()
        .unwrap()
}

fn boxes(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("blackbox")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

fn replayed(file: &Path) -> Value {
    let output = branchline(&["replay", "--json", file.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("replay said `{text}`"))
}

#[test]
fn a_day_of_calls_replays_without_a_divergence_and_one_is_drawn_as_a_ladder() {
    let (_dir, options, mut appliance) = plain(VERBATIM);
    let report = place_call(appliance.sip, "4000", &["wait:0.5", "press:1", "wait:0.5"]).unwrap();
    assert_eq!(report["answered"], true, "{report}");
    place_call(appliance.sip, "4999", &[]).unwrap();
    let rows = records_of(&options.data, 2);
    appliance.stop();

    let [file] = &boxes(&options.data)[..] else {
        panic!("{:?}", boxes(&options.data));
    };
    let found = replayed(file);
    assert_eq!(
        (&found["diverged"], &found["records"], &found["cut"]),
        (&0.into(), &2.into(), &false.into()),
        "{found}"
    );

    let call = rows
        .iter()
        .find(|row| row.cause == "caller_hung_up")
        .unwrap();
    let id = call.body["id"].as_str().unwrap();
    let data = options.data.to_str().unwrap();
    let output = branchline(&["trace", id, "--data", data, "--messages"]);
    let ladder = String::from_utf8(output.stdout).unwrap();
    for line in [
        "INVITE 1 +SDP",
        "200 to INVITE 1 +SDP",
        "ACK 1",
        "BYE",
        "media opens: PCMA",
    ] {
        assert!(ladder.contains(line), "no `{line}` in\n{ladder}");
    }
    let caller = call.body["parties"]["from"].as_str().unwrap();
    assert!(
        !ladder.contains(caller),
        "the caller's number stands in\n{ladder}"
    );
    assert!(ladder.contains("138******34"), "{ladder}");

    let nobody = branchline(&["trace", "no-such-call", "--data", data]);
    assert!(!nobody.status.success());
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("hint:"));
}

#[test]
fn the_ladder_of_a_call_between_two_phones_shows_both_legs() {
    let (_dir, options, mut appliance, mut one, mut two) = two_phones();
    one.dial("1002").unwrap();
    two.event("CALL_ESTABLISHED", SOON).unwrap();
    one.event("CALL_ESTABLISHED", SOON).unwrap();
    one.command("hangup", "").unwrap();
    two.event("CALL_CLOSED", SOON).unwrap();
    let rows = records_of(&options.data, 1);
    let id = rows[0].body["id"].as_str().unwrap();
    appliance.stop();

    let data = options.data.to_str().unwrap();
    let output = branchline(&["trace", id, "--data", data]);
    let ladder = String::from_utf8(output.stdout).unwrap();
    let count = |what: &str| ladder.lines().filter(|line| line.contains(what)).count();
    // The caller's leg and the called one: each is set up, opens its media, and ends.
    let seen = ["200 to INVITE", "media opens: PCMA", "200 to BYE"].map(count);
    assert_eq!(seen, [2, 2, 2], "{ladder}");
}

#[test]
fn the_black_box_of_a_killed_box_replays_up_to_the_kill() {
    let (_dir, options, mut appliance) = plain(VERBATIM);
    place_call(appliance.sip, "4000", &["wait:0.5"]).unwrap();
    records_of(&options.data, 1);
    // What is known a second later is on the disk.
    let written = || {
        let found = replayed(&boxes(&options.data)[0]);
        (found["records"] == 1).then_some(())
    };
    assert!(wait_for(SOON, written).is_some());
    appliance.kill();
    let found = replayed(&boxes(&options.data)[0]);
    assert_eq!(
        (&found["diverged"], &found["cut"]),
        (&0.into(), &false.into()),
        "{found}"
    );
}

#[test]
fn a_file_that_is_no_black_box_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("song.blbox");
    std::fs::write(&file, "RIFF....WAVE").unwrap();
    let output = branchline(&["replay", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        words.contains("song.blbox") && words.contains("hint:"),
        "{words}"
    );
}
