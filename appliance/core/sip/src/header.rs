//! Header names: which header a name means, compact forms included (RFC 3261 7.3.3 and 20).
//!
//! Recognised by length and first letter, then one case-insensitive comparison: no hashing, no allocation.

/// A header this crate or its owner looks up by name; all others are [`Kind::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "the names are the header names of RFC 3261 and its extensions"
)]
pub enum Kind {
    // First, so that an empty table is all zeros.
    Other,
    Accept,
    AcceptEncoding,
    Allow,
    AllowEvents,
    Authorization,
    CallId,
    Contact,
    ContentDisposition,
    ContentEncoding,
    ContentLength,
    ContentType,
    CSeq,
    Date,
    Event,
    Expires,
    From,
    Identity,
    MaxForwards,
    MinExpires,
    PAssertedIdentity,
    ProxyAuthenticate,
    ProxyAuthorization,
    ProxyRequire,
    Reason,
    RecordRoute,
    ReferTo,
    ReferredBy,
    Require,
    RetryAfter,
    Route,
    Server,
    SessionExpires,
    Subject,
    Supported,
    To,
    Unsupported,
    UserAgent,
    Via,
    WwwAuthenticate,
}

impl Kind {
    /// The kind of header called `name`, whatever its case, short or long.
    pub fn of(name: &[u8]) -> Self {
        let Some(first) = name.first().map(u8::to_ascii_lowercase) else {
            return Self::Other;
        };
        if name.len() == 1 {
            return compact(first);
        }
        let kind = candidate(name.len(), first, name);
        let known = kind.name().as_bytes();
        // Most names are written as the RFC writes them.
        let is_meant = known == name || known.eq_ignore_ascii_case(name);
        if is_meant { kind } else { Self::Other }
    }

    /// The full name as we write it; empty for [`Kind::Other`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::AcceptEncoding => "Accept-Encoding",
            Self::Allow => "Allow",
            Self::AllowEvents => "Allow-Events",
            Self::Authorization => "Authorization",
            Self::CallId => "Call-ID",
            Self::Contact => "Contact",
            Self::ContentDisposition => "Content-Disposition",
            Self::ContentEncoding => "Content-Encoding",
            Self::ContentLength => "Content-Length",
            Self::ContentType => "Content-Type",
            Self::CSeq => "CSeq",
            Self::Date => "Date",
            Self::Event => "Event",
            Self::Expires => "Expires",
            Self::From => "From",
            Self::Identity => "Identity",
            Self::MaxForwards => "Max-Forwards",
            Self::MinExpires => "Min-Expires",
            Self::PAssertedIdentity => "P-Asserted-Identity",
            Self::ProxyAuthenticate => "Proxy-Authenticate",
            Self::ProxyAuthorization => "Proxy-Authorization",
            Self::ProxyRequire => "Proxy-Require",
            Self::Reason => "Reason",
            Self::RecordRoute => "Record-Route",
            Self::ReferTo => "Refer-To",
            Self::ReferredBy => "Referred-By",
            Self::Require => "Require",
            Self::RetryAfter => "Retry-After",
            Self::Route => "Route",
            Self::Server => "Server",
            Self::SessionExpires => "Session-Expires",
            Self::Subject => "Subject",
            Self::Supported => "Supported",
            Self::To => "To",
            Self::Unsupported => "Unsupported",
            Self::UserAgent => "User-Agent",
            Self::Via => "Via",
            Self::WwwAuthenticate => "WWW-Authenticate",
            Self::Other => "",
        }
    }
}

fn compact(letter: u8) -> Kind {
    match letter {
        b'b' => Kind::ReferredBy,
        b'c' => Kind::ContentType,
        b'e' => Kind::ContentEncoding,
        b'f' => Kind::From,
        b'i' => Kind::CallId,
        b'k' => Kind::Supported,
        b'l' => Kind::ContentLength,
        b'm' => Kind::Contact,
        b'o' => Kind::Event,
        b'r' => Kind::ReferTo,
        b's' => Kind::Subject,
        b't' => Kind::To,
        b'u' => Kind::AllowEvents,
        b'v' => Kind::Via,
        b'x' => Kind::SessionExpires,
        b'y' => Kind::Identity,
        _ => Kind::Other,
    }
}

/// The one header that could be meant by a name of this length and first letter; where two could, the
/// second letter decides.
fn candidate(length: usize, first: u8, name: &[u8]) -> Kind {
    let second = name.get(1).map_or(0, u8::to_ascii_lowercase);
    match (length, first) {
        (2, b't') => Kind::To,
        (3, b'v') => Kind::Via,
        (4, b'c') => Kind::CSeq,
        (4, b'd') => Kind::Date,
        (4, b'f') => Kind::From,
        (5, b'a') => Kind::Allow,
        (5, b'e') => Kind::Event,
        (5, b'r') => Kind::Route,
        (6, b'a') => Kind::Accept,
        (6, b'r') => Kind::Reason,
        (6, b's') => Kind::Server,
        (7, b'c') if second == b'a' => Kind::CallId,
        (7, b'c') => Kind::Contact,
        (7, b'e') => Kind::Expires,
        (7, b'r') => Kind::Require,
        (7, b's') => Kind::Subject,
        (8, b'i') => Kind::Identity,
        (8, b'r') => Kind::ReferTo,
        (9, b's') => Kind::Supported,
        (10, b'u') => Kind::UserAgent,
        (11, b'm') => Kind::MinExpires,
        (11, b'r') if name.get(4).map(u8::to_ascii_lowercase) == Some(b'r') => Kind::ReferredBy,
        (11, b'r') => Kind::RetryAfter,
        (11, b'u') => Kind::Unsupported,
        (12, b'a') => Kind::AllowEvents,
        (12, b'c') => Kind::ContentType,
        (12, b'm') => Kind::MaxForwards,
        (12, b'r') => Kind::RecordRoute,
        (13, b'a') => Kind::Authorization,
        (13, b'p') => Kind::ProxyRequire,
        (14, b'c') => Kind::ContentLength,
        (15, b'a') => Kind::AcceptEncoding,
        (15, b's') => Kind::SessionExpires,
        (16, b'c') => Kind::ContentEncoding,
        (16, b'w') => Kind::WwwAuthenticate,
        (18, b'p') => Kind::ProxyAuthenticate,
        (19, b'c') => Kind::ContentDisposition,
        (19, b'p') if second == b'-' => Kind::PAssertedIdentity,
        (19, b'p') => Kind::ProxyAuthorization,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 39] = [
        Kind::Accept,
        Kind::AcceptEncoding,
        Kind::Allow,
        Kind::AllowEvents,
        Kind::Authorization,
        Kind::CallId,
        Kind::Contact,
        Kind::ContentDisposition,
        Kind::ContentEncoding,
        Kind::ContentLength,
        Kind::ContentType,
        Kind::CSeq,
        Kind::Date,
        Kind::Event,
        Kind::Expires,
        Kind::From,
        Kind::Identity,
        Kind::MaxForwards,
        Kind::MinExpires,
        Kind::PAssertedIdentity,
        Kind::ProxyAuthenticate,
        Kind::ProxyAuthorization,
        Kind::ProxyRequire,
        Kind::Reason,
        Kind::RecordRoute,
        Kind::ReferTo,
        Kind::ReferredBy,
        Kind::Require,
        Kind::RetryAfter,
        Kind::Route,
        Kind::Server,
        Kind::SessionExpires,
        Kind::Subject,
        Kind::Supported,
        Kind::To,
        Kind::Unsupported,
        Kind::UserAgent,
        Kind::Via,
        Kind::WwwAuthenticate,
    ];

    #[test]
    fn every_name_is_found_in_any_case() {
        for kind in ALL {
            assert_eq!(Kind::of(kind.name().as_bytes()), kind);
            assert_eq!(Kind::of(kind.name().to_uppercase().as_bytes()), kind);
            assert_eq!(Kind::of(kind.name().to_lowercase().as_bytes()), kind);
        }
    }

    #[test]
    fn compact_names_mean_their_headers_and_strangers_mean_nothing() {
        for (letter, kind) in [
            ("v", Kind::Via),
            ("F", Kind::From),
            ("t", Kind::To),
            ("I", Kind::CallId),
        ] {
            assert_eq!(Kind::of(letter.as_bytes()), kind);
        }
        for stranger in [
            "",
            "q",
            "Vib",
            "C%6Fntact",
            "Max-Forwardz",
            "Content-Lengthy",
        ] {
            assert_eq!(Kind::of(stranger.as_bytes()), Kind::Other);
        }
    }
}
