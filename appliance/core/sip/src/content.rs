//! Bodies: their declared type, whether we take it, and the SDP inside a multipart (RFC 3261 7.4, 8.2.3;
//! RFC 2046 5.1, RFC 5621).
//!
//! Only methods that carry an offer or answer are held to SDP; what a MESSAGE or INFO brings is the
//! owner's business. Reads in place, allocates nothing.

use crate::check::{Refusal, lists};
use crate::header::Kind;
use crate::lex::{Cursor, trim};
use crate::limits;
use crate::message::Message;
use crate::params::Params;
use crate::parse::field;

/// A media type with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// `application` of `application/sdp`.
    pub main: &'a [u8],
    /// `sdp` of `application/sdp`.
    pub sub: &'a [u8],
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> MediaType<'a> {
    /// Reads a Content-Type value.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub fn parse(value: &'a [u8]) -> Result<Self, &'static str> {
        let mut cursor = Cursor::new(value);
        let main = cursor.token();
        cursor.skip_lws();
        let has_slash = cursor.eat(b'/');
        cursor.skip_lws();
        let sub = cursor.token();
        if main.is_empty() || !has_slash || sub.is_empty() {
            return Err("not a media type");
        }
        let params = Params::read(&mut cursor)?;
        if cursor.is_at_end() {
            Ok(Self { main, sub, params })
        } else {
            Err("more than one media type")
        }
    }

    /// Whether it is `main/sub`, whatever the case.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main.eq_ignore_ascii_case(main.as_bytes())
            && self.sub.eq_ignore_ascii_case(sub.as_bytes())
    }
}

/// The part of a body that is `main/sub`: the body itself, or the first such part of a multipart (one level).
pub fn part<'a>(content_type: &str, body: &'a [u8], main: &str, sub: &str) -> Option<&'a [u8]> {
    let declared = MediaType::parse(content_type.as_bytes()).ok()?;
    if declared.is(main, sub) {
        return Some(body);
    }
    if !declared.main.eq_ignore_ascii_case(b"multipart") {
        return None;
    }
    let boundary = boundary(&declared)?;
    parts(body, boundary)
        .take(limits::MAX_PARTS)
        .find_map(|part| {
            let (content_type, content) = split_part(part);
            MediaType::parse(content_type?)
                .ok()?
                .is(main, sub)
                .then_some(content)
        })
}

/// Why the body or the Accept of a request is not acceptable.
pub(crate) fn refusal(message: &Message<'_>, method: &[u8]) -> Option<Refusal> {
    let carries_offer = matches!(method, b"INVITE" | b"UPDATE" | b"PRACK");
    if !carries_offer {
        return None;
    }
    if !message.body().is_empty() {
        if message
            .all(Kind::ContentEncoding)
            .flat_map(lists)
            .any(|e| !e.eq_ignore_ascii_case(b"identity"))
        {
            return Some(Refusal::Body);
        }
        let Some(content_type) = message.first(Kind::ContentType) else {
            return Some(Refusal::Malformed(field(
                Kind::ContentType,
                "missing, and there is a body",
            )));
        };
        if !is_understood(message, content_type) {
            return Some(Refusal::Body);
        }
    }
    let mut accepts = message.all(Kind::Accept).peekable();
    let has_accept = accepts.peek().is_some();
    let takes_sdp = |range: &[u8]| {
        MediaType::parse(range)
            .is_ok_and(|r| r.is("*", "*") || r.is("application", "*") || r.is("application", "sdp"))
    };
    (has_accept && !accepts.flat_map(lists).any(takes_sdp)).then_some(Refusal::Accept)
}

/// SDP, a multipart with SDP in it, or something the sender calls optional (20.11).
fn is_understood(message: &Message<'_>, content_type: &[u8]) -> bool {
    let text = std::str::from_utf8(content_type).unwrap_or_default();
    part(text, message.body(), "application", "sdp").is_some()
        || message
            .first(Kind::ContentDisposition)
            .is_some_and(is_optional)
}

fn is_optional(disposition: &[u8]) -> bool {
    let mut cursor = Cursor::new(disposition);
    cursor.token();
    Params::read(&mut cursor)
        .ok()
        .and_then(|params| params.get("handling"))
        .is_some_and(|handling| handling.eq_ignore_ascii_case(b"optional"))
}

fn boundary<'a>(media_type: &MediaType<'a>) -> Option<&'a [u8]> {
    let value = media_type.params.get("boundary")?;
    let bare = value
        .strip_prefix(b"\"")
        .and_then(|v| v.strip_suffix(b"\""))
        .unwrap_or(value);
    (!bare.is_empty() && bare.len() <= 70).then_some(bare)
}

/// The parts between boundary lines, each with its own header.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = after_boundary(body, boundary).map(|(_, rest)| rest);
    std::iter::from_fn(move || {
        let (part, next) = after_boundary(rest?, boundary)?;
        rest = (!next.starts_with(b"--")).then_some(next);
        Some(part)
    })
}

/// What stands before the next boundary line, and what follows the boundary itself.
fn after_boundary<'a>(text: &'a [u8], boundary: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(text.get(from..)?, b"--")?;
        let is_line_start = at == 0 || text.get(at - 1) == Some(&b'\n');
        let after = text.get(at + 2..)?;
        if is_line_start && after.starts_with(boundary) {
            let before = text.get(..at)?;
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            let before = before.strip_suffix(b"\r").unwrap_or(before);
            return Some((before, after.get(boundary.len()..)?));
        }
        from = at + 2;
    }
}

/// A part's Content-Type and its content.
fn split_part(part: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let start = memchr::memchr(b'\n', part).map_or(part.len(), |at| at + 1);
    let part = part.get(start..).unwrap_or_default();
    if let Some(content) = part.strip_prefix(b"\r\n") {
        return (None, content);
    }
    let end = memchr::memmem::find(part, b"\r\n\r\n").unwrap_or(part.len());
    let header = part.get(..end).unwrap_or_default();
    let content = part.get(end + 4..).unwrap_or_default();
    let content_type = header.split(|b| *b == b'\n').find_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        let name = trim(line.get(..colon)?);
        (Kind::of(name) == Kind::ContentType)
            .then(|| trim(line.get(colon + 1..).unwrap_or_default()))
    });
    (content_type, content)
}
