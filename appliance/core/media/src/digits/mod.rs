//! Keys as RFC 4733 events: heard once a press, sent with their three ends.
//!
//! [`DigitReceiver`] and [`DigitSender`] are driven by [`crate::stream`]. In-band tones are not
//! looked for here.

mod receive;
mod send;

pub use receive::{BadEvent, DigitReceiver};
pub use send::{DigitSender, EventPacket, Slot};

/// The keys in the order of their event codes (RFC 4733 section 3.2, table 3).
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// The key of an event code; `None` for events that are no keys (flash, tones).
pub fn key(event: u8) -> Option<char> {
    KEYS.get(usize::from(event)).map(|key| char::from(*key))
}

/// The event code of a key.
pub fn event(key: char) -> Option<u8> {
    let key = u8::try_from(key.to_ascii_uppercase()).ok()?;
    let at = KEYS.iter().position(|each| *each == key)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_event() {
        for (code, name) in "0123456789*#ABCD".chars().enumerate() {
            assert_eq!(key(code as u8), Some(name));
            assert_eq!(event(name), Some(code as u8));
        }
        assert_eq!(event('d'), Some(15));
        assert_eq!((key(16), event('x'), event('零')), (None, None, None));
    }
}
