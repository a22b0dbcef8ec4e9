//! URIs: `sip:`, `sips:`, `tel:` taken apart, any other scheme carried whole (RFC 3261 19.1, RFC 3966).
//!
//! [`UriRef`] borrows the receive buffer and allocates nothing; [`Uri`] is the owned copy with the same
//! questions. Both keep the text exactly as received: nothing is unescaped or re-escaped on the way out.

mod grammar;

use std::fmt;
use std::net::IpAddr;

use crate::lex::find;
use crate::limits;
use crate::span::Span;
use grammar::{check_bytes, other_parts, param, scheme, sip_parts, tel_parts, text};
pub(crate) use grammar::{host_ip, host_len, port, unescape};

/// Why a text is not a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UriError(pub(crate) &'static str);

/// A URI inside a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UriRef<'a> {
    text: &'a [u8],
    parts: Parts,
}

/// A URI of our own: the text and where its parts stand.
#[derive(Clone, PartialEq, Eq)]
pub struct Uri {
    text: Vec<u8>,
    parts: Parts,
}

/// What kind of scheme a URI has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:` (RFC 3966)
    Tel,
    /// Any other.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    scheme: Scheme,
    /// The user part, or the number of a `tel:` URI.
    user: Option<Span>,
    host: Span,
    port: Option<u16>,
    params: Span,
    headers: Span,
}

impl<'a> UriRef<'a> {
    /// Reads `text`, which must be a URI and nothing else.
    ///
    /// # Errors
    /// [`UriError`] says what is wrong; the grammar of RFC 3261 25.1 with these tolerances: any printable
    /// byte in a user part, `_` in host names, RFC 5118's `:::` before an embedded IPv4 address.
    pub fn parse(text: &'a [u8]) -> Result<Self, UriError> {
        if text.len() > limits::MAX_URI {
            return Err(UriError("uri too long"));
        }
        check_bytes(text)?;
        let colon = find(b':', text).ok_or(UriError("uri without a scheme"))?;
        let scheme = scheme(text.get(..colon).unwrap_or_default())?;
        let parts = match scheme {
            Scheme::Sip | Scheme::Sips => sip_parts(text, scheme, colon)?,
            Scheme::Tel => tel_parts(text, colon)?,
            Scheme::Other => other_parts(text, colon)?,
        };
        Ok(Self { text, parts })
    }

    /// The whole URI as received.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// The kind of scheme.
    pub fn scheme(&self) -> Scheme {
        self.parts.scheme
    }

    /// The user part (`sip:`) or the number (`tel:`), escapes as received, password included.
    pub fn user(&self) -> Option<&'a [u8]> {
        self.parts.user.map(|span| span.of(self.text))
    }

    /// The host, brackets included where it is an IPv6 reference; empty where the scheme has none.
    pub fn host(&self) -> &'a [u8] {
        self.parts.host.of(self.text)
    }

    /// The host as an address, where it is one.
    pub fn host_ip(&self) -> Option<IpAddr> {
        host_ip(self.host())
    }

    /// The port, where one is written.
    pub fn port(&self) -> Option<u16> {
        self.parts.port
    }

    /// A URI parameter by name, whatever its case: `Some(None)` where it stands without a value.
    pub fn param(&self, name: &str) -> Option<Option<&'a [u8]>> {
        param(self.parts.params.of(self.text), name)
    }

    /// The headers part after `?`, as received; empty where there is none.
    pub fn headers(&self) -> &'a [u8] {
        self.parts.headers.of(self.text)
    }

    /// An owned copy.
    pub fn to_uri(&self) -> Uri {
        Uri {
            text: self.text.to_vec(),
            parts: self.parts,
        }
    }
}

impl Uri {
    /// Reads `text`; see [`UriRef::parse`].
    ///
    /// # Errors
    /// [`UriError`] where it is not a URI.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        UriRef::parse(text.as_bytes()).map(|uri| uri.to_uri())
    }

    /// A borrowed view with the same questions, in bytes.
    pub fn view(&self) -> UriRef<'_> {
        UriRef {
            text: &self.text,
            parts: self.parts,
        }
    }

    /// The whole URI as received.
    pub fn as_str(&self) -> &str {
        text(&self.text)
    }

    /// The kind of scheme.
    pub fn scheme(&self) -> Scheme {
        self.parts.scheme
    }

    /// The user part or `tel:` number, escapes as received.
    pub fn user(&self) -> Option<&str> {
        self.view().user().map(text)
    }

    /// The user part or `tel:` number with `%` escapes resolved and without a password: what was dialled.
    pub fn user_decoded(&self) -> Option<String> {
        let user = self.view().user()?;
        let end = find(b':', user).unwrap_or(user.len());
        Some(unescape(user.get(..end).unwrap_or_default()))
    }

    /// The host, brackets included where it is an IPv6 reference.
    pub fn host(&self) -> &str {
        text(self.view().host())
    }

    /// The host as an address, where it is one.
    pub fn host_ip(&self) -> Option<IpAddr> {
        self.view().host_ip()
    }

    /// The port, where one is written.
    pub fn port(&self) -> Option<u16> {
        self.parts.port
    }

    /// A URI parameter by name, whatever its case: `Some(None)` where it stands without a value.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.view().param(name).map(|value| value.map(text))
    }

    /// The headers part after `?`, as received.
    pub fn headers(&self) -> &str {
        text(self.view().headers())
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uri({})", self.as_str())
    }
}
