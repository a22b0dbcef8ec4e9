//! Recordings that are old enough become Ogg Opus, about a third of the space, when nothing else
//! is to do.
//!
//! A thread of the lowest priority takes one file at a time. The WAV goes only when the Opus file is
//! whole on disk and was read back: every page and packet, the length, and how loud each side is. A
//! file that cannot be turned stays as it is and is told of once. Driven by [`crate::run`]; switched on
//! by `archive_after_hours` in the boot file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tracing::{info, warn};

mod convert;
#[cfg(test)]
mod tests;

use convert::convert;

/// How often the folder is looked through.
const ROUND: Duration = Duration::from_secs(600);
/// Folders below the recordings folder that are looked into.
const DEPTH: usize = 4;
/// Added niceness: everything else goes first.
const NICE: i32 = 19;

/// The thread that archives; it ends when this is dropped, between two seconds of audio.
#[derive(Debug)]
pub struct Archive {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Archive {
    /// Begins to archive what lies in `folder` and was not touched for `after`.
    pub fn start(folder: PathBuf, after: Duration) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("archive".into())
            .spawn(move || {
                if let Err(why) = rustix::process::nice(NICE) {
                    warn!("recordings are archived at the same priority as all else: {why}");
                }
                run(&folder, after, &told);
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic in there was logged there.
            let _ = thread.join();
        }
    }
}

fn run(folder: &Path, after: Duration, stop: &AtomicBool) {
    let mut left = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        round(folder, after, stop, &mut left);
        std::thread::park_timeout(ROUND);
    }
}

/// Archives all that is old enough, oldest first; `left` are those that cannot be.
fn round(folder: &Path, after: Duration, stop: &AtomicBool, left: &mut BTreeSet<PathBuf>) {
    let mut found = Vec::new();
    look(folder, DEPTH, &mut found);
    found.sort();
    let now = SystemTime::now();
    for (touched, path) in found {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let is_old = now.duration_since(touched).is_ok_and(|age| age >= after);
        if !is_old || left.contains(&path) {
            continue;
        }
        match convert(&path, stop) {
            Ok(Some((before, now))) => info!(before, now, "a recording is archived"),
            Ok(None) => return,
            Err(why) => {
                warn!(
                    file = path
                        .strip_prefix(folder)
                        .unwrap_or(&path)
                        .display()
                        .to_string(),
                    "a recording is not archived and stays as it is: {why:#}"
                );
                left.insert(path);
            }
        }
    }
}

/// Collects the recordings below a folder with when they were written last; what cannot be read is
/// passed over, and links are not followed.
fn look(folder: &Path, depth: usize, found: &mut Vec<(SystemTime, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let (path, Ok(meta)) = (entry.path(), entry.metadata()) else {
            continue;
        };
        if meta.is_dir() && depth > 0 {
            look(&path, depth - 1, found);
        } else if meta.is_file() && path.extension().is_some_and(|end| end == "wav") {
            found.extend(meta.modified().ok().map(|touched| (touched, path)));
        }
    }
}
