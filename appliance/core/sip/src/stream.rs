//! Cuts messages out of a stream of bytes (RFC 3261 18.3) and tells keep-alives (RFC 5626 3.5.1).
//!
//! The owner of a TCP or TLS connection pushes what it read and takes frames until there is none. A reader
//! never holds more than one message and what was read with it; after an error the stream has lost its
//! step, so it gives nothing more and the connection is to be closed.

use crate::header::Kind;
use crate::lex::{is_token, number};
use crate::limits::MAX_MESSAGE;
use crate::parse::scan;

const CRLF: &[u8] = b"\r\n";
const PING: &[u8] = b"\r\n\r\n";
/// An empty buffer larger than this is given back: most connections are idle most of the time.
const KEPT_CAPACITY: usize = 4_096;

/// Cuts one direction of one connection into frames.
#[derive(Debug, Default)]
pub struct StreamReader {
    buffer: Vec<u8>,
    /// What stands before was taken.
    start: usize,
    /// The end of a header is not before this.
    searched: usize,
    /// Where the present message ends, once its header was read.
    end: Option<usize>,
    expects_pong: bool,
    is_broken: bool,
}

/// What was cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// One whole message, for [`crate::Endpoint::handle_message`].
    Message(&'a [u8]),
    /// The peer asks whether the connection stands; the answer is CR LF.
    Ping,
    /// The answer to our own question.
    Pong,
}

/// Why a stream cannot be cut any further. The header, where it was whole, is still to be handed to the
/// endpoint, which answers it 400 or 513.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError<'a> {
    /// What came is no SIP.
    #[error("not sip")]
    NotSip,
    /// The header is longer than any message may be.
    #[error("header longer than {MAX_MESSAGE} bytes")]
    LongHeader,
    /// No Content-Length, a malformed one, or two that differ: nobody knows where the message ends.
    #[error("no usable content-length")]
    Length {
        /// The header.
        head: &'a [u8],
    },
    /// The message would be longer than any may be.
    #[error("message longer than {MAX_MESSAGE} bytes")]
    LongMessage {
        /// The header.
        head: &'a [u8],
    },
}

impl<'a> FrameError<'a> {
    /// The header of the message that broke the stream, where it is whole.
    pub fn head(&self) -> Option<&'a [u8]> {
        match self {
            Self::Length { head } | Self::LongMessage { head } => Some(head),
            Self::NotSip | Self::LongHeader => None,
        }
    }
}

impl StreamReader {
    /// Takes what was read. To be followed by `next_frame` until there is none.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched = self.searched.saturating_sub(self.start);
            self.end = self.end.map(|end| end.saturating_sub(self.start));
            self.start = 0;
        }
        if !self.is_broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// A ping was sent: the next lone CR LF is its answer, and is told at once.
    pub fn expect_pong(&mut self) {
        self.expects_pong = true;
    }

    /// Whether part of a message came and the rest did not: for the owner's patience.
    pub fn is_within_message(&self) -> bool {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        !self.is_broken && !CRLF.starts_with(rest)
    }

    /// The next frame; `None` until more was pushed.
    pub fn next_frame(&mut self) -> Option<Result<Frame<'_>, FrameError<'_>>> {
        if self.is_broken {
            return None;
        }
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        if rest.is_empty() {
            self.release();
            return None;
        }
        if self.end.is_none() && rest.first() == Some(&b'\r') {
            return self.keepalive();
        }
        if !rest.first().is_some_and(|byte| is_token(*byte)) {
            // TLS on the wrong port, or a scanner: nothing to wait for.
            self.is_broken = true;
            return Some(Err(FrameError::NotSip));
        }
        if self.end.is_none() {
            match self.find_end() {
                Ok(end) => self.end = Some(end?),
                Err(fault) => {
                    self.is_broken = true;
                    return Some(Err(self.told(fault)));
                }
            }
        }
        let end = self.end.filter(|end| *end <= self.buffer.len())?;
        let message = self.start..end;
        self.take(end);
        Some(Ok(Frame::Message(self.buffer.get(message)?)))
    }

    /// Line ends between messages. One alone at the end of what came may be half of a ping: it is a pong only
    /// where one is expected.
    fn keepalive(&mut self) -> Option<Result<Frame<'_>, FrameError<'_>>> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        if rest.starts_with(PING) {
            self.take(self.start + PING.len());
            return Some(Ok(Frame::Ping));
        }
        let is_half_ping = PING.starts_with(rest);
        if rest.starts_with(CRLF) && (!is_half_ping || (self.expects_pong && rest == CRLF)) {
            self.expects_pong = false;
            self.take(self.start + CRLF.len());
            return Some(Ok(Frame::Pong));
        }
        if is_half_ping {
            return None;
        }
        self.is_broken = true;
        Some(Err(FrameError::NotSip))
    }

    /// Where the message that begins at `start` ends; `None` until its header is whole.
    fn find_end(&mut self) -> Result<Option<usize>, Fault> {
        let from = self.searched.max(self.start);
        let unread = self.buffer.get(from..).unwrap_or_default();
        let Some(at) = memchr::memmem::find(unread, PING) else {
            if self.buffer.len() - self.start > MAX_MESSAGE {
                return Err(Fault::LongHeader);
            }
            // The end may be cut in two.
            self.searched = self.buffer.len().saturating_sub(PING.len() - 1).max(from);
            return Ok(None);
        };
        let head_end = from + at + PING.len();
        let head = self.buffer.get(self.start..head_end).unwrap_or_default();
        let length = body_length(head, head_end)?;
        let end = head_end.saturating_add(length);
        if end - self.start > MAX_MESSAGE {
            return Err(Fault::LongMessage { head_end });
        }
        Ok(Some(end))
    }

    fn told(&self, fault: Fault) -> FrameError<'_> {
        let head = |end: usize| self.buffer.get(self.start..end).unwrap_or_default();
        match fault {
            Fault::NotSip => FrameError::NotSip,
            Fault::LongHeader => FrameError::LongHeader,
            Fault::Length { head_end } => FrameError::Length {
                head: head(head_end),
            },
            Fault::LongMessage { head_end } => FrameError::LongMessage {
                head: head(head_end),
            },
        }
    }

    fn take(&mut self, end: usize) {
        self.start = end;
        self.searched = end;
        self.end = None;
    }

    /// Nothing is left: a large buffer goes home.
    fn release(&mut self) {
        self.buffer.clear();
        self.take(0);
        if self.buffer.capacity() > KEPT_CAPACITY {
            self.buffer = Vec::new();
        }
    }
}

/// A [`FrameError`] before it borrows.
#[derive(Clone, Copy)]
enum Fault {
    NotSip,
    LongHeader,
    Length { head_end: usize },
    LongMessage { head_end: usize },
}

/// What all Content-Length fields of a header agree on.
fn body_length(head: &[u8], head_end: usize) -> Result<usize, Fault> {
    let scan = scan(head).map_err(|_| Fault::NotSip)?;
    let mut announced = None;
    for value in scan.message.all(Kind::ContentLength) {
        let length = number(value, u32::MAX).map_err(|_| Fault::Length { head_end })?;
        if announced.is_some_and(|before| before != length) {
            return Err(Fault::Length { head_end });
        }
        announced = Some(length);
    }
    let length = announced.ok_or(Fault::Length { head_end })?;
    Ok(usize::try_from(length).unwrap_or(usize::MAX))
}
