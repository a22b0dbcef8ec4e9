//! The grammar of URIs: where the parts of a `sip:`, `tel:` or other URI stand, and what is wrong with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::lex::{find, is_uri};
use crate::span::Span;
use crate::uri::{Parts, Scheme, UriError};

/// How long the host at the start of `text` is: a name, an IPv4 address or a bracketed IPv6 reference.
pub(crate) fn host_len(text: &[u8]) -> Result<usize, UriError> {
    if text.first() == Some(&b'[') {
        let length = find(b']', text).ok_or(UriError("`[` does not close"))? + 1;
        let reference = host_ip(text.get(..length).unwrap_or_default());
        return reference
            .map(|_| length)
            .ok_or(UriError("not an ipv6 reference"));
    }
    let mut length = 0;
    let mut label = 0;
    for &byte in text {
        if byte == b'.' {
            if length == label {
                return Err(UriError("empty label in a host name"));
            }
            label = length + 1;
        } else if !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            break;
        }
        length += 1;
    }
    if length == 0 {
        return Err(UriError("host missing"));
    }
    // A name may end in a dot; a last label that begins with a digit makes it an address.
    let host = text.get(..length).unwrap_or_default();
    if host.get(label).is_some_and(u8::is_ascii_digit) && ipv4(host).is_none() {
        return Err(UriError("not an ipv4 address"));
    }
    Ok(length)
}

/// The address a host text stands for, where it is one.
pub(crate) fn host_ip(host: &[u8]) -> Option<IpAddr> {
    match host {
        [b'[', inner @ .., b']'] => ipv6(inner).map(IpAddr::V6),
        _ => ipv4(host).map(IpAddr::V4),
    }
}

/// Four decimal numbers of one to three digits (RFC 3261's IPv4address: a leading zero is decimal too).
fn ipv4(host: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut rest = host;
    for (place, octet) in octets.iter_mut().enumerate() {
        let mut value = 0_u16;
        let mut digits = 0;
        while let [digit @ b'0'..=b'9', tail @ ..] = rest
            && digits < 3
        {
            value = value * 10 + u16::from(digit - b'0');
            digits += 1;
            rest = tail;
        }
        *octet = u8::try_from(value).ok().filter(|_| digits > 0)?;
        if place < 3 {
            rest = rest.strip_prefix(b".")?;
        }
    }
    rest.is_empty().then(|| Ipv4Addr::from(octets))
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
    if text.iter().all(|&b| is_uri(b)) {
        return Ok(());
    }
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'%' {
            let hex = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
            if !hex(bytes.next()) || !hex(bytes.next()) {
                return Err(UriError("`%` without two hex digits in a uri"));
            }
        } else if !is_uri(byte) {
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
    let (user, host_start) = match find(b'@', rest) {
        Some(0) => return Err(UriError("empty user part")),
        Some(at) => (Some(Span::new(start, start + at)), start + at + 1),
        None => (None, start),
    };
    let after_user = text.get(host_start..).unwrap_or_default();
    let host_len = host_len(after_user)?;
    let (port, tail_text) = port_and_tail(after_user.get(host_len..).unwrap_or_default())?;
    let tail = text.len() - tail_text.len();
    let question = find(b'?', tail_text).map_or(text.len(), |at| tail + at);
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
    let length = find(b';', rest).unwrap_or(rest.len());
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

/// The port after a host, where there is one, and what follows: nothing, parameters or headers.
fn port_and_tail(text: &[u8]) -> Result<(Option<u16>, &[u8]), UriError> {
    let (port, tail) = match text {
        [b':', rest @ ..] => {
            let length = rest
                .iter()
                .position(|b| !b.is_ascii_digit())
                .unwrap_or(rest.len());
            let (digits, tail) = rest.split_at_checked(length).unwrap_or_default();
            (Some(port(digits)?), tail)
        }
        tail => (None, tail),
    };
    match tail {
        [] => Ok((port, tail)),
        [b';' | b'?', rest @ ..] if find(b'@', rest).is_none() => Ok((port, tail)),
        [b';' | b'?', ..] => Err(UriError("`@` after the host of a uri")),
        _ => Err(UriError("text after a host")),
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
        let equals = find(b'=', piece);
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
    find(b'.', tail)?;
    text(fixed.get(..length)?).parse().ok()
}

pub(crate) fn unescape(escaped: &[u8]) -> String {
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
