//! The black box of a real run: replayed without a divergence, read as a ladder, whole after a kill.

use std::hash::{BuildHasher as _, RandomState};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rig::appliance::{Appliance, Options, place_call};
use rig::process::wait_for;
use serde_json::Value;
use tempfile::TempDir;

use crate::calls::{SOON, VERBATIM, plain, records_of, site};
use crate::phones::two_phones;

fn branchline(args: &[&str]) -> Output {
    Command::new(rig::binary("branchline"))
        .args(args)
        .output()
        .unwrap()
}

fn boxes(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("blackbox")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
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

/// A box whose black box may hold so little that a few calls fill a file.
fn in_small_files() -> (TempDir, Options, Appliance) {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("boot.toml");
    std::fs::write(&config, "black_box_kb = 64").unwrap();
    let options = Options {
        data: dir.path().join("box"),
        site: Some(site(dir.path(), VERBATIM)),
        config: Some(config),
        ..Options::default()
    };
    let appliance = Appliance::start(&options).unwrap();
    (dir, options, appliance)
}

#[test]
fn a_full_file_gives_way_without_a_gap_and_calls_are_found_in_all_that_are_kept() {
    let (_dir, options, mut appliance) = in_small_files();
    let files = |appliance: &Appliance| appliance.metric("branchline_black_box_files_total");
    let mut calls = 0;
    while files(&appliance).is_none_or(|files| files < 3.0) {
        calls += 1;
        assert!(calls < 200, "{}", appliance.log_tail());
        let report = place_call(appliance.sip, "4000", &["wait:0.2", "press:1", "wait:0.2"]);
        assert_eq!(report.unwrap()["answered"], true);
    }
    assert_eq!(
        appliance.metric("branchline_black_box_gaps_total"),
        Some(0.0)
    );
    let rows = records_of(&options.data, calls);
    appliance.stop();

    let folder = options.data.join("blackbox");
    let output = branchline(&["replay", "--json", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let found: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(found.len() >= 3, "{found:?}");
    assert!(
        found
            .iter()
            .all(|file| file["diverged"] == 0 && file["cut"] == false)
    );
    let records: u64 = found
        .iter()
        .filter_map(|file| file["records"].as_u64())
        .sum();
    assert_eq!(
        records,
        rows.len() as u64,
        "no call is in two files, none in none"
    );

    let data = options.data.to_str().unwrap();
    // Identities of version 7: in order of time.
    let ids = rows.iter().filter_map(|row| row.body["id"].as_str());
    let (first, last) = (ids.clone().min().unwrap(), ids.max().unwrap());
    for id in [first, last] {
        let output = branchline(&["trace", id, "--data", data]);
        let ladder = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(ladder.contains("BYE"), "{ladder}");
    }
    let kept = boxes(&options.data);
    let knows = |file: &PathBuf| {
        let output = branchline(&["trace", last, "--data", file.to_str().unwrap()]);
        output.status.success()
    };
    assert_eq!(kept.iter().filter(|file| knows(file)).count(), 1);
}

#[test]
fn a_black_box_that_is_full_before_calls_end_says_so_and_goes_on_after_them() {
    let (_dir, options, mut appliance) = in_small_files();
    let sip = appliance.sip;
    let call = std::thread::spawn(move || place_call(sip, "4000", &["wait:6"]));
    let figure = |name: &str| appliance.metric(&format!("branchline_{name}"));
    let is_up = || (figure("calls_active")? == 1.0).then_some(());
    assert!(wait_for(SOON, is_up).is_some());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    // What is no SIP is told to the centre all the same, and leaves nothing there.
    let flood = || {
        for _ in 0..2 {
            let noise: String = (0..20).map(|_| uuid()).collect();
            socket.send_to(noise.as_bytes(), sip).unwrap();
        }
        (figure("black_box_recording")? == 0.0).then_some(())
    };
    assert!(wait_for(SOON, flood).is_some(), "{}", appliance.log_tail());
    assert_eq!(figure("calls_active"), Some(1.0));
    assert_eq!(figure("black_box_files_total"), Some(1.0));
    assert_eq!(call.join().unwrap().unwrap()["answered"], true);
    let goes_on = || (figure("black_box_recording")? == 1.0).then_some(());
    assert!(
        wait_for(2 * SOON, goes_on).is_some(),
        "{}",
        appliance.log_tail()
    );
    assert_eq!(figure("black_box_gaps_total"), Some(1.0));
    place_call(sip, "4999", &[]).unwrap();
    records_of(&options.data, 2);
    appliance.stop();
    let files = boxes(&options.data);
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        assert_eq!(replayed(&file)["diverged"], 0, "{}", file.display());
    }
}

/// A word that no other is like.
fn uuid() -> String {
    let state = RandomState::new();
    format!("{:016x}{:016x}", state.hash_one(1), state.hash_one(2))
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
