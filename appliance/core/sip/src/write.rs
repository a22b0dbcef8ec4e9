//! Writes messages. What came from a peer goes out as the bytes received; what an owner gives us cannot
//! smuggle a line end.
//!
//! A fold inside a received value becomes one space, which means the same (RFC 3261 7.3.1).

use crate::message::{Message, StartLine};

/// A message being written.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// Begins a request.
    pub fn request(method: &[u8], uri: &[u8]) -> Self {
        let mut writer = Self {
            out: Vec::with_capacity(1024),
        };
        writer.put(method).put(b" ").put(uri).put(b" SIP/2.0\r\n");
        writer
    }

    /// Begins a response. The status must be of 100 to 699; anything else is written 500.
    pub fn response(status: u16, reason: &[u8]) -> Self {
        let mut writer = Self {
            out: Vec::with_capacity(1024),
        };
        let status = if (100..700).contains(&status) {
            status
        } else {
            500
        };
        writer
            .put(b"SIP/2.0 ")
            .put(status.to_string().as_bytes())
            .put(b" ");
        writer.put_line(reason);
        writer
    }

    /// Adds a header field.
    pub fn field(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        self.raw_field(name.as_bytes(), value.as_ref())
    }

    /// Adds a header field by the bytes of its name.
    pub fn raw_field(&mut self, name: &[u8], value: &[u8]) -> &mut Self {
        self.put_clean(name);
        self.put(b": ");
        self.put_line(value);
        self
    }

    /// Ends the header with Content-Length and adds the body.
    pub fn finish(mut self, body: &[u8]) -> Vec<u8> {
        self.field("Content-Length", body.len().to_string());
        self.put(b"\r\n").put(body);
        self.out
    }

    /// Ends the header as it stands and adds the body.
    fn finish_as_is(mut self, body: &[u8]) -> Vec<u8> {
        self.put(b"\r\n").put(body);
        self.out
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        self
    }

    fn put_line(&mut self, text: &[u8]) {
        self.put_clean(text);
        self.put(b"\r\n");
    }

    /// Bytes that stay on one line: each run of CR, LF and the white space after it becomes one space, and so
    /// does any control byte that is not the second half of a quoted pair.
    fn put_clean(&mut self, text: &[u8]) {
        let is_plain = |b: u8| b == b'\t' || (b >= 0x20 && b != 0x7f);
        if text.iter().all(|b| is_plain(*b)) {
            self.put(text);
            return;
        }
        let mut escaped = false;
        let mut after_end = false;
        for &byte in text {
            let is_end = matches!(byte, b'\r' | b'\n');
            if after_end && (is_end || matches!(byte, b' ' | b'\t')) {
                continue;
            }
            after_end = is_end;
            let stays = is_plain(byte) || (escaped && !is_end);
            self.out.push(if stays { byte } else { b' ' });
            escaped = byte == b'\\' && !escaped;
        }
    }
}

/// A received message as bytes again: start line, all fields with names and values as received, body.
pub fn write(message: &Message<'_>) -> Vec<u8> {
    let mut writer = match message.start() {
        StartLine::Request { method, uri } => Writer::request(method, uri),
        StartLine::Response { status, reason } => Writer::response(status, reason),
    };
    for field in message.fields() {
        writer.raw_field(field.name, field.value);
    }
    writer.finish_as_is(message.body())
}

/// The RFC's reason phrase for a status.
pub(crate) fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        606 => "Not Acceptable",
        _ => class_phrase(status),
    }
}

fn class_phrase(status: u16) -> &'static str {
    match status / 100 {
        1 => "Progress",
        2 => "OK",
        3 => "Redirected",
        4 => "Request Failed",
        5 => "Server Failed",
        _ => "Failed",
    }
}
