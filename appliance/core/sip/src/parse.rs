//! One pass over a datagram: start line, header table, body length (RFC 3261 7, 18.3).
//!
//! Strict about line ends: CR LF, nothing else, so that what we forward cannot hide a header. Control
//! bytes stand only behind a backslash in a quoted string. Folded lines stay folded in place. A scan goes on after
//! the first fault, so that a malformed request can still be answered with its own Via and Call-ID.

use crate::header::Kind;
use crate::lex::{find, is_lws, is_token_text, number, trim};
use crate::limits;
use crate::message::{Fields, Message, StartLine};
use crate::span::Span;
use crate::start_line::start_line;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Neither a request nor a response, to the best of a reader's will.
    #[error("not a sip message")]
    NotSip,
    /// Nothing but line ends: a keep-alive (RFC 5626 3.5.1).
    #[error("keep-alive")]
    KeepAlive,
    /// The start line breaks the grammar.
    #[error("start line: {0}")]
    StartLine(&'static str),
    /// A SIP version other than 2.0.
    #[error("sip version other than 2.0")]
    Version,
    /// The header breaks the grammar before any one field is read.
    #[error("header: {0}")]
    Header(&'static str),
    /// More header fields than the table holds, or a message beyond [`limits::MAX_MESSAGE`].
    #[error("message too large")]
    TooLarge,
    /// One header field is wrong, missing or given twice.
    #[error("{}: {why}", header.name())]
    Field {
        /// Which.
        header: Kind,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl ParseError {
    /// The status a request with this fault deserves.
    pub fn status(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TooLarge => 513,
            _ => 400,
        }
    }
}

/// What a scan found: as much of a message as can be read, and the first fault.
pub(crate) struct Scan<'a> {
    pub(crate) message: Message<'a>,
    /// Whether the start line is a response's.
    pub(crate) is_response: bool,
    pub(crate) fault: Option<ParseError>,
}

impl<'a> Message<'a> {
    /// Reads one datagram. What follows the body Content-Length announces is ignored.
    ///
    /// # Errors
    /// The first fault of start line, header lines or Content-Length. Header values are read by the typed
    /// views; [`crate::judge`] reads them all.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let scan = scan(bytes)?;
        scan.fault.map_or(Ok(scan.message), Err)
    }
}

/// Reads all that can be read; fails only where not even the kind of message is known.
pub(crate) fn scan(bytes: &[u8]) -> Result<Scan<'_>, ParseError> {
    let mut at = 0;
    while let Some(b'\r' | b'\n') = bytes.get(at) {
        at += 1;
    }
    if at == bytes.len() || bytes.iter().all(|b| *b == 0) {
        return Err(ParseError::KeepAlive);
    }
    let line = line_at(bytes, at);
    let (start, start_fault) = start_line(line.text)?;
    let is_response = matches!(start, StartLine::Response { .. });
    let mut faults = Faults(None);
    faults.note(start_fault);
    faults.note(line.fault);
    let message = Message {
        bytes,
        start,
        fields: Fields::new(),
        body: b"",
    };
    let mut scan = Scan {
        message,
        is_response,
        fault: None,
    };
    if bytes.len() > limits::MAX_MESSAGE {
        faults.note(Some(ParseError::TooLarge));
    } else {
        let body_at = header(&mut scan.message, line.next, &mut faults);
        let rest = bytes.get(body_at..).unwrap_or_default();
        match content_length(&scan.message) {
            Ok(None) => scan.message.body = rest,
            Ok(Some(length)) => match rest.get(..length) {
                Some(body) => scan.message.body = body,
                None => faults.note(Some(field(Kind::ContentLength, "more than was received"))),
            },
            Err(fault) => faults.note(Some(fault)),
        }
    }
    scan.fault = faults.0;
    Ok(scan)
}

/// A fault of one header.
pub(crate) fn field(header: Kind, why: &'static str) -> ParseError {
    ParseError::Field { header, why }
}

/// The first fault, kept.
struct Faults(Option<ParseError>);

impl Faults {
    fn note(&mut self, fault: Option<ParseError>) {
        self.0 = self.0.or(fault);
    }
}

/// One line of the header: its text without the line end, and where the next one begins.
struct Line<'a> {
    text: &'a [u8],
    end: usize,
    next: usize,
    fault: Option<ParseError>,
}

fn line_at(bytes: &[u8], at: usize) -> Line<'_> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(length) = memchr::memchr(b'\n', rest) else {
        let fault = Some(ParseError::Header("does not end with an empty line"));
        return Line {
            text: rest,
            end: bytes.len(),
            next: bytes.len(),
            fault,
        };
    };
    let next = at + length + 1;
    let text = rest.get(..length).unwrap_or_default();
    match text.strip_suffix(b"\r") {
        Some(text) => Line {
            text,
            end: at + text.len(),
            next,
            fault: None,
        },
        None => {
            let fault = Some(ParseError::Header("line end without a carriage return"));
            Line {
                text,
                end: at + length,
                next,
                fault,
            }
        }
    }
}

/// Reads all header lines from `at` into the table; where the body begins.
fn header(message: &mut Message<'_>, start: usize, faults: &mut Faults) -> usize {
    let bytes = message.bytes;
    let mut at = start;
    // CR and LF seen as line ends: the only control bytes of a plain header.
    let mut line_ends = 0;
    loop {
        if at >= bytes.len() {
            faults.note(Some(ParseError::Header("does not end with an empty line")));
            break;
        }
        let mut line = line_at(bytes, at);
        line_ends += line.next - line.end;
        faults.note(line.fault);
        if line.text.is_empty() {
            at = line.next;
            break;
        }
        while let Some(b' ' | b'\t') = bytes.get(line.next) {
            line = line_at(bytes, line.next);
            line_ends += line.next - line.end;
            faults.note(line.fault);
        }
        if let Err(wrong) = push(message, at, line.end) {
            faults.note(Some(wrong));
            if wrong == ParseError::TooLarge {
                return bytes.len();
            }
        }
        at = line.next;
    }
    let text = bytes.get(start..at).unwrap_or_default();
    if count_controls(text) != line_ends {
        faults.note(control_fault(text));
    }
    at
}

/// Adds the field that stands at `start..end`.
fn push(message: &mut Message<'_>, start: usize, end: usize) -> Result<(), ParseError> {
    let text = message.bytes.get(start..end).unwrap_or_default();
    let colon = find(b':', text).ok_or(ParseError::Header("line without a colon"))?;
    let mut name = text.get(..colon).unwrap_or_default();
    while let [rest @ .., b' ' | b'\t'] = name {
        name = rest;
    }
    let kind = Kind::of(name);
    if kind == Kind::Other && !is_token_text(name) {
        return Err(ParseError::Header("field name is not a token"));
    }
    let raw = text.get(colon + 1..).unwrap_or_default();
    let leading = raw.iter().position(|b| !is_lws(*b)).unwrap_or(raw.len());
    let value_start = start + colon + 1 + leading;
    let value = Span::new(value_start, value_start + trim(raw).len());
    if message
        .fields
        .push(kind, Span::new(start, start + name.len()), value)
    {
        Ok(())
    } else {
        Err(ParseError::TooLarge)
    }
}

/// How many control bytes stand in `text`; counted in bytes, so that the compiler does it 16 at a time.
fn count_controls(text: &[u8]) -> usize {
    let is_control = |byte: &u8| u8::from(*byte < 0x20) | u8::from(*byte == 0x7f);
    let chunk_count = |chunk: &[u8]| {
        chunk
            .iter()
            .fold(0_u8, |sum, byte| sum.wrapping_add(is_control(byte)))
    };
    text.chunks(128)
        .map(|chunk| usize::from(chunk_count(chunk)))
        .sum()
}

/// Control bytes other than HT are allowed only as the second half of a quoted pair.
fn control_fault(header: &[u8]) -> Option<ParseError> {
    let is_wrong = |line: &[u8]| {
        let mut escaped = false;
        line.strip_suffix(b"\r")
            .unwrap_or(line)
            .iter()
            .any(|&byte| {
                let is_plain = byte == b'\t' || (byte >= 0x20 && byte != 0x7f);
                let is_escaped = escaped && byte != b'\r';
                escaped = byte == b'\\' && !escaped;
                !(is_plain || is_escaped)
            })
    };
    header
        .split(|b| *b == b'\n')
        .any(is_wrong)
        .then_some(ParseError::Header("control byte"))
}

/// The announced length of the body; all Content-Length fields must agree.
fn content_length(message: &Message<'_>) -> Result<Option<usize>, ParseError> {
    let mut announced = None;
    for value in message.all(Kind::ContentLength) {
        let length = number(value, u32::MAX).map_err(|why| field(Kind::ContentLength, why))?;
        if announced.is_some_and(|before| before != length) {
            return Err(field(
                Kind::ContentLength,
                "given twice with different values",
            ));
        }
        announced = Some(length);
    }
    Ok(announced.map(|length| usize::try_from(length).unwrap_or(usize::MAX)))
}
