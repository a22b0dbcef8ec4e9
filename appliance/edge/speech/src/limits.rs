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
/// Rate the recognisers of this release hear, samples a second.
pub const RECOGNISER_RATE: u32 = 16_000;
/// Largest audio file `transcribe_file` reads, bytes.
pub const MAX_WAV: u64 = 256 * 1024 * 1024;
/// Longest phrase handed to a recogniser, seconds. Whisper invents text on longer windows.
pub const MAX_PHRASE_SECONDS: usize = 10;
/// Most entries of a tokenizer's vocabulary.
pub const MAX_VOCABULARY: usize = 200_000;
/// Most tokens of one phrase, whatever its length.
pub const MAX_TOKENS: usize = 90;
/// Most streams open at once; more are refused with an `Error` frame.
pub const MAX_STREAMS: usize = 2000;
/// Most phrases that wait for the recogniser; beyond it the oldest is dropped and counted.
pub const MAX_WAITING: usize = 64;
/// Frames missing from a stream that are heard as silence; more end the phrase: one second.
pub const MAX_GAP_FRAMES: u32 = 50;
/// How often `Status` is said.
pub const STATUS_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
/// Least memory cap that models of this release load under, MB.
pub const MIN_MEMORY_MB: u64 = 512;
