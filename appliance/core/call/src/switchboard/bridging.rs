//! Two legs that hear each other, and the keys that cross from one to the other.
//!
//! Sound crosses in the media plane; keys cross here wherever the two parties send them by
//! different roads. Each leg keeps its own session with us, so a change on one side never
//! reaches the other (media is anchored).

use std::time::Instant;

use media::{StreamCommand, StreamId};
use sip::{Body, Method};

use super::{Asked, Switchboard};
use crate::leg::{DigitRoad, LegId};
use crate::limits::MAX_DIGITS;

/// How long a key of ours is said to have been pressed, milliseconds.
const KEY_MS: u32 = 160;

impl Switchboard {
    /// From now on the two parties hear each other; whoever was bridged with another is parted
    /// from it first. False, and nothing done, where one of them has no stream.
    pub fn bridge(&mut self, now: Instant, one: LegId, other: LegId) -> bool {
        let stream = |leg| self.legs.get(&leg).and_then(|l| l.open_stream());
        let (Some(a), Some(b)) = (stream(one), stream(other)) else {
            return false;
        };
        if one == other {
            return false;
        }
        if self.partner(one) != Some(other) {
            self.unbridge(now, one);
            self.unbridge(now, other);
        }
        for (leg, partner) in [(one, other), (other, one)] {
            if let Some(entry) = self.legs.get_mut(&leg) {
                entry.bridged = Some(partner);
            }
            self.next_play(leg);
        }
        self.commands.push_back(StreamCommand::Bridge { a, b });
        true
    }

    /// Parts `leg` from the leg it is bridged with: both hear silence, or what is played next.
    pub fn unbridge(&mut self, _now: Instant, leg: LegId) {
        let Some(partner) = self.legs.get_mut(&leg).and_then(|l| l.bridged.take()) else {
            return;
        };
        let mut stream = self.legs.get(&leg).and_then(|l| l.open_stream());
        if let Some(entry) = self.legs.get_mut(&partner) {
            entry.bridged = None;
            stream = stream.or_else(|| entry.open_stream());
        }
        if let Some(stream) = stream {
            self.commands.push_back(StreamCommand::Unbridge { stream });
        }
    }

    /// The leg that `leg` is bridged with.
    pub fn partner(&self, leg: LegId) -> Option<LegId> {
        self.legs.get(&leg)?.bridged
    }

    /// Presses keys towards the party of `leg`, by the road that it takes; anything that is no
    /// key is passed over.
    pub fn send_digits(&mut self, now: Instant, leg: LegId, digits: &str) {
        let is_key = |c: &char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D' | 'a'..='d');
        let digits: String = digits
            .chars()
            .filter(is_key)
            .map(|c| c.to_ascii_uppercase())
            .take(MAX_DIGITS)
            .collect();
        if digits.is_empty() {
            return;
        }
        if self.wants_info(leg) {
            for digit in digits.chars() {
                self.send_info(now, leg, digit);
            }
        } else {
            self.command(leg, |stream: StreamId| StreamCommand::SendDigits {
                stream,
                digits,
            });
        }
    }

    /// Hands a key of `leg` to the party it is bridged with. What comes by RTP and can go on by
    /// RTP, the media plane relays itself.
    pub(super) fn relay_digit(&mut self, now: Instant, leg: LegId, digit: char, road: DigitRoad) {
        let Some(partner) = self.partner(leg) else {
            return;
        };
        if road == DigitRoad::Info || self.wants_info(partner) {
            self.send_digits(now, partner, digit.encode_utf8(&mut [0; 4]));
        }
    }

    /// Whether keys reach the party of `leg` by INFO only.
    fn wants_info(&self, leg: LegId) -> bool {
        let entry = self.legs.get(&leg).and_then(|l| l.stream.as_ref());
        let spec = entry.and_then(|stream| stream.spec.as_ref());
        spec.is_some_and(|spec| spec.mute_keys)
    }

    fn send_info(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(dialog) = self.legs.get(&leg).and_then(|l| l.dialog) else {
            return;
        };
        let text = format!("Signal={digit}\r\nDuration={KEY_MS}\r\n");
        let body = Some(Body::new("application/dtmf-relay", text));
        let headers = Vec::new();
        let tx = self
            .endpoint
            .request(now, dialog, Method::Info, headers, body);
        self.index.asked.insert(tx, (leg, Asked::Key));
    }
}
