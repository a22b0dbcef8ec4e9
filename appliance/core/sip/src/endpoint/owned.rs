//! Owned copies of received messages, as the owner gets them.

use crate::check::Essentials;
use crate::header::Kind;
use crate::message::{Message, StartLine};
use crate::method::Method;
use crate::name_addr::{NameAddr, text};
use crate::request::{Address, Body, Headers, Request};

/// A request, copied; `None` for a response.
pub(crate) fn request(message: &Message<'_>, essentials: &Essentials<'_>) -> Option<Request> {
    let StartLine::Request { method, .. } = message.start() else {
        return None;
    };
    Some(Request {
        method: Method::from_token(method),
        uri: essentials.uri?.to_uri(),
        from: address(&essentials.from),
        to: address(&essentials.to),
        call_id: text(essentials.call_id),
        cseq: essentials.cseq,
        contact: essentials.contact.map(|contact| contact.uri.to_uri()),
        headers: headers(message),
        body: body(message),
    })
}

/// The header fields, copied: full names, folds made spaces.
pub(crate) fn headers(message: &Message<'_>) -> Headers {
    let mut headers = Headers::default();
    for field in message.fields() {
        let known = field.kind.name();
        let name = if known.is_empty() {
            text(field.name)
        } else {
            known.to_owned()
        };
        headers.push(name, unfolded(field.value));
    }
    headers
}

/// The body, copied; `None` where it is empty.
pub(crate) fn body(message: &Message<'_>) -> Option<Body> {
    let bytes = message.body();
    let content_type = message
        .first(Kind::ContentType)
        .map(unfolded)
        .unwrap_or_default();
    (!bytes.is_empty()).then(|| Body {
        content_type,
        bytes: bytes.to_vec(),
    })
}

/// All Reason fields as one list; `None` where there is none.
pub(crate) fn reason(message: &Message<'_>) -> Option<String> {
    let fields: Vec<String> = message.all(Kind::Reason).map(unfolded).collect();
    (!fields.is_empty()).then(|| fields.join(", "))
}

/// A header value as text, each fold one space.
pub(crate) fn unfolded(value: &[u8]) -> String {
    let whole = text(value);
    if !whole.contains('\n') {
        return whole;
    }
    whole
        .split("\r\n")
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn address(address: &NameAddr<'_>) -> Address {
    Address {
        display: address.display_text(),
        uri: address.uri.to_uri(),
        tag: address.tag().map(text),
    }
}
