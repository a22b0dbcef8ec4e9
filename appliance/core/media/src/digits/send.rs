//! Sending keys: 100 ms of event, its end three times, 60 ms of quiet, then the next key.

use super::event;
use crate::limits::{FRAME, MAX_DIGITS_OUT};

/// Frames a key is held: 100 ms, above the 40 ms every detector needs.
const HELD: u8 = 5;
/// Times the end is sent (RFC 4733 section 2.5.1.4).
const ENDS: u8 = 3;
/// Frames of quiet between two keys.
const QUIET: u8 = 3;
/// Power of the tone, -10 dBm0, as it would be if it were one.
const VOLUME: u8 = 10;

/// One event packet to be sent; its timestamp is that of the frame where `first` was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// First of its press: marker bit.
    pub first: bool,
    /// The four bytes of payload.
    pub payload: [u8; 4],
}

/// What a frame's time is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// No key is being sent: audio.
    Audio,
    /// An event packet takes the place of the audio.
    Event(EventPacket),
    /// Between two keys: silence.
    Quiet,
}

/// A queue of keys and the one being sent.
#[derive(Clone, Debug, Default)]
pub struct DigitSender {
    waiting: [u8; MAX_DIGITS_OUT],
    count: usize,
    current: u8,
    /// Frames into the current key, 0 when none is being sent.
    at: u8,
}

impl DigitSender {
    /// Queues a key; `false` where it is none or the queue is full.
    pub fn push(&mut self, digit: char) -> bool {
        let (Some(event), Some(place)) = (event(digit), self.waiting.get_mut(self.count)) else {
            return false;
        };
        *place = event;
        self.count += 1;
        true
    }

    /// Whether a key is being sent or waits.
    pub fn is_busy(&self) -> bool {
        self.at != 0 || self.count != 0
    }

    /// What the next frame is used for.
    pub fn next_frame(&mut self) -> Slot {
        if self.at == 0 {
            if self.count == 0 {
                return Slot::Audio;
            }
            self.current = self.waiting.first().copied().unwrap_or(0);
            self.waiting.rotate_left(1);
            self.count -= 1;
        }
        self.at += 1;
        let at = self.at;
        if at > HELD + ENDS {
            if at == HELD + ENDS + QUIET {
                self.at = 0;
            }
            return Slot::Quiet;
        }
        let end = if at > HELD { 0x80 } else { 0 };
        let duration = u16::from(at.min(HELD + 1)) * FRAME as u16;
        let [high, low] = duration.to_be_bytes();
        Slot::Event(EventPacket {
            first: at == 1,
            payload: [self.current, end | VOLUME, high, low],
        })
    }

    /// Forgets all keys, the current one too.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_held_ended_three_times_and_followed_by_quiet() {
        let mut sender = DigitSender::default();
        assert!(sender.push('#') && sender.push('1'));
        let slots: Vec<Slot> = (0..23).map(|_| sender.next_frame()).collect();
        let event = |first, payload| Slot::Event(EventPacket { first, payload });
        assert_eq!(slots[0], event(true, [11, 10, 0, 160]));
        assert_eq!(slots[4], event(false, [11, 10, 3, 32]));
        assert_eq!(slots[5..8], [event(false, [11, 0x8A, 3, 192]); 3]);
        assert_eq!(slots[8..11], [Slot::Quiet; 3]);
        assert_eq!(slots[11], event(true, [1, 10, 0, 160]));
        assert_eq!(slots[22], Slot::Audio);
    }

    #[test]
    fn what_is_no_key_or_too_much_is_refused() {
        let mut sender = DigitSender::default();
        assert!(!sender.push('x'));
        assert!((0..MAX_DIGITS_OUT).all(|_| sender.push('1')));
        assert!(!sender.push('1'));
    }
}
