//! Digits that come by INFO: `application/dtmf-relay` and `application/dtmf`.
//!
//! No RFC stands behind either; this is what carriers send. Asked by `Switchboard`, keeps nothing.

use crate::limits::MAX_INFO_BODY;

/// What an INFO request holds for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Info {
    /// One pressed key.
    Digit(char),
    /// Nothing we need: answered 200 and forgotten.
    Nothing,
    /// A body of a kind we do not read (415).
    Unsupported,
    /// A body of the right kind that makes no sense (400).
    Malformed,
}

/// Reads the body of an INFO request.
pub(crate) fn read(content_type: &str, body: &[u8]) -> Info {
    if body.is_empty() {
        return Info::Nothing;
    }
    if body.len() > MAX_INFO_BODY {
        return Info::Unsupported;
    }
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let text = String::from_utf8_lossy(body);
    match kind.as_str() {
        "application/dtmf-relay" => text.lines().find_map(signal).map_or(Info::Malformed, key),
        "application/dtmf" => key(text.trim()),
        _ => Info::Unsupported,
    }
}

fn signal(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("signal")
        .then(|| value.trim())
}

/// Some senders write the RFC 4733 event number of `*` and `#` instead of the key.
fn key(value: &str) -> Info {
    match value {
        "10" => return Info::Digit('*'),
        "11" => return Info::Digit('#'),
        _ => {}
    }
    let mut chars = value.chars();
    match (chars.next().map(|c| c.to_ascii_uppercase()), chars.next()) {
        (Some(c @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => Info::Digit(c),
        _ => Info::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relayed_key_is_read_however_it_is_spaced() {
        let relay = "application/dtmf-relay";
        assert_eq!(
            read(relay, b"Signal=5\r\nDuration=160\r\n"),
            Info::Digit('5')
        );
        assert_eq!(
            read(
                "Application/DTMF-Relay; x=y",
                b"Duration = 100\nsignal = # "
            ),
            Info::Digit('#')
        );
        assert_eq!(read(relay, b"Signal=10\r\n"), Info::Digit('*'));
        assert_eq!(read(relay, b"Signal=a"), Info::Digit('A'));
        assert_eq!(read("application/dtmf", b"7\r\n"), Info::Digit('7'));
    }

    #[test]
    fn a_body_without_a_key_is_named_for_what_it_is() {
        let relay = "application/dtmf-relay";
        assert_eq!(read("", b""), Info::Nothing);
        assert_eq!(
            read("application/media_control+xml", b"<x/>"),
            Info::Unsupported
        );
        assert_eq!(read(relay, b"Signal=99999999999999999999"), Info::Malformed);
        assert_eq!(read(relay, b"Signal="), Info::Malformed);
        assert_eq!(read(relay, &[0xff; 20]), Info::Malformed);
        assert_eq!(read(relay, &[b'1'; MAX_INFO_BODY + 1]), Info::Unsupported);
    }
}
