//! Hearing keys: one press is one digit, whatever is repeated, reordered or lost of it.
//!
//! A press is known by its timestamp; the digit is told at the first packet of it that comes, so
//! that a press survives the loss of all its packets but one.

use std::time::{Duration, Instant};

use super::key;
use crate::rtp::Packet;

/// Duration, in samples, at which a long press goes on as a new segment (RFC 4733 section 2.5.1.3).
const SEGMENT: u32 = 0xFFFF;
/// An event older than the last one by timestamp is a straggler; after so long a silence it is
/// a peer whose clock started anew.
const STRAGGLER: Duration = Duration::from_secs(3);
/// Some peers let the timestamp run during a press. Packets of one key, growing longer, without
/// end or marker and no further apart than this are one press.
const SAME_PRESS: Duration = Duration::from_millis(80);

/// The payload of an event is not four bytes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEvent;

/// The last press heard.
#[derive(Clone, Copy, Debug)]
struct Press {
    event: u8,
    ssrc: u32,
    timestamp: u32,
    duration: u16,
    ended: bool,
    at: Instant,
}

/// Tells presses from the packets they are made of.
#[derive(Clone, Debug, Default)]
pub struct DigitReceiver {
    last: Option<Press>,
}

impl DigitReceiver {
    /// Takes one event packet that came at `now`; says the key when a new press begins.
    pub fn take(&mut self, now: Instant, packet: &Packet<'_>) -> Result<Option<char>, BadEvent> {
        let (&[event, flags, high, low], _) =
            packet.payload.split_first_chunk::<4>().ok_or(BadEvent)?;
        let heard = Press {
            event,
            ssrc: packet.ssrc,
            timestamp: packet.timestamp,
            duration: u16::from_be_bytes([high, low]),
            ended: flags & 0x80 != 0,
            at: now,
        };
        let Some(last) = &mut self.last else {
            self.last = Some(heard);
            return Ok(key(event));
        };
        if last.is_behind(&heard) {
            return Ok(None);
        }
        let same = last.is_of_one_press_with(&heard, packet.marker);
        let ended = heard.ended || (same && last.ended && last.timestamp == heard.timestamp);
        *last = Press { ended, ..heard };
        Ok(if same { None } else { key(event) })
    }
}

impl Press {
    /// Whether `next`, just come, belongs to an earlier press than this.
    fn is_behind(&self, next: &Self) -> bool {
        let behind = (next.timestamp.wrapping_sub(self.timestamp) as i32) < 0;
        behind && next.ssrc == self.ssrc && next.at.saturating_duration_since(self.at) < STRAGGLER
    }

    fn is_of_one_press_with(&self, next: &Self, marker: bool) -> bool {
        if self.ssrc != next.ssrc || self.event != next.event {
            return false;
        }
        if self.timestamp == next.timestamp {
            return true;
        }
        if marker {
            return false;
        }
        let near = next.at.saturating_duration_since(self.at) < SAME_PRESS;
        if self.ended {
            // Its end again: no finger presses twice in this time.
            return near && next.ended && next.duration == self.duration;
        }
        let segment = self.timestamp.wrapping_add(SEGMENT) == next.timestamp;
        segment || (near && next.duration > self.duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hears `(event, end, duration, timestamp, marker)` packets, 20 ms apart.
    fn heard(packets: &[(u8, bool, u16, u32, bool)]) -> String {
        let origin = Instant::now();
        let mut receiver = DigitReceiver::default();
        let mut keys = String::new();
        for (n, (event, end, duration, timestamp, marker)) in packets.iter().enumerate() {
            let [high, low] = duration.to_be_bytes();
            let payload = [*event, u8::from(*end) << 7 | 10, high, low];
            let packet = Packet {
                payload_type: 101,
                marker: *marker,
                sequence: n as u16,
                timestamp: *timestamp,
                ssrc: 1,
                payload: &payload,
            };
            let now = origin + Duration::from_millis(20) * n as u32;
            keys.extend(receiver.take(now, &packet).unwrap());
        }
        keys
    }

    fn press(event: u8, timestamp: u32) -> Vec<(u8, bool, u16, u32, bool)> {
        let mut packets: Vec<_> = (1..=5)
            .map(|n| (event, false, n * 160, timestamp, n == 1))
            .collect();
        packets.extend([(event, true, 960, timestamp, false); 3]);
        packets
    }

    #[test]
    fn a_press_is_heard_once_whatever_is_lost_of_it() {
        let whole = press(5, 1_000);
        for kept in 1u32..256 {
            let some: Vec<_> = whole
                .iter()
                .enumerate()
                .filter(|(n, _)| kept & (1 << n) != 0)
                .map(|(_, packet)| *packet)
                .collect();
            assert_eq!(heard(&some), "5", "{kept:b}");
        }
    }

    #[test]
    fn the_same_key_pressed_twice_is_heard_twice_even_without_its_ends() {
        let two = [press(1, 1_000), press(1, 2_600)].concat();
        assert_eq!(heard(&two), "11");
        let without_ends: Vec<_> = two.iter().filter(|p| !p.1).copied().collect();
        assert_eq!(heard(&without_ends), "11");
    }

    #[test]
    fn repeated_and_reordered_packets_are_no_second_press() {
        let mut packets = [press(3, 1_000), press(4, 2_600)].concat();
        let straggler = packets[6];
        packets.insert(10, straggler);
        packets.push(straggler);
        assert_eq!(heard(&packets), "34");
    }

    #[test]
    fn a_press_of_many_seconds_goes_on_in_segments() {
        let mut packets = vec![
            (7, false, 65_000, 100, false),
            (7, false, 65_535, 100, false),
        ];
        packets.extend([
            (7, false, 160, 65_635, false),
            (7, true, 800, 65_635, false),
        ]);
        assert_eq!(heard(&packets), "7");
    }

    #[test]
    fn the_timestamp_may_wrap_between_two_presses() {
        let two = [press(8, u32::MAX - 100), press(9, 1_500)].concat();
        assert_eq!(heard(&two), "89");
    }

    #[test]
    fn a_peer_whose_timestamp_runs_during_the_press_presses_once() {
        let mut packets: Vec<_> = (1..=6u16)
            .map(|n| (2, n == 6, n * 160, 1_000 + u32::from(n) * 160, n == 1))
            .collect();
        packets.push(packets[5]);
        packets.push((2, true, 960, 2_120, false));
        assert_eq!(heard(&packets), "2");
    }

    #[test]
    fn events_that_are_no_keys_are_no_digits_and_short_ones_are_bad() {
        assert_eq!(heard(&[(16, true, 800, 1, true)]), "");
        let packet = Packet {
            payload_type: 101,
            marker: true,
            sequence: 0,
            timestamp: 0,
            ssrc: 0,
            payload: &[1, 2, 3],
        };
        let mut receiver = DigitReceiver::default();
        assert_eq!(receiver.take(Instant::now(), &packet), Err(BadEvent));
    }
}
