//! A part of a recording as a stream of bytes, read as the browser takes it.

use std::io::{self, SeekFrom};
use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::g711::{A_LAW, MU_LAW};
use super::shelf::Audio;
use super::wav::{self, Coding, PCM_HEAD};
use crate::limits;

/// A browser that takes nothing for so long loses the stream.
const STALLED: Duration = Duration::from_secs(60);

/// How the samples are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they lie in the file, head and all.
    Kept,
    /// As 16-bit linear, which every browser plays.
    Pcm,
}

impl Audio {
    /// Bytes of the whole, head included.
    pub(crate) fn total(&self, form: Form) -> u64 {
        match form {
            Form::Kept => self.head.data_at + self.data,
            Form::Pcm => PCM_HEAD + self.data / self.head.coding.width() * 2,
        }
    }

    /// Length of what there is, milliseconds.
    pub(crate) fn length_ms(&self) -> u64 {
        let frame = self.head.coding.width() * u64::from(self.head.channels);
        self.data / frame * 1000 / u64::from(self.head.rate)
    }

    /// Bytes `start..end` of the form; both at most `total`.
    async fn read(&mut self, form: Form, start: u64, end: u64) -> io::Result<Vec<u8>> {
        match form {
            Form::Kept => self.read_file(start, end - start).await,
            Form::Pcm => self.read_pcm(start, end).await,
        }
    }

    async fn read_pcm(&mut self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity((end - start) as usize);
        if start < PCM_HEAD {
            let head = wav::pcm_head(&self.head, self.total(Form::Pcm) - PCM_HEAD);
            out.extend_from_slice(&head[start as usize..end.min(PCM_HEAD) as usize]);
        }
        if end <= PCM_HEAD {
            return Ok(out);
        }
        let (from, to) = (start.max(PCM_HEAD) - PCM_HEAD, end - PCM_HEAD);
        let (first, last) = (from / 2, to.div_ceil(2));
        let width = self.head.coding.width();
        let at = self.head.data_at + first * width;
        let raw = self.read_file(at, (last - first) * width).await?;
        let linear = linear(self.head.coding, raw);
        let skip = (from - first * 2) as usize;
        let take = (to - from) as usize;
        out.extend(linear.into_iter().skip(skip).take(take));
        Ok(out)
    }

    pub(super) async fn read_file(&mut self, at: u64, length: u64) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(at)).await?;
        let mut bytes = vec![0; length as usize];
        self.file.read_exact(&mut bytes).await?;
        Ok(bytes)
    }
}

/// Samples as little-endian 16-bit.
pub(super) fn linear(coding: Coding, raw: Vec<u8>) -> Vec<u8> {
    let table = match coding {
        Coding::Linear => return raw,
        Coding::ALaw => &A_LAW,
        Coding::MuLaw => &MU_LAW,
    };
    raw.iter()
        .flat_map(|byte| table[usize::from(*byte)].to_le_bytes())
        .collect()
}

/// Sends `start..end` in chunks; `place` is held until the last byte went or the browser left.
pub(crate) fn body(
    mut audio: Audio,
    form: Form,
    start: u64,
    end: u64,
    place: OwnedSemaphorePermit,
) -> Body {
    // Two chunks ahead of the browser, no more: a full channel stops the reading.
    let (chunks, stream) = mpsc::channel::<io::Result<Bytes>>(2);
    tokio::spawn(async move {
        let _place = place;
        let mut at = start;
        while at < end {
            let next = end.min(at + limits::RECORDING_CHUNK as u64);
            let chunk = audio.read(form, at, next).await.map(Bytes::from);
            let failed = chunk.is_err();
            if chunks.send_timeout(chunk, STALLED).await.is_err() || failed {
                return;
            }
            at = next;
        }
    });
    Body::from_stream(ReceiverStream::new(stream))
}
