//! Reason: why a request was sent or a call ended (RFC 3326), as the peer says it and as we do.

use std::fmt;

use crate::auth_params::unquote;
use crate::lex::{Cursor, number};
use crate::limits;
use crate::params::Params;
use crate::request::Headers;

/// One value of a Reason header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonHeader {
    /// Whose numbers `cause` is of: `SIP`, `Q.850`, ...
    pub protocol: String,
    /// The status or cause number.
    pub cause: Option<u16>,
    /// Words for a person.
    pub text: Option<String>,
}

impl ReasonHeader {
    /// A SIP status as a reason: `200` with "Call completed elsewhere" in the CANCEL of a fork.
    pub fn sip(cause: u16, text: &str) -> Self {
        Self::new("SIP", cause, text)
    }

    /// A Q.850 cause as a reason.
    pub fn q850(cause: u16, text: &str) -> Self {
        Self::new("Q.850", cause, text)
    }

    /// The values in one Reason field; what is malformed ends the list.
    pub fn parse_all(value: &str) -> Vec<Self> {
        let mut cursor = Cursor::new(value.as_bytes());
        let mut values = Vec::new();
        while values.len() < limits::MAX_REASONS {
            cursor.skip_lws();
            let protocol = String::from_utf8_lossy(cursor.token()).into_owned();
            let Some(params) = Params::read(&mut cursor)
                .ok()
                .filter(|_| !protocol.is_empty())
            else {
                break;
            };
            let text = |name: &str| {
                let value = params.get(name).filter(|value| !value.is_empty())?;
                Some(unquote(&String::from_utf8_lossy(value)))
            };
            let cause = params
                .get("cause")
                .and_then(|cause| number(cause, 999).ok());
            values.push(Self {
                protocol,
                cause: cause.and_then(|cause| u16::try_from(cause).ok()),
                text: text("text"),
            });
            if !cursor.eat(b',') {
                break;
            }
        }
        values
    }

    /// All reasons of a message.
    pub fn of(headers: &Headers) -> Vec<Self> {
        headers
            .all("Reason")
            .flat_map(Self::parse_all)
            .take(limits::MAX_REASONS)
            .collect()
    }

    fn new(protocol: &str, cause: u16, text: &str) -> Self {
        Self {
            protocol: protocol.to_owned(),
            cause: Some(cause),
            text: Some(text.to_owned()).filter(|text| !text.is_empty()),
        }
    }
}

impl fmt::Display for ReasonHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = &self.text {
            write!(f, ";text=\"{}\"", crate::auth_params::quote(text))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_as_it_is_written() {
        let elsewhere = ReasonHeader::sip(200, "Call completed elsewhere");
        let written = "SIP;cause=200;text=\"Call completed elsewhere\"";
        assert_eq!(elsewhere.to_string(), written);
        let both = format!("{written} , Q.850 ;cause=16 ;text=\"say \\\"bye\\\"\"");
        let read = ReasonHeader::parse_all(&both);
        assert_eq!(read, [elsewhere, ReasonHeader::q850(16, "say \"bye\"")]);
    }

    #[test]
    fn odd_reasons_harm_nobody() {
        let read = ReasonHeader::parse_all("X-odd;cause=99999999999;a=b");
        assert_eq!(read[0].cause, None);
        assert_eq!(read[0].protocol, "X-odd");
        for text in ["", ";cause=16", "\"SIP\"", "SIP;cause=;text"] {
            assert_eq!(ReasonHeader::parse_all(text), [], "{text}");
        }
        let many = "SIP;cause=1,".repeat(100);
        assert_eq!(ReasonHeader::parse_all(&many).len(), limits::MAX_REASONS);
    }
}
