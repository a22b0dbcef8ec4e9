//! Every bound of the protocol, in one place; both sides use the same numbers.

/// Longest body of one row, bytes; a longer one travels as [`crate::RowKind::Withheld`].
pub const MAX_ROW_BYTES: usize = 4 * 1024 * 1024;
/// Most rows in one batch.
pub const MAX_BATCH_ROWS: usize = 500;
/// Longest batch after decompression, bytes.
pub const MAX_BATCH_TEXT: usize = 8 * 1024 * 1024;
/// Longest batch on the wire, bytes: the text, should it not compress at all, and zstd's own.
pub const MAX_BATCH_BYTES: usize = MAX_BATCH_TEXT + 64 * 1024;
/// Largest zstd window a decoder allocates, as a power of two (8 MiB): the frame names its own.
pub const MAX_WINDOW_LOG: u32 = 23;
/// Longest ack, bytes.
pub const MAX_ACK_BYTES: usize = 256 * 1024;
/// Most rejections one ack names; `hi_contiguous` then stops before the first unnamed one.
pub const MAX_REJECTIONS: usize = 128;
/// Longest reason of a rejection, characters.
pub const MAX_WHY_CHARS: usize = 200;
/// Most separate ranges central remembers beyond a gap, per box and lane.
pub const MAX_AHEAD_RANGES: usize = 64;
/// Longest tenant, site or box name in a topic, bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// Batches a box keeps unacknowledged at most: the receive maximum of the protocol.
pub const MAX_IN_FLIGHT: usize = 20;
/// The slowest rate central can ask for, rows a second: zero would never end.
pub const MIN_RATE: u32 = 1;
