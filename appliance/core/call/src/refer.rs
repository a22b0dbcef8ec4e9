//! Transfers that a phone asks for: its Refer-To read, and the outcome written (RFC 3515, 5589).
//!
//! Pure reading and the one line that a NOTIFY carries back; `Switchboard` finds the leg that is
//! meant. What a header holds becomes a number or the name of a call, never part of a header.

use sip::{NameAddr, Replaces, Scheme};

use crate::address::number;

/// Whom a phone wants its other party to be connected with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferTo {
    /// The number.
    pub(crate) to: String,
    /// The call with that party which is to be taken over, as the phone names it.
    pub(crate) replaces: Option<Replaces>,
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
    let headers = uri.headers();
    let names_call = headers
        .split('&')
        .any(|field| field.to_ascii_lowercase().starts_with("replaces="));
    let replaces = Replaces::from_uri_headers(headers);
    if names_call && replaces.is_none() {
        return None;
    }
    Some(ReferTo {
        to: number(&uri),
        replaces,
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
    }
}
