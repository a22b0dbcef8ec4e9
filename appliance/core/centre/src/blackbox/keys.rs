//! Keys of protected media (RFC 4568) are kept out of the black box.
//!
//! A peer's key is written as another one, the same for the same key, so that a replay sees a change
//! of key where there was one. Our own come from a source that is not written (see
//! [`Centre::draw_keys_from`](crate::Centre::draw_keys_from)), so a replay makes others: for the
//! digest of an answer all keys are alike. What guards a message that holds a key by a digest over
//! its body (`auth-int`) is the one thing that a replay may so judge otherwise.

use std::ops::Range;

/// What a description's keys begin with.
const LINE: &[u8] = b"a=crypto:";
const INLINE: &[u8] = b"inline:";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The message with another key in the place of each; `None` where it holds none.
pub(super) fn disguised(message: &[u8]) -> Option<Vec<u8>> {
    covered(message, |key| {
        // FNV-1a and splitmix64: at most 64 bits of a key of 240 and more can be told from them.
        let mut state = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        for byte in key {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let letter = usize::try_from((mixed ^ (mixed >> 27)) % 64).unwrap_or(0);
            *byte = BASE64.get(letter).copied().unwrap_or(b'A');
        }
    })
}

/// The message with one and the same key in the place of each; `None` where it holds none.
pub(super) fn blanked(message: &[u8]) -> Option<Vec<u8>> {
    covered(message, |key| key.fill(b'A'))
}

fn covered(message: &[u8], cover: impl Fn(&mut [u8])) -> Option<Vec<u8>> {
    let mut copy = None;
    let mut from = 0;
    while let Some(key) = next_key(message, from) {
        from = key.end;
        let copy = copy.get_or_insert_with(|| message.to_vec());
        // The last letter of some lengths has bits that must be zero.
        if let Some([head @ .., last]) = copy.get_mut(key) {
            cover(head);
            *last = b'A';
        }
    }
    copy
}

/// Where the base64 of the next key is. A line that we would not take holds no key that anybody
/// uses, and must stay as wrong as it is.
fn next_key(message: &[u8], mut from: usize) -> Option<Range<usize>> {
    loop {
        let line = from + find(message.get(from..)?, LINE)?;
        let value = line + LINE.len();
        let rest = message.get(value..)?;
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let text = rest.get(..end.unwrap_or(rest.len()))?;
        from = value + text.len();
        let is_taken = std::str::from_utf8(text).is_ok_and(call::is_media_key);
        let key = find(&text.to_ascii_lowercase(), INLINE).map(|at| at + INLINE.len());
        if let (true, Some(key)) = (is_taken, key) {
            let is_letter = |byte: &u8| BASE64.contains(byte);
            let length = text.get(key..)?.iter().take_while(|b| is_letter(b)).count();
            return Some(value + key..value + key + length);
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|here| here == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    fn offer(key: &str) -> String {
        format!(
            "INVITE sip:1 SIP/2.0\r\n\r\nv=0\r\nm=audio 1 RTP/SAVP 8\r\n\
             a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20\r\na=sendrecv\r\n"
        )
    }

    #[test]
    fn a_key_is_written_as_another_one_that_is_as_long_and_changes_with_it() {
        let text = offer(KEY);
        let covered = String::from_utf8(disguised(text.as_bytes()).unwrap()).unwrap();
        assert!(
            !covered.contains(&KEY[..8]) && !covered.contains(&KEY[32..]),
            "{covered}"
        );
        assert_eq!(covered.len(), text.len());
        let line = covered.lines().find_map(|l| l.strip_prefix("a=crypto:"));
        assert!(call::is_media_key(line.unwrap()), "{covered}");
        assert_eq!(disguised(text.as_bytes()).unwrap(), covered.as_bytes());
        let other = offer(&KEY.replace("d0R", "d0S"));
        let [one, two] = [&text, &other].map(|text| disguised(text.as_bytes()).unwrap());
        assert_ne!(one, two);
        let [one, two] = [&text, &other].map(|text| blanked(text.as_bytes()).unwrap());
        assert_eq!(one, two);
    }

    #[test]
    fn what_holds_no_key_that_is_taken_stays_as_it_is() {
        let wrong = offer("tooshort");
        for text in ["", "a=crypto:", "OPTIONS sip:1 SIP/2.0\r\n\r\n", &wrong] {
            assert_eq!(disguised(text.as_bytes()), None, "{text}");
        }
        let both = format!("{wrong}{}", offer(KEY));
        let covered = String::from_utf8(disguised(both.as_bytes()).unwrap()).unwrap();
        assert!(covered.starts_with(&wrong) && !covered.contains(KEY));
    }
}
