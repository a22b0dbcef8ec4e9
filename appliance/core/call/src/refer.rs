//! Transfers that a phone asks for: its Refer-To and Replaces read (RFC 3515, 3891, 5589).
//!
//! Pure reading and the one line that a NOTIFY carries back; `Switchboard` finds the leg that is
//! meant. What a header holds becomes a number or the name of a call, never part of a header.

use sip::{NameAddr, Scheme};

use crate::address::number;
use crate::limits::MAX_REPLACES;

/// Whom a phone wants its other party to be connected with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferTo {
    /// The number.
    pub(crate) to: String,
    /// The call with that party which is to be taken over, as the phone names it.
    pub(crate) replaces: Option<Replaces>,
}

/// A call as a peer names it (RFC 3891 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replaces {
    pub(crate) call_id: String,
    /// The tag of whoever receives this header.
    pub(crate) to_tag: String,
    pub(crate) from_tag: String,
    /// Only a call that is not answered yet is meant.
    pub(crate) early_only: bool,
}

/// Reads a Refer-To that asks for a call; `None` for everything else.
pub(crate) fn refer_to(value: &str) -> Option<ReferTo> {
    let address = NameAddr::parse(value.as_bytes()).ok()?;
    let uri = address.uri.to_uri();
    if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips | Scheme::Tel) {
        return None;
    }
    let method = uri.param("method").flatten();
    if method.is_some_and(|method| !method.eq_ignore_ascii_case("INVITE")) {
        return None;
    }
    let mut replaces = None;
    for field in uri.headers().split('&') {
        if let Some((name, value)) = field.split_once('=')
            && name.eq_ignore_ascii_case("replaces")
        {
            replaces = Some(self::replaces(&unescaped(value)?)?);
        }
    }
    Some(ReferTo {
        to: number(&uri),
        replaces,
    })
}

/// Reads the value of a Replaces header.
pub(crate) fn replaces(value: &str) -> Option<Replaces> {
    if value.len() > MAX_REPLACES || value.contains(',') {
        return None;
    }
    let mut parts = value.split(';').map(str::trim);
    let call_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
    let (mut to_tag, mut from_tag, mut early_only) = (None, None, false);
    for part in parts {
        match part.split_once('=') {
            Some((name, tag)) if name.eq_ignore_ascii_case("to-tag") => to_tag = Some(tag),
            Some((name, tag)) if name.eq_ignore_ascii_case("from-tag") => from_tag = Some(tag),
            None if part.eq_ignore_ascii_case("early-only") => early_only = true,
            _ => {}
        }
    }
    Some(Replaces {
        call_id,
        to_tag: to_tag?.to_owned(),
        from_tag: from_tag?.to_owned(),
        early_only,
    })
}

/// The body of a NOTIFY: how far the transfer is (RFC 3515 section 2.4.5).
pub(crate) fn sipfrag(status: u16) -> String {
    let phrase = match status {
        100 => "Trying",
        180 => "Ringing",
        101..200 => "Progress",
        200..300 => "OK",
        404 => "Not Found",
        408 => "Request Timeout",
        480 => "Temporarily Unavailable",
        486 => "Busy Here",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Failed",
    };
    format!("SIP/2.0 {status} {phrase}\r\n")
}

/// A header value as a URI carries it, its escapes resolved; `None` where they are broken or it
/// is no text of one line.
fn unescaped(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant() -> Replaces {
        Replaces {
            call_id: "12@192.168.1.20".into(),
            to_tag: "7743".into(),
            from_tag: "6472".into(),
            early_only: false,
        }
    }

    #[test]
    fn a_blind_transfer_names_a_number() {
        for (value, to) in [
            ("<sip:1002@192.0.2.9>", "1002"),
            ("sip:1002@192.0.2.9", "1002"),
            (
                "\"Zhang\" <sip:1002@192.0.2.9;user=phone;method=INVITE>",
                "1002",
            ),
            ("<tel:+8613800000007>", "+8613800000007"),
            ("<sip:%2a21%23@h>", "*21#"),
        ] {
            let expected = ReferTo {
                to: to.into(),
                replaces: None,
            };
            assert_eq!(refer_to(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn an_attended_transfer_names_the_call_to_take_over() {
        let value =
            "<sip:1002@192.0.2.9?Replaces=12%40192.168.1.20%3Bto-tag%3D7743%3Bfrom-tag%3D6472>";
        assert_eq!(refer_to(value).unwrap().replaces, Some(meant()));
        let early = "12@192.168.1.20 ; from-tag=6472;to-tag=7743; early-only;x=y";
        let early_only = Replaces {
            early_only: true,
            ..meant()
        };
        assert_eq!(replaces(early), Some(early_only));
    }

    #[test]
    fn odd_wishes_are_none() {
        for value in [
            "",
            "<sip:1@h;method=BYE>",
            "<mailto:a@b>",
            "<sip:1@h?Replaces=1%3Bto-tag%3D2>",
            "<sip:1@h?Replaces=%0d%0aVia>",
            "<sip:1@h?Replaces=%>",
            "<sip:1@h>, <sip:2@h>",
        ] {
            assert_eq!(refer_to(value), None, "{value}");
        }
        for value in [
            "",
            ";to-tag=1;from-tag=2",
            "a;to-tag=1",
            "a;to-tag=1;from-tag=2, b",
        ] {
            assert_eq!(replaces(value), None, "{value}");
        }
        let long = format!("{};to-tag=1;from-tag=2", "a".repeat(MAX_REPLACES));
        assert_eq!(replaces(&long), None);
    }
}
