//! Against libasound itself, without a card: its plugins `null` and `file`, from a configuration of the test.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::limits::{FRAME, FRAME_TIME};
use crate::sound::{Names, Sound};
use crate::status::State;

/// libasound reads its environment once a process: each case runs in one of its own.
const CASE: &str = "BRANCHLINE_ALSA_CASE";

fn configuration(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("asound.conf");
    let text = format!(
        "pcm.nothing {{ type null }}\n\
         pcm.sink {{ type file slave.pcm nothing file {0}/sink.raw format raw perm 0600 }}\n\
         pcm.line {{ type file slave.pcm nothing file /dev/null infile {0}/line.raw format raw }}\n\
         pcm.wide {{ type plug slave {{ pcm wide_sink rate 48000 channels 2 format S16_LE }} }}\n\
         pcm.wide_sink {{ type file slave.pcm nothing file {0}/wide.raw format raw perm 0600 }}\n",
        folder.display()
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// Runs this test again, alone, under a private configuration; true in that other process.
fn is_inside(name: &str, folder: &Path) -> bool {
    if std::env::var_os(CASE).is_some() {
        return true;
    }
    let me = std::env::current_exe().unwrap();
    let run = Command::new(me)
        .args([
            &format!("alsa_card::tests::{name}"),
            "--exact",
            "--nocapture",
        ])
        .env(CASE, folder)
        .env("ALSA_CONFIG_PATH", configuration(folder))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(!said.contains("ALSA lib"), "{said}");
    assert!(
        String::from_utf8_lossy(&run.stdout).contains("1 passed"),
        "no test of that name ran"
    );
    false
}

fn folder() -> std::path::PathBuf {
    std::env::var_os(CASE).map(Into::into).unwrap()
}

fn only(playback: Option<&str>, capture: Option<&str>) -> Names {
    Names {
        playback: playback.map(str::to_owned),
        capture: capture.map(str::to_owned),
    }
}

fn ramp(seconds: usize) -> Vec<i16> {
    let cycle = |n: usize| i16::try_from(n % 20_000).unwrap() - 10_000;
    (0..8_000 * seconds).map(cycle).collect()
}

#[test]
fn file_sink_gets_every_sample_as_it_was_and_no_faster_than_our_clock() {
    let home = tempfile::tempdir().unwrap();
    if !is_inside(
        "file_sink_gets_every_sample_as_it_was_and_no_faster_than_our_clock",
        home.path(),
    ) {
        return;
    }
    let mut now = Instant::now();
    let mut sound = Sound::new(now, only(Some("sink"), None));
    let mut heard = [0; FRAME];
    let said = ramp(10);
    for frame in said.chunks_exact(FRAME) {
        sound.turn(now, frame.try_into().unwrap(), &mut heard);
        now += FRAME_TIME;
    }
    let status = sound.playback().unwrap().clone();
    let State::Open { rate, paces, .. } = status.state else {
        panic!("{status:?}");
    };
    assert_eq!((rate, paces), (8_000, false));
    assert_eq!((status.underruns, status.overruns), (0, 0));
    drop(sound);
    let bytes = std::fs::read(folder().join("sink.raw")).unwrap();
    let wrote: Vec<i16> = bytes
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let at = wrote.iter().position(|sample| *sample == said[0]).unwrap();
    let rest = &wrote[at..];
    assert!(
        rest.len() > said.len() - 20 && at < 800,
        "{at} {}",
        rest.len()
    );
    assert_eq!(rest, &said[..rest.len()]);
}

#[test]
fn infile_is_a_line_in_that_is_heard_at_our_pace() {
    let home = tempfile::tempdir().unwrap();
    let line: Vec<u8> = ramp(5).iter().flat_map(|s| s.to_le_bytes()).collect();
    std::fs::write(home.path().join("line.raw"), line).unwrap();
    if !is_inside("infile_is_a_line_in_that_is_heard_at_our_pace", home.path()) {
        return;
    }
    let mut now = Instant::now();
    let mut sound = Sound::new(now, only(None, Some("line")));
    let (mut heard, mut all) = ([0; FRAME], Vec::new());
    for _ in 0..100 {
        sound.turn(now, &[0; FRAME], &mut heard);
        all.extend(heard);
        now += FRAME_TIME;
    }
    assert!(sound.is_present(), "{:?}", sound.capture());
    let said = ramp(5);
    let from = said.iter().position(|sample| *sample == all[320]).unwrap();
    assert_eq!(all[320..], said[from..from + all.len() - 320]);
}

#[test]
fn card_of_another_rate_and_two_channels_plays_as_well() {
    let home = tempfile::tempdir().unwrap();
    if !is_inside(
        "card_of_another_rate_and_two_channels_plays_as_well",
        home.path(),
    ) {
        return;
    }
    let mut now = Instant::now();
    let mut sound = Sound::new(now, only(Some("wide"), None));
    let mut heard = [0; FRAME];
    for _ in 0..100 {
        sound.turn(now, &[1_000; FRAME], &mut heard);
        now += FRAME_TIME;
    }
    let status = sound.playback().unwrap().clone();
    assert!(
        matches!(status.state, State::Open { rate: 48_000, .. }),
        "{status:?}"
    );
    drop(sound);
    let bytes = std::fs::metadata(folder().join("wide.raw")).unwrap().len();
    assert!((380_000..=410_000).contains(&bytes), "{bytes}");
}

#[test]
fn name_that_nothing_answers_to_is_absent_and_nothing_is_printed() {
    let home = tempfile::tempdir().unwrap();
    if !is_inside(
        "name_that_nothing_answers_to_is_absent_and_nothing_is_printed",
        home.path(),
    ) {
        return;
    }
    for name in ["default", "hw:0", "plughw:7,3", "no such\0name", ""] {
        let now = Instant::now();
        let mut sound = Sound::new(now, only(Some(name), Some(name)));
        sound.turn(now, &[0; FRAME], &mut [0; FRAME]);
        assert!(!sound.is_present(), "{name}");
        let status = sound.playback().unwrap();
        let State::Absent { why } = &status.state else {
            panic!("{status:?}");
        };
        assert!(!why.is_empty() && !why.contains("tried"), "{name}: {why}");
    }
}
