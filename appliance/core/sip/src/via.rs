//! Via: where a request came through and where its responses go (RFC 3261 18.2, 20.42; RFC 3581).
//!
//! White space may stand inside `SIP / 2.0 / UDP` and round `:` (RFC 4475 `wsinv`). The place of each value
//! inside its header field is kept, so that `received` and `rport` can be added without touching the rest.

use std::net::IpAddr;

use crate::lex::Cursor;
use crate::params::Params;
use crate::span::Span;
use crate::uri;

/// The prefix of branches that identify a transaction (RFC 3261 8.1.1.7).
pub(crate) const COOKIE: &[u8] = b"z9hG4bK";

/// One Via value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// The transport as received: `UDP`, `TCP`, ...
    pub transport: &'a [u8],
    /// The sent-by host, brackets included.
    pub host: &'a [u8],
    /// The sent-by port, where one is written.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// The branch, where there is one.
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// The branch where it identifies a transaction: the magic cookie and something after it.
    pub fn rfc3261_branch(&self) -> Option<&'a [u8]> {
        self.branch()
            .filter(|b| b.len() > COOKIE.len() && b.starts_with(COOKIE))
    }

    /// The sent-by host as an address, where it is one.
    pub fn host_ip(&self) -> Option<IpAddr> {
        uri::host_ip(self.host)
    }

    /// Whether the sender asked for its source port (RFC 3581).
    pub fn wants_rport(&self) -> bool {
        self.params.get("rport").is_some()
    }
}

/// The Via values of one header field, each with its place in it.
pub(crate) struct ViaList<'a> {
    value: &'a [u8],
    cursor: Cursor<'a>,
    is_done: bool,
}

impl<'a> ViaList<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Self {
            value,
            cursor: Cursor::new(value),
            is_done: false,
        }
    }

    /// The first Via, if it can be read, and where it ends.
    pub(crate) fn first(value: &'a [u8]) -> Option<(Via<'a>, usize)> {
        let (via, place) = Self::new(value).next()?.ok()?;
        Some((via, place.end()))
    }
}

impl<'a> Iterator for ViaList<'a> {
    type Item = Result<(Via<'a>, Span), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let start = self.cursor.at();
        let via = read(&mut self.cursor);
        let place = Span::new(start, self.cursor.at().min(self.value.len()));
        self.is_done = via.is_err() || !self.cursor.eat(b',');
        Some(via.map(|via| (via, place)))
    }
}

fn read<'a>(cursor: &mut Cursor<'a>) -> Result<Via<'a>, &'static str> {
    token(cursor, "no protocol")?;
    slash(cursor)?;
    token(cursor, "no protocol version")?;
    slash(cursor)?;
    let transport = token(cursor, "no transport")?;
    if !cursor.peek().is_some_and(crate::lex::is_lws) {
        return Err("no space before the sender");
    }
    cursor.skip_lws();
    let host_len = uri::host_len(cursor.rest()).map_err(|e| e.0)?;
    let host = cursor.take(host_len);
    cursor.skip_lws();
    let port = if cursor.eat(b':') {
        cursor.skip_lws();
        Some(uri::port(cursor.take_while(|b| b.is_ascii_digit())).map_err(|e| e.0)?)
    } else {
        None
    };
    let params = Params::read(cursor)?;
    Ok(Via {
        transport,
        host,
        port,
        params,
    })
}

fn token<'a>(cursor: &mut Cursor<'a>, missing: &'static str) -> Result<&'a [u8], &'static str> {
    cursor.skip_lws();
    let token = cursor.token();
    if token.is_empty() {
        Err(missing)
    } else {
        Ok(token)
    }
}

fn slash(cursor: &mut Cursor<'_>) -> Result<(), &'static str> {
    cursor.skip_lws();
    if cursor.eat(b'/') {
        Ok(())
    } else {
        Err("`/` missing in the protocol")
    }
}
