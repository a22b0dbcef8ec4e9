//! SIP addresses of our own making, and numbers out of the peer's.
//!
//! Whatever a number holds, it cannot leave the user part it is put into.

use std::fmt::Write as _;

use sip::Uri;

use crate::limits::MAX_NAME;

/// `sip:USER@HOST`, the user escaped where it must be (RFC 3261 section 25.1); `None` where that
/// is no URI.
pub(crate) fn sip_uri(user: &str, host: &str) -> Option<Uri> {
    let uri = if user.is_empty() {
        Uri::parse(&format!("sip:{host}"))
    } else {
        Uri::parse(&format!("sip:{}@{host}", escaped(user)))
    };
    uri.ok()
}

/// The user part without its parameters; the whole URI where there is none.
pub(crate) fn number(uri: &Uri) -> String {
    let user = uri.user_decoded().unwrap_or_default();
    let user = user.split(';').next().unwrap_or_default();
    if user.is_empty() {
        cut(uri.as_str())
    } else {
        cut(user)
    }
}

/// Text of a peer as it is handed on: no control characters, not too long.
pub(crate) fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME)
        .collect()
}

/// A user part: everything but the unreserved and user-unreserved characters is escaped.
fn escaped(user: &str) -> String {
    let mut text = String::with_capacity(user.len());
    for byte in user.bytes().take(MAX_NAME) {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,?/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialled_hash_is_escaped_and_read_back() {
        let uri = sip_uri("*21#", "192.0.2.1:5060").unwrap();
        assert_eq!(uri.as_str(), "sip:*21%23@192.0.2.1:5060");
        assert_eq!(number(&uri), "*21#");
    }

    #[test]
    fn a_number_cannot_leave_its_user_part() {
        for number in ["1@evil", "1>\r\nVia: x", "1;x=y", "1 2", "a:b"] {
            let uri = sip_uri(number, "192.0.2.1").unwrap();
            assert_eq!(uri.host(), "192.0.2.1", "{number:?}");
            assert!(!uri.as_str().contains(['\r', '\n', '>', ';']), "{number:?}");
        }
        assert_eq!(sip_uri("1", "not a host"), None);
        assert_eq!(sip_uri("", "192.0.2.1").unwrap().as_str(), "sip:192.0.2.1");
    }
}
