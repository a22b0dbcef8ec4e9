//! One recording's file: audio first, then the header that tells of it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Component, Path};
use std::time::{Duration, Instant};

use media::Codec;
use media::wav::{self, HEADER, MAX_DATA, STEREO_FRAME};
use tracing::warn;

/// Audio waits no longer than this for the disk.
const FLUSH: Duration = Duration::from_millis(500);
/// Frames of silence that one gap is filled with at most: ten minutes.
const MAX_GAP: u32 = 30_000;
/// Bytes of a millisecond: two channels of 8 kHz.
const BYTES_A_MS: u64 = 16;

/// A file that grows.
#[derive(Debug)]
pub(super) struct RecordingFile {
    name: String,
    /// `None` where it could not be made or written: frames are then only counted.
    file: Option<File>,
    waiting: Vec<u8>,
    written: u64,
    frames: u32,
    gaps: u64,
    flushed: Instant,
}

/// What a closed file holds.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) name: String,
    pub(super) length_ms: u64,
    pub(super) gaps: u64,
}

impl RecordingFile {
    /// Makes the file below `folder`, with a header that tells of no audio yet.
    pub(super) fn create(folder: &Path, name: String, now: Instant) -> Self {
        let file = match open(folder, &name) {
            Ok(file) => Some(file),
            Err(why) => {
                warn!(
                    file = name,
                    "a call is not recorded: {why}\nhint: see to the recordings folder `{}`",
                    folder.display()
                );
                None
            }
        };
        Self {
            name,
            file,
            waiting: Vec::new(),
            written: 0,
            frames: 0,
            gaps: 0,
            flushed: now,
        }
    }

    /// Takes frame number `index`; those between the last and this are silence.
    pub(super) fn frame(&mut self, index: u32, stereo: &[u8; STEREO_FRAME]) {
        self.fill(index);
        if index < self.frames {
            return;
        }
        self.frames += 1;
        if self.file.is_some() {
            self.waiting.extend_from_slice(stereo);
        } else {
            self.gaps += 1;
        }
    }

    pub(super) fn flush_if_due(&mut self, now: Instant) {
        if now.saturating_duration_since(self.flushed) >= FLUSH {
            self.flushed = now;
            self.flush();
        }
    }

    /// Writes what waits, sees it safe on disk, and says what the file holds.
    pub(super) fn close(mut self, frames: u32) -> Done {
        self.fill(frames);
        self.flush();
        if let Some(Err(why)) = self.file.as_ref().map(File::sync_data) {
            warn!(
                file = self.name,
                "a recording may not survive a power cut: {why}"
            );
        }
        Done {
            name: self.name,
            length_ms: self.written / BYTES_A_MS,
            gaps: self.gaps,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Frames so far, dropped ones included.
    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    fn fill(&mut self, until: u32) {
        let missing = until.saturating_sub(self.frames);
        self.gaps += u64::from(missing);
        self.frames = self.frames.max(until);
        if self.file.is_some() {
            let silence = missing.min(MAX_GAP) as usize * STEREO_FRAME;
            self.waiting
                .resize(self.waiting.len() + silence, Codec::Pcma.silence());
        }
    }

    fn flush(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| !self.waiting.is_empty()) else {
            return;
        };
        match append(file, self.written, &self.waiting) {
            Ok(()) => self.written += self.waiting.len() as u64,
            Err(why) => {
                warn!(
                    file = self.name,
                    "a recording stops here: {why}\nhint: see to the disk of the recordings folder"
                );
                self.gaps += (self.waiting.len() / STEREO_FRAME) as u64;
                self.file = None;
            }
        }
        self.waiting.clear();
    }
}

/// Audio first: the header never tells of more than there is.
fn append(file: &File, written: u64, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all_at(bytes, HEADER as u64 + written)?;
    let data = (written + bytes.len() as u64).min(u64::from(MAX_DATA));
    file.write_all_at(&wav::header(data as u32), 0)
}

fn open(folder: &Path, name: &str) -> std::io::Result<File> {
    let is_below = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !is_below {
        let why = "the file name leads out of the recordings folder";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, why));
    }
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // Never over an older recording, and for nobody else's eyes.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all_at(&wav::header(0), 0)?;
    Ok(file)
}
