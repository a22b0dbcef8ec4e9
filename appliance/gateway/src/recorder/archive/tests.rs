use std::sync::atomic::AtomicBool;

use media::Codec;
use media::wav;

use super::*;

/// A recording of so many milliseconds: a tone left, another right, pauses in both.
fn recording(ms: usize) -> Vec<u8> {
    let mut bytes = wav::header((ms * 16) as u32).to_vec();
    for n in 0..ms * 8 {
        let time = n as f64 / 8_000.0;
        let loud = if time % 2.0 < 1.2 { 6_000.0 } else { 0.0 };
        let tone = |hertz: f64| ((time * hertz * std::f64::consts::TAU).sin() * loud) as i16;
        bytes.extend([tone(300.0), tone(700.0)].map(|sample| Codec::Pcma.encode(sample)));
    }
    bytes
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn archive(folder: &Path, after: Duration) -> BTreeSet<PathBuf> {
    let mut left = BTreeSet::new();
    round(folder, after, &AtomicBool::new(false), &mut left);
    left
}

#[test]
fn recordings_that_are_old_enough_become_opus_and_the_wav_goes() {
    let dir = tempfile::tempdir().unwrap();
    let below = dir.path().join("2026/11");
    std::fs::create_dir_all(&below).unwrap();
    for (name, ms) in [("a.wav", 7_010), ("b.wav", 20), ("c.wav", 0)] {
        std::fs::write(below.join(name), recording(ms)).unwrap();
    }
    assert!(archive(dir.path(), Duration::from_secs(3_600)).is_empty());
    assert_eq!(names(&below), ["a.wav", "b.wav", "c.wav"]);
    assert!(archive(dir.path(), Duration::ZERO).is_empty());
    assert_eq!(names(&below), ["a.opus", "b.opus", "c.opus"]);
    let size = std::fs::metadata(below.join("a.opus")).unwrap().len();
    assert!((10_000..50_000).contains(&size), "{size}");
    // A second round finds nothing to do.
    assert!(archive(dir.path(), Duration::ZERO).is_empty());
}

#[test]
fn what_is_no_recording_or_cut_short_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut cut = recording(1_000);
    cut.truncate(9_000);
    let files: [(&str, &[u8]); 4] = [
        ("cut.wav", &cut),
        (
            "foreign.wav",
            b"RIFF\x10\0\0\0WAVEfmt and so on, longer than a header of ours is",
        ),
        ("short.wav", b"RIFF"),
        ("notes.txt", b"not audio"),
    ];
    for (name, bytes) in files {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let left = archive(dir.path(), Duration::ZERO);
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!(
        names(dir.path()),
        ["cut.wav", "foreign.wav", "notes.txt", "short.wav"]
    );
    for (name, bytes) in files {
        assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), bytes);
    }
}

#[test]
fn a_stop_leaves_the_wav_and_no_half_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.wav");
    std::fs::write(&file, recording(500)).unwrap();
    assert!(matches!(convert(&file, &AtomicBool::new(true)), Ok(None)));
    assert_eq!(names(dir.path()), ["a.wav"]);
}

#[test]
fn the_thread_archives_and_ends_when_it_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.wav"), recording(300)).unwrap();
    let archive = Archive::start(dir.path().to_owned(), Duration::ZERO).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while names(dir.path()) != ["a.opus"] {
        assert!(std::time::Instant::now() < deadline);
        std::thread::park_timeout(Duration::from_millis(20));
    }
    drop(archive);
}
