//! The grammar of URIs: where the parts of a `sip:`, `tel:` or other URI stand, and what is wrong with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::span::Span;
use crate::uri::{Parts, Scheme, UriError};

/// A host name, IPv4 address or bracketed IPv6 reference, whole.
pub(crate) fn check_host(host: &[u8]) -> Result<(), UriError> {
    if host.is_empty() {
        return Err(UriError("host missing"));
    }
    if host.first() == Some(&b'[') {
        return host_ip(host)
            .map(|_| ())
            .ok_or(UriError("not an ipv6 reference"));
    }
    if !host
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    {
        return Err(UriError("not a host name"));
    }
    let name = host.strip_suffix(b".").unwrap_or(host);
    if name.is_empty() || name.split(|b| *b == b'.').any(<[u8]>::is_empty) {
        return Err(UriError("empty label in a host name"));
    }
    let last = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
    if last.first().is_some_and(u8::is_ascii_digit) && host_ip(host).is_none() {
        return Err(UriError("not an ipv4 address"));
    }
    Ok(())
}

/// The address a host text stands for, where it is one.
pub(crate) fn host_ip(host: &[u8]) -> Option<IpAddr> {
    match host {
        [b'[', inner @ .., b']'] => ipv6(inner).map(IpAddr::V6),
        // `str` parsing is only tried where the first byte can begin an address: names are the usual case.
        [first, ..] if first.is_ascii_digit() => {
            text(host).parse::<Ipv4Addr>().ok().map(IpAddr::V4)
        }
        _ => None,
    }
}

/// A decimal port of 16 bits.
pub(crate) fn port(digits: &[u8]) -> Result<u16, UriError> {
    let value =
        crate::lex::number(digits, u32::from(u16::MAX)).map_err(|_| UriError("not a port"))?;
    u16::try_from(value).map_err(|_| UriError("not a port"))
}

pub(super) fn text(bytes: &[u8]) -> &str {
    // A URI is ASCII by `check_bytes`; the default is never taken.
    std::str::from_utf8(bytes).unwrap_or_default()
}

pub(super) fn check_bytes(text: &[u8]) -> Result<(), UriError> {
    let plain = |b: u8| matches!(b, 0x21..=0x7e) && !matches!(b, b'<' | b'>' | b'"' | b'%');
    if text.iter().all(|&b| plain(b)) {
        return Ok(());
    }
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'%' {
            let hex = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
            if !hex(bytes.next()) || !hex(bytes.next()) {
                return Err(UriError("`%` without two hex digits in a uri"));
            }
        } else if !plain(byte) {
            return Err(UriError("byte not allowed in a uri"));
        }
    }
    Ok(())
}

pub(super) fn scheme(name: &[u8]) -> Result<Scheme, UriError> {
    if name.eq_ignore_ascii_case(b"sip") {
        return Ok(Scheme::Sip);
    }
    if name.eq_ignore_ascii_case(b"sips") {
        return Ok(Scheme::Sips);
    }
    if name.eq_ignore_ascii_case(b"tel") {
        return Ok(Scheme::Tel);
    }
    let valid = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    valid
        .then_some(Scheme::Other)
        .ok_or(UriError("not a uri scheme"))
}

pub(super) fn sip_parts(text: &[u8], scheme: Scheme, colon: usize) -> Result<Parts, UriError> {
    let start = colon + 1;
    let rest = text.get(start..).unwrap_or_default();
    let (user, host_start) = match memchr::memchr(b'@', rest) {
        Some(0) => return Err(UriError("empty user part")),
        Some(at) => (Some(Span::new(start, start + at)), start + at + 1),
        None => (None, start),
    };
    let after_user = text.get(host_start..).unwrap_or_default();
    let host_port_len = after_user
        .iter()
        .position(|b| matches!(b, b';' | b'?'))
        .unwrap_or(after_user.len());
    let (host_len, port) = host_port(after_user.get(..host_port_len).unwrap_or_default())?;
    let tail = host_start + host_port_len;
    let tail_text = text.get(tail..).unwrap_or_default();
    if memchr::memchr(b'@', tail_text).is_some() {
        return Err(UriError("`@` after the host of a uri"));
    }
    let question = memchr::memchr(b'?', tail_text).map_or(text.len(), |at| tail + at);
    let params = Span::new(tail, question);
    check_params(params.of(text))?;
    let headers = Span::new((question + 1).min(text.len()), text.len());
    if question < text.len() && headers.is_empty() {
        return Err(UriError("`?` without headers in a uri"));
    }
    let host = Span::new(host_start, host_start + host_len);
    Ok(Parts {
        scheme,
        user,
        host,
        port,
        params,
        headers,
    })
}

pub(super) fn tel_parts(text: &[u8], colon: usize) -> Result<Parts, UriError> {
    let start = colon + 1;
    let rest = text.get(start..).unwrap_or_default();
    let length = memchr::memchr(b';', rest).unwrap_or(rest.len());
    let number = rest.get(..length).unwrap_or_default();
    let allowed = |b: &u8| {
        b.is_ascii_hexdigit() || matches!(b, b'+' | b'-' | b'.' | b'(' | b')' | b'*' | b'#')
    };
    if number.is_empty() || !number.iter().all(allowed) {
        return Err(UriError("not a telephone number"));
    }
    let params = Span::new(start + length, text.len());
    check_params(params.of(text))?;
    let user = Some(Span::new(start, start + length));
    let (scheme, none) = (Scheme::Tel, Span::default());
    Ok(Parts {
        scheme,
        user,
        host: none,
        port: None,
        params,
        headers: none,
    })
}

pub(super) fn other_parts(text: &[u8], colon: usize) -> Result<Parts, UriError> {
    if colon + 1 >= text.len() {
        return Err(UriError("nothing after the scheme of a uri"));
    }
    let (scheme, none) = (Scheme::Other, Span::default());
    Ok(Parts {
        scheme,
        user: None,
        host: none,
        port: None,
        params: none,
        headers: none,
    })
}

fn host_port(text: &[u8]) -> Result<(usize, Option<u16>), UriError> {
    let host_len = if text.first() == Some(&b'[') {
        memchr::memchr(b']', text)
            .map(|at| at + 1)
            .ok_or(UriError("`[` does not close"))?
    } else {
        memchr::memchr(b':', text).unwrap_or(text.len())
    };
    check_host(text.get(..host_len).unwrap_or_default())?;
    match text.get(host_len..).unwrap_or_default() {
        [] => Ok((host_len, None)),
        [b':', digits @ ..] => Ok((host_len, Some(port(digits)?))),
        _ => Err(UriError("text after an ipv6 reference")),
    }
}

fn check_params(params: &[u8]) -> Result<(), UriError> {
    if params.is_empty() {
        return Ok(());
    }
    let mut pieces = params.split(|b| *b == b';').skip(1);
    let named = |piece: &[u8]| !matches!(piece, [] | [b'=', ..]);
    if pieces.all(named) {
        Ok(())
    } else {
        Err(UriError("empty parameter in a uri"))
    }
}

pub(super) fn param<'a>(params: &'a [u8], name: &str) -> Option<Option<&'a [u8]>> {
    params.split(|b| *b == b';').find_map(|piece| {
        let equals = memchr::memchr(b'=', piece);
        let key = piece.get(..equals.unwrap_or(piece.len()))?;
        key.eq_ignore_ascii_case(name.as_bytes())
            .then(|| equals.and_then(|at| piece.get(at + 1..)))
    })
}

fn ipv6(inner: &[u8]) -> Option<Ipv6Addr> {
    if let Ok(ip) = text(inner).parse() {
        return Some(ip);
    }
    // RFC 5118 4.10: the grammar of RFC 3261 let `:::` stand before an embedded IPv4 address.
    let at = memchr::memmem::find(inner, b":::")?;
    let mut fixed = [0_u8; 48];
    let (head, tail) = (inner.get(..at)?, inner.get(at + 1..)?);
    fixed.get_mut(..head.len())?.copy_from_slice(head);
    let length = head.len() + tail.len();
    fixed.get_mut(head.len()..length)?.copy_from_slice(tail);
    memchr::memchr(b'.', tail)?;
    text(fixed.get(..length)?).parse().ok()
}

pub(super) fn unescape(escaped: &[u8]) -> String {
    let mut out = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let [first, tail @ ..] = rest {
        let hex = |b: &u8| {
            char::from(*b)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
