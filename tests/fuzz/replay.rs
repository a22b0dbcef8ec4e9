//! The corpora of the fuzz targets, in the ordinary suite: every seed as it is, and changed in many small ways
//! that are the same in every run.

use std::path::{Path, PathBuf};

#[path = "src/lib.rs"]
#[expect(
    unreachable_pub,
    reason = "it is the library of the fuzz targets as well"
)]
mod fuzz;

/// Changes of each seed.
const CHANGES: u64 = 60;
/// Seeds longer than this are changed less often: one pass over them costs more.
const LONG: usize = 4_096;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// The RFC 4475 messages, which are seeds of everything that reads SIP.
fn torture() -> Vec<PathBuf> {
    let default = rig::root().join("../shared/data");
    let root = std::env::var("BRANCHLINE_DATA").map_or(default, PathBuf::from);
    let folder = root.join("rfc4475");
    let mut found = files(&folder.join("valid"));
    found.extend(files(&folder.join("invalid")));
    if found.is_empty() {
        println!("the RFC 4475 messages are absent: their part was not run");
    }
    found
}

/// A small generator: the same changes in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap_or_default()
    }
}

fn changed(seed: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len() + 1);
        match dice.roll(5) {
            0 if at < bytes.len() => bytes[at] = dice.roll(256) as u8,
            1 => bytes.insert(at, dice.roll(256) as u8),
            2 => {
                bytes.truncate(at);
            }
            3 => {
                let from = dice.roll(other.len() + 1);
                let end = (from + dice.roll(40)).min(other.len());
                bytes.splice(at..at, other[from..end].iter().copied());
            }
            _ if at < bytes.len() => {
                let end = (at + 1 + dice.roll(20)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => bytes.push(b'9'),
        }
    }
    bytes
}

fn replay(name: &str, target: fuzz::Target) -> usize {
    let own = rig::root().join("tests/fuzz/corpus").join(name);
    let mut paths = files(&own);
    assert!(
        !paths.is_empty(),
        "{name} has no seeds in {}",
        own.display()
    );
    if matches!(name, "message" | "stream") {
        paths.extend(torture());
    }
    let seeds: Vec<Vec<u8>> = paths.iter().map(|p| std::fs::read(p).unwrap()).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut runs = 0;
    for (index, seed) in seeds.iter().enumerate() {
        target(seed);
        let other = &seeds[(index + 1) % seeds.len()];
        let changes = if seed.len() > LONG { 3 } else { CHANGES };
        for _ in 0..changes {
            target(&changed(seed, other, &mut dice));
        }
        runs += 1 + changes;
    }
    usize::try_from(runs).unwrap()
}

#[test]
fn every_seed_and_its_changes_are_survived() {
    for (name, target) in fuzz::TARGETS {
        let runs = replay(name, target);
        println!("{name}: {runs} inputs");
        target(b"");
    }
}
