//! Start lines: request line, status line, SIP version (RFC 3261 7.1, 7.2), to the letter.
//!
//! One space between the parts and none inside them; white space at the end of the line is tolerated (RFC 4475 `trws`).

use crate::lex::{find, is_lws, is_token_text, number, trim};
use crate::message::StartLine;
use crate::parse::ParseError;

/// Reads a start line; fails where it is neither a request's nor a response's.
pub(crate) fn start_line(line: &[u8]) -> Result<(StartLine<'_>, Option<ParseError>), ParseError> {
    if line
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case(b"SIP/"))
    {
        return Ok(status_line(line));
    }
    let trimmed = trim(line);
    let first = find(b' ', trimmed).ok_or(ParseError::NotSip)?;
    let last = memchr::memrchr(b' ', trimmed)
        .filter(|last| *last > first)
        .ok_or(ParseError::NotSip)?;
    let method = trimmed.get(..first).unwrap_or_default();
    let uri = trimmed.get(first + 1..last).unwrap_or_default();
    let version = trimmed.get(last + 1..).unwrap_or_default();
    if !is_token_text(method) || !version.contains(&b'/') {
        return Err(ParseError::NotSip);
    }
    let fault = request_line_fault(line, uri, version);
    Ok((StartLine::Request { method, uri }, fault))
}

fn request_line_fault(line: &[u8], uri: &[u8], version: &[u8]) -> Option<ParseError> {
    match check_version(version) {
        Some(fault) => Some(fault),
        None if line.first().is_some_and(|b| is_lws(*b)) => {
            Some(ParseError::StartLine("white space before the method"))
        }
        None if uri.is_empty() || uri.iter().any(|b| is_lws(*b)) => Some(ParseError::StartLine(
            "white space in or round the request-uri",
        )),
        None => None,
    }
}

/// `SIP/2.0` in any case; another number is another version, anything else no version at all.
fn check_version(version: &[u8]) -> Option<ParseError> {
    if version.eq_ignore_ascii_case(b"SIP/2.0") {
        return None;
    }
    let malformed = Some(ParseError::StartLine("not a sip version"));
    let (name, digits) = version.split_at_checked(4).unwrap_or_default();
    let dot = find(b'.', digits);
    let (Some(dot), true) = (dot, name.eq_ignore_ascii_case(b"SIP/")) else {
        return malformed;
    };
    let (major, minor) = (
        digits.get(..dot).unwrap_or_default(),
        digits.get(dot + 1..).unwrap_or_default(),
    );
    let numeric = |d: &[u8]| !d.is_empty() && d.iter().all(u8::is_ascii_digit);
    if numeric(major) && numeric(minor) {
        Some(ParseError::Version)
    } else {
        malformed
    }
}

fn status_line(line: &[u8]) -> (StartLine<'_>, Option<ParseError>) {
    let space = memchr::memchr(b' ', line).unwrap_or(line.len());
    let version = line.get(..space).unwrap_or_default();
    let rest = line.get(space + 1..).unwrap_or_default();
    let (code, tail) = rest.split_at_checked(3).unwrap_or((rest, b""));
    let reason = tail.strip_prefix(b" ").unwrap_or(tail);
    let status = number(code, 699)
        .ok()
        .and_then(|s| u16::try_from(s).ok())
        .unwrap_or(0);
    let is_whole = tail.is_empty() || tail.first() == Some(&b' ');
    let fault = match check_version(version) {
        None if code.len() != 3 || status < 100 || !is_whole => {
            Some(ParseError::StartLine("status code is not of 100 to 699"))
        }
        other => other,
    };
    (StartLine::Response { status, reason }, fault)
}
