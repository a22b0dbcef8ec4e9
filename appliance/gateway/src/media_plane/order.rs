//! A command as it crosses the ring: names became audio, ports became seats.

use media::limits::MAX_DIGITS_OUT;
use media::{Gear, Playlist, StreamId, StreamSeed, StreamSpec};

/// One command for the seat of one stream.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) seat: usize,
    pub(super) stream: StreamId,
    pub(super) act: Act,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Act {
    Open(StreamSpec, StreamSeed, Gear),
    Update(StreamSpec, Gear),
    Play(u32, Playlist),
    StopPlay,
    /// With the stream that sits on that seat.
    Bridge(usize, StreamId),
    Unbridge,
    SendDigits(Digits),
    Record,
    Tap(bool),
    Close,
    /// Stands for a bug in a stream.
    #[cfg(test)]
    Fail,
}

/// Keys in fixed memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    keys: [char; MAX_DIGITS_OUT],
    count: usize,
}

impl Digits {
    /// The first [`MAX_DIGITS_OUT`] keys of `text`.
    pub(super) fn new(text: &str) -> Self {
        let mut digits = Self {
            keys: ['0'; MAX_DIGITS_OUT],
            count: 0,
        };
        for (place, key) in digits.keys.iter_mut().zip(text.chars()) {
            *place = key;
            digits.count += 1;
        }
        digits
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = char> {
        self.keys.iter().copied().take(self.count)
    }
}
