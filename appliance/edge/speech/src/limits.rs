//! Every limit of this crate, in one place. Durations of audio are in samples at 8 kHz.

/// Samples a second on a stream: what the media plane taps.
pub const STREAM_RATE: u32 = 8000;
/// Samples in one PCM frame of the wire: 20 ms.
pub const FRAME_SAMPLES: usize = 160;
/// Longest body of a wire frame, bytes. The largest honest one is a `Heard` with three full texts.
pub const MAX_FRAME: usize = 8192;
/// Longest text inside a wire frame, bytes. Longer text is cut at a character boundary.
pub const MAX_TEXT: usize = 2000;
/// Most dialects a `Ready` frame lists.
pub const MAX_DIALECTS: usize = 64;
/// Longest dialect label, bytes.
pub const MAX_DIALECT: usize = 32;
/// Largest manifest, bytes.
pub const MAX_MANIFEST: u64 = 256 * 1024;
/// Most packs in a manifest.
pub const MAX_PACKS: usize = 64;
/// Most files in one pack.
pub const MAX_PACK_FILES: usize = 16;
/// Largest file of a pack, bytes.
pub const MAX_PACK_FILE: u64 = 2 * 1024 * 1024 * 1024;
