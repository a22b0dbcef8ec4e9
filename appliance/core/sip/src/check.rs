//! The verdict on a datagram: every header a server must understand is read, then the request is held
//! against what this endpoint can do (RFC 3261 8.2, 16.3; RFC 4475 for each odd case).
//!
//! Order of refusals: 505, 400 or 513, 501, 416, 483, 420, 415, 406. An ACK is never refused, only dropped; a CANCEL
//! is refused only for its bytes. Allocates nothing on the way to an acceptance.

use crate::header::Kind;
use crate::lex::{number, trim};
use crate::limits;
use crate::message::{Field, Message, StartLine, cseq};
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

impl Judged<'_> {
    /// The verdict where the message came by a stream: there its length must be said (RFC 3261 18.3).
    pub(crate) fn on_stream(mut self) -> Self {
        let Some(message) = self.message.filter(|_| self.verdict == Verdict::Accepted) else {
            return self;
        };
        if message.first(Kind::ContentLength).is_none() {
            let fault = field(Kind::ContentLength, "missing, and this is a stream");
            self.verdict = match message.start {
                StartLine::Request { method, .. } if method != b"ACK" => {
                    Verdict::Refused(Refusal::Malformed(fault))
                }
                _ => Verdict::Dropped(fault),
            };
        }
        self
    }
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
    /// Max-Forwards, 0 to 255.
    pub max_forwards: Option<u32>,
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

/// Reads every field a server must understand, top first; the first fault.
fn read<'a>(message: &Message<'a>) -> Result<Essentials<'a>, ParseError> {
    let (uri, is_register) = match message.start {
        StartLine::Request { uri, method } => (Some(request_uri(uri)?), method == b"REGISTER"),
        StartLine::Response { .. } => (None, false),
    };
    let mut seen = Seen::default();
    for entry in message.fields() {
        seen.note(entry, is_register).map_err(|why| match why {
            Wrong::Field(why) => field(entry.kind, why),
            Wrong::TooLarge => ParseError::TooLarge,
        })?;
    }
    // A response with a second Via was not sent to us (8.1.3.3).
    if uri.is_none() && seen.via_count > 1 {
        return Err(field(Kind::Via, "more than one in a response"));
    }
    let missing = |kind| move || field(kind, "missing");
    let (cseq, cseq_method) = seen.cseq.ok_or_else(missing(Kind::CSeq))?;
    Ok(Essentials {
        uri,
        via: seen.via.ok_or_else(missing(Kind::Via))?,
        from: seen.from.ok_or_else(missing(Kind::From))?,
        to: seen.to.ok_or_else(missing(Kind::To))?,
        call_id: seen.call_id.ok_or_else(missing(Kind::CallId))?,
        cseq,
        cseq_method,
        contact: seen.contact,
        max_forwards: seen.max_forwards,
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

/// What is wrong with one field.
enum Wrong {
    Field(&'static str),
    TooLarge,
}

impl From<&'static str> for Wrong {
    fn from(why: &'static str) -> Self {
        Self::Field(why)
    }
}

/// The fields read so far.
#[derive(Default)]
struct Seen<'a> {
    via: Option<Via<'a>>,
    via_count: usize,
    from: Option<NameAddr<'a>>,
    to: Option<NameAddr<'a>>,
    call_id: Option<&'a [u8]>,
    cseq: Option<(u32, &'a [u8])>,
    contact: Option<NameAddr<'a>>,
    max_forwards: Option<u32>,
    content_type: Option<()>,
}

impl<'a> Seen<'a> {
    /// Reads one field.
    fn note(&mut self, entry: Field<'a>, is_register: bool) -> Result<(), Wrong> {
        let value = entry.value;
        match entry.kind {
            Kind::Via => self.note_vias(value)?,
            Kind::From => once(&mut self.from, NameAddr::parse(value)?)?,
            Kind::To => once(&mut self.to, NameAddr::parse(value)?)?,
            Kind::CallId if value.is_empty() || value.iter().any(|b| *b <= b' ') => {
                return Err(Wrong::Field("empty or with white space"));
            }
            Kind::CallId => once(&mut self.call_id, value)?,
            Kind::CSeq => once(&mut self.cseq, cseq(value)?)?,
            Kind::MaxForwards => once(&mut self.max_forwards, number(value, 255)?)?,
            Kind::ContentType => {
                content::MediaType::parse(value)?;
                once(&mut self.content_type, ())?;
            }
            // `*` belongs to REGISTER alone (10.2.2).
            Kind::Contact if value == b"*" && is_register => {}
            Kind::Contact => {
                for contact in AddressList::new(value) {
                    self.contact = self.contact.or(Some(contact?));
                }
            }
            Kind::Route | Kind::RecordRoute => {
                for route in AddressList::new(value) {
                    if !route?.is_bracketed {
                        return Err(Wrong::Field("route without `<>`"));
                    }
                }
            }
            Kind::Expires => {
                number(value, u32::MAX)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn note_vias(&mut self, value: &'a [u8]) -> Result<(), Wrong> {
        for via in ViaList::new(value) {
            let (via, _) = via?;
            self.via.get_or_insert(via);
            self.via_count += 1;
        }
        if self.via_count > limits::MAX_VIAS {
            Err(Wrong::TooLarge)
        } else {
            Ok(())
        }
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Wrong> {
    if slot.replace(value).is_some() {
        Err(Wrong::Field("given twice"))
    } else {
        Ok(())
    }
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
    if essentials.max_forwards == Some(0) {
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
