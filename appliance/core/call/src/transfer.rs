//! Transfer by REFER: the words sent and the words read (RFC 3515).
//!
//! `Switchboard` sends the REFER and keeps its deadline; this file only writes the target and
//! reads the NOTIFY. A target never carries anything into a header but one URI.

use crate::limits::MAX_TARGET;

/// What one NOTIFY of a transfer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Trying or ringing.
    Underway,
    /// The other party answered.
    Done,
    /// It was refused, or the peer stopped telling.
    Failed,
}

/// The Refer-To URI for `target`: a `sip:`, `sips:` or `tel:` URI as it is, a bare number or
/// name at `host`. `None` when it holds anything that could leave the URI.
pub(crate) fn refer_to(target: &str, host: &str) -> Option<String> {
    let clean = |c: char| c.is_ascii_alphanumeric() || "+-_.!~*'()#&=$,;?/:@%[]".contains(c);
    if target.is_empty() || target.len() > MAX_TARGET || !target.chars().all(clean) {
        return None;
    }
    let scheme = target.split(':').next().unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "sip" | "sips" | "tel" => Some(target.to_owned()),
        _ if target.contains('@') => Some(format!("sip:{target}")),
        _ if target.contains(':') => None,
        _ => Some(format!("sip:{}@{host}", target.replace('#', "%23"))),
    }
}

/// Reads the sipfrag body and the Subscription-State of a NOTIFY (RFC 3515 section 2.4.5).
pub(crate) fn progress(body: &[u8], subscription_state: Option<&str>) -> Progress {
    let ended = subscription_state.is_some_and(|s| {
        s.trim_start()
            .to_ascii_lowercase()
            .starts_with("terminated")
    });
    match sipfrag_status(body) {
        Some(200..=299) => Progress::Done,
        Some(300..) => Progress::Failed,
        _ if ended => Progress::Failed,
        _ => Progress::Underway,
    }
}

fn sipfrag_status(body: &[u8]) -> Option<u16> {
    let line = body.split(|b| *b == b'\r' || *b == b'\n').next()?;
    let rest = std::str::from_utf8(line).ok()?.strip_prefix("SIP/2.0 ")?;
    let code = rest.split(' ').next()?;
    if code.len() == 3 {
        code.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_sought_at_the_trunk() {
        assert_eq!(
            refer_to("4001", "192.0.2.1:5060").as_deref(),
            Some("sip:4001@192.0.2.1:5060")
        );
        assert_eq!(refer_to("#9", "h").as_deref(), Some("sip:%239@h"));
        assert_eq!(
            refer_to("bob@example.net", "h").as_deref(),
            Some("sip:bob@example.net")
        );
        assert_eq!(
            refer_to("tel:+861012345678", "h").as_deref(),
            Some("tel:+861012345678")
        );
        assert_eq!(
            refer_to("sips:bob@example.net", "h").as_deref(),
            Some("sips:bob@example.net")
        );
    }

    #[test]
    fn a_target_cannot_leave_its_header() {
        for target in [
            "",
            "1\r\nVia: x",
            "1>",
            "<1",
            "a b",
            "\"x\"",
            "http://x",
            "javascript:1",
        ] {
            assert_eq!(refer_to(target, "h"), None, "{target:?}");
        }
        assert_eq!(refer_to(&"1".repeat(MAX_TARGET + 1), "h"), None);
    }

    #[test]
    fn a_notify_tells_how_the_transfer_went() {
        assert_eq!(
            progress(b"SIP/2.0 100 Trying\r\n", Some("active;expires=60")),
            Progress::Underway
        );
        assert_eq!(
            progress(b"SIP/2.0 200 OK", Some("terminated;reason=noresource")),
            Progress::Done
        );
        assert_eq!(
            progress(b"SIP/2.0 486 Busy Here\r\n", None),
            Progress::Failed
        );
        assert_eq!(
            progress(b"SIP/2.0 180 Ringing", Some("Terminated")),
            Progress::Failed
        );
        assert_eq!(progress(b"", None), Progress::Underway);
        assert_eq!(
            progress(b"SIP/2.0 99999999999 huge", None),
            Progress::Underway
        );
        assert_eq!(progress(&[0xff, 0xfe], None), Progress::Underway);
    }
}
