//! Replaces: a call that takes the place of another one (RFC 3891), as a header and inside a Refer-To URI.
//!
//! Tags are named as the party sees them that is asked: its own tag is the to-tag.

use std::fmt;

use crate::lex::{Cursor, trim};
use crate::limits;
use crate::params::Params;
use crate::uri::unescape;

/// The dialog that is to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: String,
    /// The tag of the party that is asked.
    pub to_tag: String,
    /// The tag of the other party.
    pub from_tag: String,
    /// Whether it may be replaced only while it rings.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a Replaces value; `None` where it is malformed or lacks a tag.
    pub fn parse(value: &str) -> Option<Self> {
        let mut cursor = Cursor::new(trim(value.as_bytes()));
        let call_id = trim(cursor.take_while(|b| !matches!(b, b';' | b',')));
        let params = Params::read(&mut cursor).ok()?;
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
        let tag = |name: &str| text(params.get(name).filter(|tag| !tag.is_empty())?);
        let is_whole = cursor.is_at_end() && !call_id.is_empty() && value.len() <= limits::MAX_URI;
        is_whole.then_some(())?;
        Some(Self {
            call_id: text(call_id)?,
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            early_only: params.get("early-only").is_some(),
        })
    }

    /// Reads it from the headers part of a URI, as a Refer-To carries it (19.1.1, RFC 3891 4).
    pub fn from_uri_headers(headers: &str) -> Option<Self> {
        headers.split('&').find_map(|header| {
            let (name, value) = header.split_once('=')?;
            let is_it = name.eq_ignore_ascii_case("Replaces");
            is_it.then(|| Self::parse(&unescape(value.as_bytes())))?
        })
    }

    /// The headers part of a Refer-To URI that asks for it, `?` not included.
    pub fn to_uri_headers(&self) -> String {
        let mut out = "Replaces=".to_owned();
        for byte in self.to_string().bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            call_id,
            to_tag,
            from_tag,
            early_only,
        } = self;
        write!(f, "{call_id};to-tag={to_tag};from-tag={from_tag}")?;
        if *early_only {
            f.write_str(";early-only")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refer_to_carries_it_there_and_back() {
        let replaces = Replaces {
            call_id: "425928@bobster.example.org".to_owned(),
            to_tag: "7743".to_owned(),
            from_tag: "6472".to_owned(),
            early_only: true,
        };
        let value = "425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only";
        assert_eq!(replaces.to_string(), value);
        assert_eq!(Replaces::parse(value), Some(replaces.clone()));
        let headers = replaces.to_uri_headers();
        assert!(headers.starts_with("Replaces=425928%40bobster.example.org%3Bto-tag%3D7743"));
        let among = format!("Subject=x&{headers}&Require=replaces");
        assert_eq!(Replaces::from_uri_headers(&among), Some(replaces));
    }

    #[test]
    fn half_a_replaces_is_none() {
        for wrong in [
            "",
            ";to-tag=a;from-tag=b",
            "c;to-tag=a",
            "c;to-tag=;from-tag=b",
            "c;to-tag=a;from-tag=b, d;to-tag=a;from-tag=b",
        ] {
            assert_eq!(Replaces::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Replaces::from_uri_headers("Replaces"), None);
        assert_eq!(Replaces::from_uri_headers(""), None);
    }
}
