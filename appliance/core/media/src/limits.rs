//! Every limit of this crate, in one place.

use std::time::Duration;

/// Samples in one frame: 20 ms at 8 kHz.
pub const FRAME: usize = 160;
/// Time of one frame.
pub const FRAME_TIME: Duration = Duration::from_millis(20);
/// Sampling rate of all telephone audio here, Hz.
pub const RATE: u32 = 8_000;

/// Bytes of one session description.
pub const MAX_SDP: usize = 16 * 1024;
/// `m=` sections in one session description.
pub const MAX_SDP_MEDIA: usize = 8;
/// Formats in one `m=` line.
pub const MAX_SDP_FORMATS: usize = 64;
/// `a=crypto` attributes read of one `m=` section; more are passed over.
pub const MAX_SDP_CRYPTO: usize = 8;
/// Attributes kept of one `m=` section; more are passed over.
pub const MAX_SDP_ATTRIBUTES: usize = 128;

/// Bytes of one RTP or RTCP packet that we read or write.
pub const MAX_PACKET: usize = 1_500;
/// Audio bytes of one RTP packet: 180 ms of G.711, what an Ethernet frame holds.
pub const MAX_PAYLOAD: usize = 1_440;

/// Samples of one packet that are decoded: 120 ms, the longest of Opus, at 16 kHz.
pub const MAX_SAMPLES: usize = 1_920;

/// Samples the jitter buffer can hold: half a second, twice the longest delay and a packet on top; a
/// power of two.
pub const JITTER_CAPACITY: usize = 4_096;
/// Delay the jitter buffer starts with, samples.
pub const JITTER_START: u32 = 480;
/// The most delay the jitter buffer grows to, samples.
pub const JITTER_MOST: u32 = 1_600;
/// Calm seconds after which a delay that had grown may shrink by a frame.
pub const JITTER_CALM: u32 = 10;
/// Opus packets that wait for their time: 480 ms of 20 ms each; with more the oldest goes.
pub const OPUS_PACKETS: usize = 24;
/// Bytes of an Opus packet that is kept: 190 kbit/s, several times what speech needs.
pub const MAX_OPUS_PACKET: usize = 480;
/// Bytes of one Opus packet of ours: 20 ms at 24 kbit/s with error correction need about 90.
pub const MAX_CODED: usize = 480;
/// A party that was silent for so long hands nothing on to the other one of a transcoded bridge.
pub const VOICE_HOLD: Duration = Duration::from_millis(500);
/// Consecutive late packets after which the peer's clock is taken anew.
pub const LATE_BEFORE_RESYNC: u32 = 5;
/// Frames of surplus delay before one is dropped.
pub const SURPLUS_FRAMES: u32 = 50;
/// Consecutive packets of another source after which it is the one listened to.
pub const NEW_SOURCE_PACKETS: u32 = 2;

/// Frames of silence that are sent before it is left out: more than [`LATCH_PACKETS`], so that a new
/// stream is seen and latched to at once.
pub const IDLE_TAIL: u32 = 8;
/// Frames from one packet to the next where nothing is said: a second.
pub const IDLE_KEEPALIVE: u32 = 50;
/// Most ticks that a stream with nothing to do is left alone: what is noticed at a tick (a source that
/// fell silent, a path that moved) is noticed so much later.
pub const MAX_REST: u32 = 10;

/// Prompts in one `Play`.
pub const MAX_PLAYLIST: usize = 16;
/// Frames that a line in keeps: well over a second.
pub const LIVE_FRAMES: usize = 64;
/// Frames that whoever plays a line in is behind it: what both threads may be late together.
pub const LIVE_LAG: u64 = 10;
/// Digits waiting to be sent.
pub const MAX_DIGITS_OUT: usize = 32;
/// Events waiting to be polled from one stream; more than this between two polls are counted and
/// dropped.
pub const MAX_EVENTS: usize = 32;

/// Packets in a row after which an address other than the agreed one is listened to.
pub const LATCH_PACKETS: u32 = 5;
/// Time after opening or an update in which any address may be the peer.
pub const LATCH_WINDOW: Duration = Duration::from_secs(10);
/// A present source that was silent for so long may be replaced.
pub const LATCH_QUIET: Duration = Duration::from_secs(2);
/// Whoever may become the present source is not put aside by another for so long.
pub const CANDIDATE_HOLD: Duration = Duration::from_millis(200);

/// A stream that hears neither RTP nor RTCP for so long is dead.
pub const MEDIA_TIMEOUT: Duration = Duration::from_secs(60);
/// Both ways were agreed and no RTP came for so long: one-way audio, told within a frame.
pub const ONE_WAY: Duration = Duration::from_millis(4_900);
/// Mean time between our RTCP reports (RFC 3550 section 6.2).
pub const RTCP_INTERVAL: Duration = Duration::from_secs(5);

/// Bytes of one prompt file: ten minutes of 16-bit audio.
pub const MAX_PROMPT_FILE: usize = 10 * 60 * 16_000 + 4_096;
