//! The recorder: a thread that writes stereo frames from the media thread into WAV files.
//!
//! A file is true at any moment: audio goes first, then the header that tells of it, at least
//! twice a second. Frames that the ring had no room for are silence in the file and counted as
//! gaps, so both sides stay in step. Driven by [`crate::media_plane`]; files only ever grow.

pub mod archive;
mod file;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use media::wav::STEREO_FRAME;
use media::{StreamEvent, StreamId};
use rtrb::{Consumer, Producer};
use tracing::warn;

use crate::media_plane::wake;
use file::RecordingFile;

/// How long the recorder waits for frames; an end of a recording wakes it at once.
const WAIT: Duration = Duration::from_millis(100);

/// What the media thread hands over.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are frames, and a box would be freed here"
)]
pub enum Take {
    /// 20 ms of a stream: A-law, caller left, box right; numbered from 0.
    Frame {
        /// Whose.
        stream: StreamId,
        /// How many frames were before it.
        index: u32,
        /// The audio.
        stereo: [u8; STEREO_FRAME],
    },
    /// No more of this stream after `frames` frames.
    End {
        /// Whose.
        stream: StreamId,
        /// Frames made, dropped ones included.
        frames: u32,
    },
}

/// A recording begins; told before the first frame of its stream is made.
#[derive(Debug)]
pub struct Start {
    /// Whose.
    pub stream: StreamId,
    /// File name below the recordings folder.
    pub file: String,
}

/// What leads into the recorder and out of it.
#[derive(Debug)]
pub struct Reels {
    /// Recordings that begin.
    pub starts: Consumer<Start>,
    /// Frames and ends.
    pub takes: Consumer<Take>,
    /// Where [`StreamEvent::Recorded`] goes; when it is full the event waits here.
    pub events: Producer<StreamEvent>,
    /// Woken for events.
    pub wake: Arc<OwnedFd>,
}

/// Starts the thread. It ends, every file closed and on disk, when the media thread is gone.
pub fn start(folder: PathBuf, reels: Reels) -> std::io::Result<JoinHandle<()>> {
    let recorder = Recorder {
        folder,
        reels,
        files: BTreeMap::new(),
        untold: VecDeque::new(),
    };
    std::thread::Builder::new()
        .name("recorder".into())
        .spawn(|| recorder.run())
}

struct Recorder {
    folder: PathBuf,
    reels: Reels,
    files: BTreeMap<StreamId, RecordingFile>,
    /// Events that the ring had no room for; at most one a stream.
    untold: VecDeque<StreamEvent>,
}

impl Recorder {
    fn run(mut self) {
        loop {
            // Asked first: what is pushed before the other end goes is drained below.
            let is_last = self.reels.takes.is_abandoned();
            while let Ok(take) = self.reels.takes.pop() {
                self.take(take);
            }
            if is_last {
                break;
            }
            let now = Instant::now();
            for file in self.files.values_mut() {
                file.flush_if_due(now);
            }
            self.tell();
            std::thread::park_timeout(WAIT);
        }
        while let Some((stream, file)) = self.files.pop_first() {
            let frames = file.frames();
            self.close(stream, file, frames);
        }
        self.tell();
    }

    fn take(&mut self, take: Take) {
        match take {
            Take::Frame {
                stream,
                index,
                stereo,
            } => {
                if let Some(file) = self.file(stream) {
                    file.frame(index, &stereo);
                }
            }
            Take::End { stream, frames } => {
                self.begin();
                if let Some(file) = self.files.remove(&stream) {
                    self.close(stream, file, frames);
                }
                self.tell();
            }
        }
    }

    /// The file of a stream. That it begins was told before its first frame was made, but on
    /// another ring: one look there finds it.
    fn file(&mut self, stream: StreamId) -> Option<&mut RecordingFile> {
        if !self.files.contains_key(&stream) {
            self.begin();
        }
        self.files.get_mut(&stream)
    }

    fn begin(&mut self) {
        while let Ok(Start { stream, file }) = self.reels.starts.pop() {
            let file = RecordingFile::create(&self.folder, file, Instant::now());
            if let Some(before) = self.files.insert(stream, file) {
                warn!(
                    file = before.name(),
                    "a recording began twice, the first one ends here"
                );
                let frames = before.frames();
                self.close(stream, before, frames);
            }
        }
    }

    fn close(&mut self, stream: StreamId, file: RecordingFile, frames: u32) {
        let done = file.close(frames);
        self.untold.push_back(StreamEvent::Recorded {
            stream,
            file: done.name,
            length_ms: done.length_ms,
            gaps: done.gaps,
        });
    }

    fn tell(&mut self) {
        if self.untold.is_empty() {
            return;
        }
        while self.reels.events.slots() > 0 {
            let Some(event) = self.untold.pop_front() else {
                break;
            };
            // There is room, and nobody else pushes.
            let _ = self.reels.events.push(event);
        }
        wake(&self.reels.wake);
    }
}
