//! The verdict on a datagram: every header a server must understand is read, then the request is held
//! against what this endpoint can do (RFC 3261 8.2, 16.3; RFC 4475 for each odd case).
//!
//! Order of refusals: 505, 400 or 513, 501, 416, 483, 420, 415, 406. An ACK is never refused, only dropped; a CANCEL
//! is refused only for its bytes. Allocates nothing on the way to an acceptance.

use crate::header::Kind;
use crate::lex::{number, trim};
use crate::limits;
use crate::message::{Message, StartLine, cseq};
use crate::method::Method;
use crate::name_addr::{AddressList, NameAddr};
use crate::parse::{ParseError, field, scan};
use crate::uri::{Scheme, UriRef};
use crate::via::{Via, ViaList};
use crate::{content, option_tags};

/// What becomes of a datagram before its owner is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Handed on.
    Accepted,
    /// A request that is answered.
    Refused(Refusal),
    /// Not answered: a keep-alive, no SIP at all, a malformed response or ACK.
    Dropped(ParseError),
}

/// Why a request is answered at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are malformed (400, 505, 513).
    #[error("{0}")]
    Malformed(ParseError),
    /// A method we do not know, and a CSeq that names another (501).
    #[error("unknown method, and CSeq names another")]
    UnknownMethod,
    /// A Request-URI that is not sip, sips or tel (416).
    #[error("unsupported uri scheme")]
    Scheme,
    /// Max-Forwards has reached 0 (483).
    #[error("too many hops")]
    Hops,
    /// Require names an extension we lack (420).
    #[error("required extension not supported")]
    Extension,
    /// A body of a type or encoding we do not take (415).
    #[error("unsupported body")]
    Body,
    /// An INVITE whose Accept leaves no room for SDP (406).
    #[error("accept without application/sdp")]
    Accept,
}

impl Refusal {
    /// The status it is answered with.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed(fault) => fault.status(),
            Self::UnknownMethod => 501,
            Self::Scheme => 416,
            Self::Hops => 483,
            Self::Extension => 420,
            Self::Body => 415,
            Self::Accept => 406,
        }
    }
}

/// A datagram with its verdict.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The message, as far as it can be read.
    pub message: Option<Message<'a>>,
    /// What an accepted message is known by.
    pub essentials: Option<Essentials<'a>>,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// The fields every transaction and dialog is known by.
#[derive(Clone, Copy, Debug)]
pub struct Essentials<'a> {
    /// The Request-URI of a request.
    pub uri: Option<UriRef<'a>>,
    /// The top Via.
    pub via: Via<'a>,
    /// The From.
    pub from: NameAddr<'a>,
    /// The To.
    pub to: NameAddr<'a>,
    /// The Call-ID as received.
    pub call_id: &'a [u8],
    /// The CSeq number.
    pub cseq: u32,
    /// The CSeq method.
    pub cseq_method: &'a [u8],
    /// The first Contact.
    pub contact: Option<NameAddr<'a>>,
}

/// Reads one datagram and says what becomes of it.
pub fn judge(bytes: &[u8]) -> Judged<'_> {
    let scan = match scan(bytes) {
        Ok(scan) => scan,
        Err(fault) => {
            return Judged {
                message: None,
                essentials: None,
                verdict: Verdict::Dropped(fault),
            };
        }
    };
    let message = scan.message;
    let (essentials, fault) = match scan.fault {
        Some(fault) => (None, Some(Refusal::Malformed(fault))),
        None => match read(&message) {
            Ok(essentials) => (Some(essentials), request_fault(&message, &essentials)),
            Err(fault) => (None, Some(Refusal::Malformed(fault))),
        },
    };
    let is_ack = matches!(message.start, StartLine::Request { method: b"ACK", .. });
    let verdict = match fault {
        None => Verdict::Accepted,
        Some(Refusal::Malformed(fault)) if scan.is_response || is_ack => Verdict::Dropped(fault),
        Some(refusal) => Verdict::Refused(refusal),
    };
    Judged {
        message: Some(message),
        essentials,
        verdict,
    }
}

/// Reads every field a server must understand; the first fault.
fn read<'a>(message: &Message<'a>) -> Result<Essentials<'a>, ParseError> {
    let uri = match message.start {
        StartLine::Request { uri, .. } => Some(request_uri(uri)?),
        StartLine::Response { .. } => None,
    };
    let via = vias(message, uri.is_none())?;
    let from = address(message, Kind::From)?;
    let to = address(message, Kind::To)?;
    let call_id = one(message, Kind::CallId)?;
    if call_id.is_empty() || call_id.iter().any(|b| *b <= b' ') {
        return Err(field(Kind::CallId, "empty or with white space"));
    }
    let (cseq, cseq_method) =
        cseq(one(message, Kind::CSeq)?).map_err(|why| field(Kind::CSeq, why))?;
    let contact = contact(message)?;
    numbers_and_routes(message)?;
    Ok(Essentials {
        uri,
        via,
        from,
        to,
        call_id,
        cseq,
        cseq_method,
        contact,
    })
}

fn request_uri(text: &[u8]) -> Result<UriRef<'_>, ParseError> {
    let uri = UriRef::parse(text).map_err(|e| ParseError::StartLine(e.0))?;
    if uri.headers().is_empty() {
        Ok(uri)
    } else {
        Err(ParseError::StartLine("headers in the request-uri"))
    }
}

/// All Vias must read; a response with more than one was not sent to us (8.1.3.3).
fn vias<'a>(message: &Message<'a>, is_response: bool) -> Result<Via<'a>, ParseError> {
    let wrong = |why| field(Kind::Via, why);
    let mut top = None;
    let mut count = 0;
    for via in message.all(Kind::Via).flat_map(ViaList::new) {
        let (via, _) = via.map_err(wrong)?;
        top = top.or(Some(via));
        count += 1;
    }
    if count > limits::MAX_VIAS {
        return Err(ParseError::TooLarge);
    }
    if is_response && count > 1 {
        return Err(wrong("more than one in a response"));
    }
    top.ok_or_else(|| wrong("missing"))
}

fn one<'a>(message: &Message<'a>, kind: Kind) -> Result<&'a [u8], ParseError> {
    let mut values = message.all(kind);
    let value = values.next().ok_or_else(|| field(kind, "missing"))?;
    if values.next().is_some() {
        Err(field(kind, "given twice"))
    } else {
        Ok(value)
    }
}

fn address<'a>(message: &Message<'a>, kind: Kind) -> Result<NameAddr<'a>, ParseError> {
    NameAddr::parse(one(message, kind)?).map_err(|why| field(kind, why))
}

/// All Contacts must read; `*` belongs to REGISTER alone (10.2.2).
fn contact<'a>(message: &Message<'a>) -> Result<Option<NameAddr<'a>>, ParseError> {
    let mut first = None;
    for value in message.all(Kind::Contact) {
        if value == b"*" {
            if !matches!(
                message.start,
                StartLine::Request {
                    method: b"REGISTER",
                    ..
                }
            ) {
                return Err(field(Kind::Contact, "`*` outside a REGISTER"));
            }
            continue;
        }
        for contact in AddressList::new(value) {
            let contact = contact.map_err(|why| field(Kind::Contact, why))?;
            first = first.or(Some(contact));
        }
    }
    Ok(first)
}

/// Max-Forwards, Expires, routes and Content-Type, where they stand.
fn numbers_and_routes(message: &Message<'_>) -> Result<(), ParseError> {
    for entry in message.fields() {
        let wrong = |why| field(entry.kind, why);
        match entry.kind {
            Kind::MaxForwards => {
                number(one(message, entry.kind)?, 255).map_err(wrong)?;
            }
            Kind::Expires => {
                number(entry.value, u32::MAX).map_err(wrong)?;
            }
            Kind::ContentType => {
                content::MediaType::parse(one(message, entry.kind)?).map_err(wrong)?;
            }
            Kind::Route | Kind::RecordRoute => {
                for route in AddressList::new(entry.value) {
                    if !route.map_err(wrong)?.is_bracketed {
                        return Err(wrong("route without `<>`"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a request asks that we cannot do.
fn request_fault(message: &Message<'_>, essentials: &Essentials<'_>) -> Option<Refusal> {
    let StartLine::Request { method, .. } = message.start else {
        return None;
    };
    if method != essentials.cseq_method {
        let known = Method::from_token(method).is_known();
        let mismatch = Refusal::Malformed(field(Kind::CSeq, "names another method"));
        return Some(if known {
            mismatch
        } else {
            Refusal::UnknownMethod
        });
    }
    if matches!(method, b"ACK" | b"CANCEL") {
        return None;
    }
    if essentials
        .uri
        .is_some_and(|uri| uri.scheme() == Scheme::Other)
    {
        return Some(Refusal::Scheme);
    }
    if message.max_forwards() == Some(0) {
        return Some(Refusal::Hops);
    }
    if option_tags::unsupported(message).next().is_some() {
        return Some(Refusal::Extension);
    }
    content::refusal(message, method)
}

/// The items of a comma-separated list.
pub(crate) fn lists(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|b| *b == b',')
        .map(trim)
        .filter(|item| !item.is_empty())
}
