//! A batch on the wire: version byte, codec byte, then zstd over JSON lines.
//!
//! Line 1 is the header, each further line one row. Measured: JSON lines compress as small as
//! CBOR, and a person can read them. Decoding allocates by our limits, never by the peer's word.

use std::io::Read;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
use uuid::Uuid;

use crate::limits::{MAX_BATCH_BYTES, MAX_BATCH_ROWS, MAX_BATCH_TEXT, MAX_WINDOW_LOG};
use crate::row::{Epoch, Lane, Row, RowKind};
use crate::topic::BoxId;

/// First byte of a batch.
const VERSION: u8 = 1;
/// Second byte: JSON lines under zstd.
const CODEC_JSON_ZSTD: u8 = 1;
/// zstd's own default; higher levels cost CPU the calls need.
const ZSTD_LEVEL: i32 = 3;

/// What a batch says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHeader {
    /// The box; must be the topic's.
    #[serde(rename = "box")]
    pub box_id: String,
    /// The life of its store.
    pub epoch: Epoch,
    /// The lane; must be the topic's.
    pub lane: Lane,
    /// The lowest number that the box still holds in this lane: it has acks for all below.
    pub base: u64,
    /// Number of the first row.
    pub first_seq: u64,
    /// Rows, numbered without gaps.
    pub count: u32,
}

impl BatchHeader {
    /// Number of the last row.
    pub fn last_seq(&self) -> u64 {
        self.first_seq
            .saturating_add(u64::from(self.count).saturating_sub(1))
    }
}

/// A decoded batch: its numbers are those that the header promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The first line.
    pub header: BatchHeader,
    /// The rows, in order.
    pub rows: Vec<Row>,
}

/// Bytes that are not a batch.
#[derive(Debug, Error)]
pub enum BatchError {
    /// Longer than any batch of ours.
    #[error("batch is too long: {0} bytes")]
    TooLong(usize),
    /// Not even the two leading bytes.
    #[error("batch is cut off")]
    Cut,
    /// A version we do not speak.
    #[error("unknown batch version: {0}")]
    Version(u8),
    /// A codec we do not speak.
    #[error("unknown batch codec: {0}")]
    Codec(u8),
    /// zstd refused it.
    #[error("batch does not decompress: {0}")]
    Compressed(String),
    /// It would unpack beyond the limit.
    #[error("batch unpacks to more than {MAX_BATCH_TEXT} bytes")]
    TooMuchText,
    /// Not UTF-8.
    #[error("batch is not UTF-8")]
    NotText,
    /// A line that is no header or no row.
    #[error("line {line} of the batch: {why}")]
    Line {
        /// From 1.
        line: usize,
        /// What the parser said.
        why: String,
    },
    /// Rows do not match the header.
    #[error("batch rows do not match its header: {0}")]
    Mismatch(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    seq: u64,
    kind: RowKind,
    id: Uuid,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Writes a batch. Rows that cannot travel go as [`RowKind::Withheld`] with a `null` body.
///
/// # Errors
/// [`BatchError::Compressed`] where zstd itself fails (out of memory).
pub fn encode_batch(
    box_id: &BoxId,
    epoch: Epoch,
    lane: Lane,
    base: u64,
    rows: &[Row],
) -> Result<Vec<u8>, BatchError> {
    let header = BatchHeader {
        box_id: box_id.as_str().to_owned(),
        epoch,
        lane,
        base,
        first_seq: rows.first().map_or(base, |row| row.seq),
        count: u32::try_from(rows.len()).unwrap_or(u32::MAX),
    };
    let wrong = |line: usize, e: serde_json::Error| BatchError::Line {
        line,
        why: e.to_string(),
    };
    let mut text = serde_json::to_vec(&header).map_err(|e| wrong(1, e))?;
    for (at, row) in rows.iter().enumerate() {
        text.push(b'\n');
        let (kind, body) = if row.is_sendable() {
            (row.kind, row.body.as_str())
        } else {
            (RowKind::Withheld, "null")
        };
        let body = serde_json::from_str(body).map_err(|e| wrong(at + 2, e))?;
        let line = Line {
            seq: row.seq,
            kind,
            id: row.id,
            body,
        };
        serde_json::to_writer(&mut text, &line).map_err(|e| wrong(at + 2, e))?;
    }
    let packed = zstd::bulk::compress(&text, ZSTD_LEVEL)
        .map_err(|e| BatchError::Compressed(e.to_string()))?;
    let mut bytes = Vec::with_capacity(packed.len() + 2);
    bytes.extend_from_slice(&[VERSION, CODEC_JSON_ZSTD]);
    bytes.extend_from_slice(&packed);
    Ok(bytes)
}

/// Reads a batch; unknown fields are tolerated, unknown kinds become [`RowKind::Unknown`].
///
/// # Errors
/// [`BatchError`] for anything that is not a whole batch.
pub fn decode_batch(bytes: &[u8]) -> Result<Batch, BatchError> {
    if bytes.len() > MAX_BATCH_BYTES {
        return Err(BatchError::TooLong(bytes.len()));
    }
    let packed = match bytes {
        [VERSION, CODEC_JSON_ZSTD, packed @ ..] => packed,
        [VERSION, codec, ..] => return Err(BatchError::Codec(*codec)),
        [version, _, ..] => return Err(BatchError::Version(*version)),
        _ => return Err(BatchError::Cut),
    };
    let text = unpack(packed)?;
    let text = std::str::from_utf8(&text).map_err(|_| BatchError::NotText)?;
    let mut lines = text.split('\n');
    let header: BatchHeader =
        serde_json::from_str(lines.next().unwrap_or_default()).map_err(|e| BatchError::Line {
            line: 1,
            why: e.to_string(),
        })?;
    check_header(&header)?;
    let mut rows = Vec::new();
    for (at, line) in lines.enumerate() {
        if rows.len() >= MAX_BATCH_ROWS {
            return Err(BatchError::Mismatch("too many rows"));
        }
        let line: Line<'_> = serde_json::from_str(line).map_err(|e| BatchError::Line {
            line: at + 2,
            why: e.to_string(),
        })?;
        if line.seq != header.first_seq.saturating_add(at as u64) {
            return Err(BatchError::Mismatch("numbers are not in order"));
        }
        let body = line.body.get().to_owned();
        rows.push(Row {
            seq: line.seq,
            kind: line.kind,
            id: line.id,
            body,
        });
    }
    if rows.len() != header.count as usize {
        return Err(BatchError::Mismatch("count"));
    }
    Ok(Batch { header, rows })
}

fn check_header(header: &BatchHeader) -> Result<(), BatchError> {
    if header.count == 0 || header.count as usize > MAX_BATCH_ROWS {
        return Err(BatchError::Mismatch("count is out of range"));
    }
    // Central keeps numbers as signed 64 bits.
    if header.base == 0 || header.base > header.first_seq || header.last_seq() >= i64::MAX as u64 {
        return Err(BatchError::Mismatch("numbers are out of range"));
    }
    Ok(())
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, BatchError> {
    let failed = |e: std::io::Error| BatchError::Compressed(e.to_string());
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(failed)?;
    decoder.window_log_max(MAX_WINDOW_LOG).map_err(failed)?;
    let mut text = Vec::new();
    decoder
        .take(MAX_BATCH_TEXT as u64 + 1)
        .read_to_end(&mut text)
        .map_err(failed)?;
    if text.len() > MAX_BATCH_TEXT {
        return Err(BatchError::TooMuchText);
    }
    Ok(text)
}
