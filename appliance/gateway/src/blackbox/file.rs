//! Files of the black box: made, bounded in all, written by a thread of their own, read back whole.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use centre::record::UnixMillis;
use tracing::warn;

/// Files kept at most, however small.
const MAX_FILES: usize = 64;
/// Bytes of all files where the boot file says nothing.
const BUDGET: u64 = 1024 * 1024 * 1024;
/// Least that can be asked for: a file must hold a site and some calls.
const MIN_BUDGET: u64 = 64 * 1024;
/// Most bytes a file may hold once unpacked.
const MAX_UNPACKED: u64 = 4 * 1024 * 1024 * 1024;
/// Steps of so long are written in one go.
const GATHER: Duration = Duration::from_millis(100);
/// What a power cut may cost; the box's own clock steps each second, so there is always a next one.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Fast, and still a tenth of the size.
const LEVEL: i32 = 1;
/// How the files are called, after the moment of birth.
pub(super) const EXTENSION: &str = "blbox";

/// How much the files may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of all files.
    total: u64,
}

impl Budget {
    /// So many bytes, at least what one file needs.
    pub fn new(total: u64) -> Self {
        Self {
            total: total.max(MIN_BUDGET),
        }
    }

    /// Bytes of a file after which the next one is due; about twenty thousand calls.
    pub(super) fn enough(self) -> u64 {
        self.total / 16
    }

    /// Most bytes of one file.
    fn most(self) -> u64 {
        self.total / 4
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(BUDGET)
    }
}

/// Makes the file of a centre that was born at `unix_ms`, and removes the oldest ones until it has
/// room in the budget, however large it grows.
pub(super) fn create(dir: &Path, budget: Budget, unix_ms: UnixMillis) -> anyhow::Result<File> {
    std::fs::create_dir_all(dir).with_context(|| format!("could not make `{}`", dir.display()))?;
    let mut room = budget.total - budget.most();
    for (n, old) in list(dir)?.iter().rev().enumerate() {
        let size = old.metadata().map_or(0, |data| data.len());
        if n + 1 < MAX_FILES && size <= room {
            room -= size;
            continue;
        }
        room = 0;
        if let Err(why) = std::fs::remove_file(old) {
            warn!(
                "could not remove the old black box `{}`: {why}",
                old.display()
            );
        }
    }
    let path = dir.join(format!("{unix_ms:014}.{EXTENSION}"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    (options.open(&path)).with_context(|| format!("could not make `{}`", path.display()))
}

/// The black boxes that `path` stands for, oldest first: a file, a folder of them, or the folder of
/// a box's data.
pub(super) fn boxes(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let inner = path.join("blackbox");
    list(if inner.is_dir() { &inner } else { path })
}

/// The black boxes in `dir`, oldest first.
pub(super) fn list(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("could not read `{}`", dir.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == EXTENSION))
        .collect();
    files.sort();
    Ok(files)
}

/// Writes steps until the sender is gone, the file is full, or the disk refuses.
/// Tells how many bytes it has.
pub(super) fn write(
    file: File,
    (budget, written): (Budget, &AtomicU64),
    steps: &Receiver<Vec<u8>>,
) {
    if let Err(why) = try_write(file, (budget, written), steps) {
        warn!("the black box ends here: {why:#}");
    }
}

fn try_write(
    file: File,
    (budget, written): (Budget, &AtomicU64),
    steps: &Receiver<Vec<u8>>,
) -> anyhow::Result<()> {
    let mut packed = zstd::Encoder::new(BufWriter::new(file), LEVEL)?;
    let mut flush_at = Instant::now() + FLUSH_EVERY;
    while let Ok(first) = steps.recv() {
        // Asleep, not waiting at the queue: a step that comes now wakes nobody.
        std::thread::sleep(GATHER);
        for bytes in std::iter::once(first).chain(steps.try_iter()) {
            packed.write_all(&bytes)?;
        }
        if Instant::now() >= flush_at {
            packed.flush()?;
            flush_at = Instant::now() + FLUSH_EVERY;
            let length = packed.get_ref().get_ref().metadata()?.len();
            written.store(length, Ordering::Relaxed);
            if length > budget.most() {
                warn!("a file of the black box is full before a moment without calls came");
                break;
            }
        }
    }
    packed.finish()?.flush()?;
    Ok(())
}

/// The unpacked bytes of a file, as far as they are whole: a power cut leaves a file cut off.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("could not open `{}`", path.display()))?;
    let unpacked = zstd::Decoder::new(file)
        .with_context(|| format!("`{}` is no black box", path.display()))?;
    let mut bytes = Vec::new();
    let mut unpacked = unpacked.take(MAX_UNPACKED);
    let mut chunk = vec![0; 1 << 20];
    // An error after the first bytes is the end of a file that nobody could finish.
    while let Ok(length @ 1..) = unpacked.read(&mut chunk) {
        bytes.extend_from_slice(chunk.get(..length).unwrap_or_default());
    }
    Ok(bytes)
}
