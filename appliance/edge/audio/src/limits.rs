//! Every limit and constant of this crate, in one place.

use std::time::Duration;

/// Sampling rate of what is handed in and out, Hz.
pub const RATE: u32 = 8_000;
/// Samples of one frame.
pub const FRAME: usize = 160;
/// Time of one frame.
pub const FRAME_TIME: Duration = Duration::from_millis(20);

/// Rates a card is asked for, the best first: what divides without a rest costs least.
pub(crate) const CARD_RATES: [u32; 6] = [8_000, 16_000, 48_000, 32_000, 44_100, 96_000];
/// Channels a card may have at most; the voice goes to each, and is taken from the first.
pub(crate) const MAX_CHANNELS: u32 = 8;
/// A card's own buffer: what may lie between us and it.
pub(crate) const CARD_BUFFER: Duration = Duration::from_millis(160);
/// How often a card moves its pointer.
pub(crate) const CARD_PERIOD: Duration = Duration::from_millis(10);
/// What is kept in the card's buffer: enough for a thread that comes late.
pub(crate) const CUSHION: Duration = Duration::from_millis(50);

/// First pause before a card is tried again; it doubles up to the longest.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause before a card is tried again.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A card that works for so long has earned the first pause again.
pub(crate) const STEADY: Duration = Duration::from_secs(10);
/// Frames in a row that a card may break off before it counts as gone.
pub(crate) const BREAKS: u32 = 50;
/// Writes in a row that vanish at once before a card counts as one that does not pace.
pub(crate) const SWALLOWED: u32 = 3;

/// How far a card's clock is followed: no quartz is worse.
pub(crate) const MAX_DRIFT: f64 = 0.002;
/// Beats that are made up for after a late wake-up; older ones are left out.
pub(crate) const MAX_BEHIND: u32 = 5;
