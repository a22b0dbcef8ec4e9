//! The frames between gateway and speech process, over two pipes.
//!
//! A frame is a length (u32, little endian, of what follows), a version byte, a kind byte and the
//! fields in order; numbers little endian, texts as u16 length and UTF-8. Encoding and decoding are
//! pure: no thread, no runtime, no allocation by a peer's number. A frame that is not understood
//! is an error, never skipped: both ends are always the same build.

use std::io::{Read, Write};

use crate::limits::{FRAME_SAMPLES, MAX_DIALECT, MAX_DIALECTS, MAX_FRAME};

mod codec;
#[cfg(test)]
mod tests;

use codec::{Fields, Writer};

/// Version of the frames; the first byte of every body.
pub const VERSION: u8 = 1;

/// What the gateway says to the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every frame is PCM; a box for each would cost more"
)]
pub enum ToWorker {
    /// A stream begins; its number is free to be used again after its `Closed`.
    Open {
        /// The stream's number, the gateway's choice.
        stream: u32,
    },
    /// 20 ms of the caller's voice, 8 kHz.
    Pcm {
        /// The stream.
        stream: u32,
        /// Number of this frame since the tap began, from 0; a gap is heard as silence.
        seq: u32,
        /// Linear 16-bit samples.
        samples: [i16; FRAME_SAMPLES],
    },
    /// The stream ends; a phrase in progress is recognised first.
    Close {
        /// The stream.
        stream: u32,
    },
}

/// What the worker says to the gateway.
#[derive(Clone, Debug, PartialEq)]
pub enum FromWorker {
    /// Models are loaded and warm. The first frame of a healthy worker.
    Ready {
        /// The recogniser's pack, e.g. `whisper-base-zh`.
        engine: String,
        /// Dialects that pack covers, e.g. `zh`.
        dialects: Vec<String>,
    },
    /// One phrase was understood.
    Heard {
        /// The stream.
        stream: u32,
        /// Start of the phrase, milliseconds since the tap began.
        at_ms: u64,
        /// Length of the phrase, milliseconds.
        length_ms: u64,
        /// The words.
        words: String,
        /// Dialect label of the pack.
        dialect: String,
        /// 0..=1: geometric mean of the tokens' probabilities.
        confidence: f32,
        /// Label and score 0..=1, for phrases of a second or more where an emotion pack is there.
        emotion: Option<(String, f32)>,
    },
    /// The stream has ended; nothing more will be said of it.
    Closed {
        /// The stream.
        stream: u32,
    },
    /// Sent about once a second.
    Status {
        /// Resident memory, kB.
        rss_kb: u64,
        /// Age of the oldest phrase that waits for the recogniser, milliseconds.
        lag_ms: u64,
        /// Frames and phrases dropped since start because the worker could not keep up.
        dropped: u64,
    },
    /// Something failed; without a stream the worker is about to end.
    Error {
        /// The stream, where only that one suffers.
        stream: Option<u32>,
        /// What failed, with a hint.
        message: String,
    },
}

/// Bytes that are no frame of ours.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Longer than any honest frame, or too short to hold a kind.
    #[error("a frame of {0} bytes is not possible")]
    Length(u32),
    /// Another build's frames.
    #[error("version {0} is not ours ({VERSION})")]
    Version(u8),
    /// A kind byte nobody sends.
    #[error("kind {0} does not exist")]
    Kind(u8),
    /// Fields end early, go on too long, or are not UTF-8.
    #[error("the fields of kind {0} are malformed")]
    Fields(u8),
    /// The pipe broke, or ended inside a frame.
    #[error("pipe: {0}")]
    Pipe(#[from] std::io::Error),
}

/// A frame of either direction.
pub trait Frame: Sized {
    /// Appends the whole frame, length included, to `out`.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads a body (without its length).
    fn decode(body: &[u8]) -> Result<Self, WireError>;
}

impl Frame for ToWorker {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Open { stream } => Writer::start(out, 1).u32(*stream).end(),
            Self::Pcm {
                stream,
                seq,
                samples,
            } => {
                Writer::start(out, 2)
                    .u32(*stream)
                    .u32(*seq)
                    .samples(samples)
                    .end();
            }
            Self::Close { stream } => Writer::start(out, 3).u32(*stream).end(),
        }
    }

    fn decode(body: &[u8]) -> Result<Self, WireError> {
        let mut fields = Fields::open(body)?;
        let frame = match fields.kind() {
            1 => Self::Open {
                stream: fields.u32()?,
            },
            2 => Self::Pcm {
                stream: fields.u32()?,
                seq: fields.u32()?,
                samples: fields.samples()?,
            },
            3 => Self::Close {
                stream: fields.u32()?,
            },
            other => return Err(WireError::Kind(other)),
        };
        fields.end().map(|()| frame)
    }
}

impl Frame for FromWorker {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ready { engine, dialects } => {
                let dialects = dialects.get(..MAX_DIALECTS).unwrap_or(dialects);
                let mut w = Writer::start(out, 17)
                    .text(engine)
                    .u32(dialects.len() as u32);
                for dialect in dialects {
                    w = w.text(cut(dialect, MAX_DIALECT));
                }
                w.end();
            }
            Self::Heard {
                stream,
                at_ms,
                length_ms,
                words,
                dialect,
                confidence,
                emotion,
            } => {
                let w = Writer::start(out, 18)
                    .u32(*stream)
                    .u64(*at_ms)
                    .u64(*length_ms);
                let w = w.text(words).text(dialect).f32(*confidence);
                match emotion {
                    Some((label, score)) => w.u8(1).text(label).f32(*score).end(),
                    None => w.u8(0).end(),
                }
            }
            Self::Closed { stream } => Writer::start(out, 19).u32(*stream).end(),
            Self::Status {
                rss_kb,
                lag_ms,
                dropped,
            } => {
                Writer::start(out, 20)
                    .u64(*rss_kb)
                    .u64(*lag_ms)
                    .u64(*dropped)
                    .end();
            }
            Self::Error { stream, message } => {
                let w = Writer::start(out, 21);
                match stream {
                    Some(stream) => w.u8(1).u32(*stream).text(message).end(),
                    None => w.u8(0).text(message).end(),
                }
            }
        }
    }

    fn decode(body: &[u8]) -> Result<Self, WireError> {
        let mut fields = Fields::open(body)?;
        let frame = match fields.kind() {
            17 => Self::Ready {
                engine: fields.text()?,
                dialects: fields.texts(MAX_DIALECTS)?,
            },
            18 => Self::Heard {
                stream: fields.u32()?,
                at_ms: fields.u64()?,
                length_ms: fields.u64()?,
                words: fields.text()?,
                dialect: fields.text()?,
                confidence: fields.f32()?,
                emotion: if fields.flag()? {
                    Some((fields.text()?, fields.f32()?))
                } else {
                    None
                },
            },
            19 => Self::Closed {
                stream: fields.u32()?,
            },
            20 => Self::Status {
                rss_kb: fields.u64()?,
                lag_ms: fields.u64()?,
                dropped: fields.u64()?,
            },
            21 => Self::Error {
                stream: if fields.flag()? {
                    Some(fields.u32()?)
                } else {
                    None
                },
                message: fields.text()?,
            },
            other => return Err(WireError::Kind(other)),
        };
        fields.end().map(|()| frame)
    }
}

/// Collects bytes as they come (any chunking) and gives whole frames; holds at most one frame and
/// one chunk. For readers that do not block, such as the gateway's.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    read: usize,
}

impl Decoder {
    /// A decoder at the start of a pipe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the pipe. Take all frames out before the next push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or none until more bytes come. After an error the pipe is of no use.
    pub fn next_frame<F: Frame>(&mut self) -> Result<Option<F>, WireError> {
        let rest = self.buffer.get(self.read..).unwrap_or(&[]);
        let Some((length, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = body_length(*length)?;
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = F::decode(body)?;
        self.read += 4 + length;
        Ok(Some(frame))
    }
}

/// Reads one frame from a blocking pipe; none when it ended cleanly between frames.
pub fn read_frame<F: Frame>(input: &mut impl Read) -> Result<Option<F>, WireError> {
    let mut length = [0; 4];
    let mut have = 0;
    while let Some(rest) = length.get_mut(have..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            Ok(n) => have += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    let mut body = [0; MAX_FRAME];
    let length = body_length(length)?;
    let body = body
        .get_mut(..length)
        .ok_or(WireError::Length(length as u32))?;
    input.read_exact(body)?;
    F::decode(body).map(Some)
}

/// Writes one frame in one call, so that a pipe carries it whole.
pub fn write_frame(output: &mut impl Write, frame: &impl Frame) -> Result<(), WireError> {
    let mut bytes = Vec::with_capacity(64);
    frame.encode(&mut bytes);
    output.write_all(&bytes)?;
    Ok(output.flush()?)
}

fn body_length(length: [u8; 4]) -> Result<usize, WireError> {
    let length = u32::from_le_bytes(length);
    if (2..=MAX_FRAME as u32).contains(&length) {
        Ok(length as usize)
    } else {
        Err(WireError::Length(length))
    }
}

/// Text as it goes on the wire: at most `most` bytes, cut at a character boundary.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
