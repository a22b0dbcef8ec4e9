//! Live sound: what comes in over a line now, for any number of streams that play it.
//!
//! A ring of a second, encoded once for both laws; one writer in the shell, readers in the media
//! threads, no lock between them. A reader follows the writer at a distance that evens out both
//! their threads, and takes that distance anew where it strays. What it hears of a writer that was
//! a whole second faster is torn, never wrong memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::codec::Codec;
use crate::limits::{FRAME, LIVE_FRAMES, LIVE_LAG};

/// Codes in one word of the ring.
const WORD: usize = 8;
/// Words of one frame.
const WORDS: usize = FRAME / WORD;
/// A reader that is further behind than this may be overtaken.
const FARTHEST: u64 = LIVE_FRAMES as u64 / 2;

/// A line in, for its writer and for prompts made of it.
#[derive(Clone, Debug)]
pub struct Live(Arc<Ring>);

#[derive(Debug)]
struct Ring {
    /// A-law and u-law of each frame.
    frames: Box<[[[AtomicU64; WORDS]; 2]]>,
    /// Frames ever written.
    written: AtomicU64,
    /// Somebody writes.
    is_on: AtomicBool,
}

impl Live {
    /// A line that is silent as yet.
    pub fn new() -> Self {
        let empty = || std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0)));
        Self(Arc::new(Ring {
            frames: (0..LIVE_FRAMES).map(|_| empty()).collect(),
            written: AtomicU64::new(0),
            is_on: AtomicBool::new(false),
        }))
    }

    /// The next 20 ms of it. One writer at a time.
    pub fn push(&self, pcm: &[i16; FRAME]) {
        let written = self.0.written.load(Ordering::Relaxed);
        let laws = [Codec::Pcma, Codec::Pcmu];
        if let Some(frame) = self.0.frame(written) {
            for (words, law) in frame.iter().zip(laws) {
                for (word, samples) in words.iter().zip(pcm.chunks_exact(WORD)) {
                    let mut codes = [0; WORD];
                    for (code, sample) in codes.iter_mut().zip(samples) {
                        *code = law.encode(*sample);
                    }
                    word.store(u64::from_le_bytes(codes), Ordering::Relaxed);
                }
            }
        }
        self.0.written.store(written + 1, Ordering::Release);
        self.0.is_on.store(true, Ordering::Release);
    }

    /// Nothing comes in any more: what is played instead begins.
    pub fn stop(&self) {
        self.0.is_on.store(false, Ordering::Release);
    }

    /// Whether something comes in.
    pub fn is_on(&self) -> bool {
        self.0.is_on.load(Ordering::Acquire)
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

/// The same line.
impl PartialEq for Live {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Live {}

impl Ring {
    fn frame(&self, number: u64) -> Option<&[[AtomicU64; WORDS]; 2]> {
        self.frames.get(number as usize % LIVE_FRAMES)
    }
}

/// Where one reader is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Follower {
    /// The frame it takes next.
    at: Option<u64>,
    /// It ran into the writer and waits for its distance.
    waits: bool,
}

impl Follower {
    /// The next frame; `false` where there is none, and something else should play.
    pub(crate) fn read(&mut self, live: &Live, codec: Codec, frame: &mut [u8; FRAME]) -> bool {
        let ring = &live.0;
        let written = ring.written.load(Ordering::Acquire);
        if !live.is_on() {
            *self = Self::default();
            return false;
        }
        let begin = written.checked_sub(LIVE_LAG);
        let at = match self.at {
            Some(at) if self.waits && at + LIVE_LAG > written => return false,
            Some(at) if at >= written => {
                self.waits = true;
                return false;
            }
            Some(at) if written - at < FARTHEST => at,
            _ => match begin {
                Some(begin) => begin,
                None => return false,
            },
        };
        self.waits = false;
        self.at = Some(at + 1);
        let law = usize::from(codec == Codec::Pcmu);
        let Some(words) = ring.frame(at).and_then(|laws| laws.get(law)) else {
            return false;
        };
        for (places, word) in frame.chunks_exact_mut(WORD).zip(words) {
            places.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(frame: &[u8; FRAME]) -> i16 {
        (Codec::Pcma.decode(frame[0]) - 8) / 16
    }

    /// Frames that tell their own number, small enough for A-law to keep it.
    fn push(live: &Live, frame: i16) {
        live.push(&[frame * 16 + 8; FRAME]);
    }

    fn read(follower: &mut Follower, live: &Live) -> Option<i16> {
        let mut frame = [0; FRAME];
        follower
            .read(live, Codec::Pcma, &mut frame)
            .then(|| number(&frame))
    }

    #[test]
    fn every_reader_hears_all_of_it_in_order_a_fifth_of_a_second_later() {
        let live = Live::new();
        let mut readers = [Follower::default(); 3];
        for now in 0..16 {
            push(&live, now);
            let lag = i16::try_from(LIVE_LAG).unwrap();
            let due = (now + 1 >= lag).then(|| now + 1 - lag);
            for reader in &mut readers {
                assert_eq!(read(reader, &live), due);
            }
        }
    }

    #[test]
    fn line_that_falls_silent_is_left_at_once_and_joined_again() {
        let live = Live::new();
        let mut reader = Follower::default();
        assert_eq!(read(&mut reader, &live), None);
        (0..10).for_each(|n| push(&live, n));
        assert_eq!(read(&mut reader, &live), Some(0));
        live.stop();
        assert_eq!(read(&mut reader, &live), None);
        push(&live, 10);
        assert_eq!(read(&mut reader, &live), Some(1));
    }

    #[test]
    fn reader_that_runs_into_the_writer_waits_for_its_distance() {
        let live = Live::new();
        let mut reader = Follower::default();
        (0..10).for_each(|n| push(&live, n));
        (0..10).for_each(|n| assert_eq!(read(&mut reader, &live), Some(n)));
        assert_eq!(read(&mut reader, &live), None);
        push(&live, 10);
        assert_eq!(read(&mut reader, &live), None);
        (11..20).for_each(|n| push(&live, n));
        assert_eq!(read(&mut reader, &live), Some(10));
    }

    #[test]
    fn reader_that_was_left_behind_jumps_and_is_never_overtaken() {
        let live = Live::new();
        let mut reader = Follower::default();
        (0..10).for_each(|n| push(&live, n));
        assert_eq!(read(&mut reader, &live), Some(0));
        for n in 10..LIVE_FRAMES {
            push(&live, i16::try_from(n % 16).unwrap());
        }
        let jumped = LIVE_FRAMES - usize::try_from(LIVE_LAG).unwrap();
        let jumped = i16::try_from(jumped % 16).unwrap();
        assert_eq!(read(&mut reader, &live), Some(jumped));
    }
}
