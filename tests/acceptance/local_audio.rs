//! Sound cards of the box: paging, a door, a line in, and cards that are not there. No card is needed: ALSA's
//! plugin `file` is one, under a configuration of the test.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rig::appliance::{Appliance, Options};
use rig::baresip::{Account, Baresip};
use rig::process::wait_for;
use rig::tone;
use tempfile::TempDir;

use crate::calls::{records_of, site};

/// A phone is registered, a call is up, a tone is heard so soon.
const WAIT: Duration = Duration::from_secs(20);
/// What the phones sing, Hz, and what the box's line in and the door's microphone give.
const ONE: f64 = 440.0;
const TWO: f64 = 660.0;
const LINE: f64 = 880.0;

const SITE: &str = r#"
[site]
name = "audio"
speech = false
hold = "radio"
[device.1001]
password = "kingfisher-1"
nets = ["127.0.0.1"]
[device.1002]
password = "kingfisher-2"
nets = ["127.0.0.1"]
[device.paging]
audio = { playback = "sink" }
[device.door]
audio = { playback = "door_sink", capture = "line" }
[device.gone]
audio = { playback = "hw:7", capture = "hw:7" }
[number."800"]
device = "paging"
[number."900"]
queue = "waiting"
[queue.waiting]
prompt = "radio"
[line_in.radio]
capture = "line"
[line_in.silent]
capture = "hw:7"
otherwise = "queue_wait"
"#;

/// A box whose cards are files in a folder.
fn house() -> (TempDir, Options, Appliance) {
    let dir = tempfile::tempdir().unwrap();
    let step = TAU * LINE / 8_000.0;
    let line: Vec<u8> = (0..8_000 * 120)
        .map(|n| (f64::from(n) * step).sin() * 8_000.0)
        .flat_map(|sample| (sample as i16).to_le_bytes())
        .collect();
    std::fs::write(dir.path().join("line.raw"), line).unwrap();
    let text = format!(
        "pcm.nothing {{ type null }}\n\
         pcm.sink {{ type file slave.pcm nothing file {0}/sink.raw format raw }}\n\
         pcm.door_sink {{ type file slave.pcm nothing file {0}/door.raw format raw }}\n\
         pcm.line {{ type file slave.pcm nothing file /dev/null infile {0}/line.raw format raw }}\n",
        dir.path().display()
    );
    let alsa = dir.path().join("asound.conf");
    std::fs::write(&alsa, text).unwrap();
    let options = Options {
        data: dir.path().join("box"),
        site: Some(site(dir.path(), SITE)),
        alsa: Some(alsa),
        ..Options::default()
    };
    let appliance = Appliance::start(&options).unwrap();
    (dir, options, appliance)
}

fn phone(dir: &TempDir, appliance: &Appliance, user: &str) -> Baresip {
    let (password, tone) = match user {
        "1001" => ("kingfisher-1", ONE),
        _ => ("kingfisher-2", TWO),
    };
    let account = Account {
        user,
        password,
        registrar: appliance.sip,
        tone,
        more: "",
        codec: "PCMA/8000/1",
        ca: None,
        inside: None,
    };
    let mut phone = Baresip::start(&dir.path().join(user), &account).unwrap();
    phone.wait_registered("OK", WAIT).unwrap();
    phone
}

/// Waits until the last half second that a card played is a tone.
fn wait_for_played(file: &Path, hz: f64) -> bool {
    let heard = || {
        let bytes = std::fs::read(file).ok()?;
        let samples: Vec<i16> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|pair| i16::from_le_bytes(*pair))
            .collect();
        let tail = samples.get(samples.len().checked_sub(tone::HALF_SECOND)?..)?;
        tone::is_in(tail, hz).then_some(())
    };
    wait_for(WAIT, heard).is_some()
}

/// The value of a card's figure.
fn figure(appliance: &Appliance, name: &str, device: &str, way: &str) -> Option<f64> {
    let labels = format!("{name}{{device=\"{device}\",way=\"{way}\"}}");
    appliance.figure(&labels)
}

fn present(appliance: &Appliance, device: &str, way: &str) -> Option<f64> {
    figure(appliance, "branchline_audio_card_present", device, way)
}

/// Waits until the box's own phone can be called: its card is open and it is registered.
fn wait_for_card(appliance: &Appliance, device: &str, way: &str) {
    let is_there = || (present(appliance, device, way)? == 1.0).then_some(());
    assert!(
        wait_for(WAIT, is_there).is_some(),
        "{}",
        appliance.log_tail()
    );
}

/// The audio process of a box.
fn worker(appliance: &Appliance) -> Option<u32> {
    let ours = |pid: u32| {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
        let parent = read("status")?
            .lines()
            .find_map(|line| line.strip_prefix("PPid:")?.trim().parse::<u32>().ok())?;
        let is_it = parent == appliance.pid() && read("cmdline")?.contains("audio-worker");
        is_it.then_some(pid)
    };
    let all = std::fs::read_dir("/proc").ok()?.flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.into_iter().find_map(ours)
}

/// How often the thread of a device has gone to sleep: each time it woke.
fn wakes(worker: u32, device: &str) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{worker}/task")).unwrap();
    let paths = tasks.flatten().map(|task| task.path());
    let named = |path: &PathBuf| {
        let name = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
        name.trim() == device
    };
    let thread = paths.into_iter().find(named).expect("the device's thread");
    let status = std::fs::read_to_string(thread.join("status")).unwrap();
    let count = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.unwrap().trim().parse().unwrap()
}

#[test]
fn call_to_the_paging_number_is_heard_from_the_loudspeaker() {
    let (dir, options, appliance) = house();
    wait_for_card(&appliance, "paging", "playback");
    let mut one = phone(&dir, &appliance, "1001");
    one.dial("800").unwrap();
    let up = one.event("CALL_ESTABLISHED", WAIT);
    assert!(up.is_ok(), "{up:?}\n{}", appliance.log_tail());
    let sink = dir.path().join("sink.raw");
    assert!(wait_for_played(&sink, ONE), "{}", appliance.log_tail());
    one.command("hangup", "").unwrap();
    let rows = records_of(&options.data, 1);
    assert_eq!(rows[0].cause, "caller_hung_up");
    assert_eq!(rows[0].body["parties"]["to"], "800");
}

#[test]
fn door_is_heard_and_hears() {
    let (dir, _options, appliance) = house();
    wait_for_card(&appliance, "door", "capture");
    let mut one = phone(&dir, &appliance, "1001");
    one.dial("door").unwrap();
    one.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(LINE, WAIT).unwrap();
    assert!(wait_for_played(&dir.path().join("door.raw"), ONE));
}

#[test]
fn caller_in_a_queue_hears_the_line_in_and_so_does_one_on_hold() {
    let (dir, _options, appliance) = house();
    wait_for_card(&appliance, "radio", "capture");
    let mut one = phone(&dir, &appliance, "1001");
    one.dial("900").unwrap();
    one.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(LINE, WAIT).unwrap();
    one.command("hangup", "").unwrap();

    let mut two = phone(&dir, &appliance, "1002");
    one.dial("1002").unwrap();
    two.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(TWO, WAIT).unwrap();
    two.command("hold", "").unwrap();
    one.wait_for_tone(LINE, WAIT).unwrap();
    two.command("resume", "").unwrap();
    one.wait_for_tone(TWO, WAIT).unwrap();
}

#[test]
fn cards_that_are_missing_are_a_status_and_their_threads_sleep() {
    let (dir, _options, appliance) = house();
    wait_for_card(&appliance, "paging", "playback");
    for (device, way) in [
        ("gone", "playback"),
        ("gone", "capture"),
        ("silent", "capture"),
    ] {
        assert_eq!(present(&appliance, device, way), Some(0.0), "{device}");
    }
    let worker = worker(&appliance).expect("the audio process");
    let before = ["gone", "silent"].map(|device| wakes(worker, device));

    // A few seconds of other calls, as long as it takes to hear them.
    let mut one = phone(&dir, &appliance, "1001");
    one.dial("gone").unwrap();
    one.event("CALL_CLOSED", WAIT).unwrap();
    one.dial("paging").unwrap();
    one.event("CALL_ESTABLISHED", WAIT).unwrap();
    assert!(wait_for_played(&dir.path().join("sink.raw"), ONE));
    let frames = std::fs::metadata(dir.path().join("sink.raw"))
        .unwrap()
        .len()
        / 320;
    assert!(frames > 25, "{frames}");
    for (device, before) in ["gone", "silent"].into_iter().zip(before) {
        let woke = wakes(worker, device) - before;
        assert!(woke < 50, "{device} woke {woke} times in {frames} frames");
    }
    let log = std::fs::read_to_string(&appliance.log).unwrap();
    assert_eq!(log.matches("a sound card is absent").count(), 3, "{log}");
    assert!(!log.contains("ALSA lib"), "{log}");
}

#[test]
fn audio_process_that_is_killed_hurts_no_call_and_comes_back() {
    let (dir, _options, appliance) = house();
    wait_for_card(&appliance, "radio", "capture");
    let mut one = phone(&dir, &appliance, "1001");
    let mut two = phone(&dir, &appliance, "1002");
    one.dial("1002").unwrap();
    two.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(TWO, WAIT).unwrap();
    let killed = worker(&appliance).expect("the audio process");
    let pid = rustix::process::Pid::from_raw(killed.cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let other = || worker(&appliance).filter(|pid| *pid != killed);
    assert!(wait_for(WAIT, other).is_some(), "{}", appliance.log_tail());
    wait_for_card(&appliance, "radio", "capture");
    one.wait_for_tone(TWO, WAIT).unwrap();
    two.command("hold", "").unwrap();
    one.wait_for_tone(LINE, WAIT).unwrap();
}
