//! Files of the black box: made, bounded, written by a thread of their own, read back whole.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use centre::record::UnixMillis;
use tracing::warn;

/// Files kept: this life and those before.
const LIVES: usize = 4;
/// Most bytes of one file; about a hundred thousand calls.
const MAX_FILE: u64 = 256 * 1024 * 1024;
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

/// Makes the file of a life that begins at `unix_ms`, and removes those of lives long gone.
pub(super) fn create(dir: &Path, unix_ms: UnixMillis) -> anyhow::Result<File> {
    std::fs::create_dir_all(dir).with_context(|| format!("could not make `{}`", dir.display()))?;
    let files = list(dir)?;
    for old in files.iter().rev().skip(LIVES - 1) {
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
pub(super) fn write(file: File, steps: &Receiver<Vec<u8>>) {
    if let Err(why) = try_write(file, steps) {
        warn!("the black box ends here: {why:#}");
    }
}

fn try_write(file: File, steps: &Receiver<Vec<u8>>) -> anyhow::Result<()> {
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
            if packed.get_ref().get_ref().metadata()?.len() > MAX_FILE {
                warn!("the black box of this life is full");
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
