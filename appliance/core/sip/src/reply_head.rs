//! The part of a request its responses repeat: Via, From, To, Call-ID, CSeq, Record-Route (RFC 3261 8.2.6).
//!
//! Copied as received. Only the top Via changes: `received` and `rport` say where the request really came
//! from (RFC 3261 18.2.1, RFC 3581 4). Works on malformed requests too, with what can be read of them.

use std::net::{IpAddr, SocketAddr};

use crate::draft::{finish, is_sips};
use crate::endpoint::EndpointConfig;
use crate::header::Kind;
use crate::message::{Message, StartLine};
use crate::method::Method;
use crate::overload::Relief;
use crate::request::Reply;
use crate::transport::{Peer, Transport};
use crate::via::{Via, ViaList};
use crate::write::{Writer, reason_phrase};

/// What responses to one request begin with.
#[derive(Clone, Debug)]
pub(crate) struct ReplyHead {
    pub(crate) method: Method,
    vias: Vec<Vec<u8>>,
    record_routes: Vec<Vec<u8>>,
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
    call_id: Vec<u8>,
    cseq: Vec<u8>,
    transport: Transport,
    is_sips: bool,
    has_to_tag: bool,
    can_take_tag: bool,
    /// The tag we add where the request's To has none.
    pub(crate) tag: String,
    /// Whether responses say what we are: not to strangers, who look for versions with known faults.
    pub(crate) says_server: bool,
}

impl ReplyHead {
    /// Copies what responses need; `None` where there is no Via to answer by.
    pub(crate) fn of(message: &Message<'_>, source: Peer, tag: String) -> Option<Self> {
        let StartLine::Request { method, uri } = message.start() else {
            return None;
        };
        let mut vias: Vec<Vec<u8>> = message.all(Kind::Via).map(<[u8]>::to_vec).collect();
        if let Some(top) = vias.first_mut() {
            *top = stamped(top, source.addr);
        } else {
            return None;
        }
        let copy = |kind| message.first(kind).unwrap_or_default().to_vec();
        let to = message.to();
        Some(Self {
            method: Method::from_token(method),
            vias,
            record_routes: message.all(Kind::RecordRoute).map(<[u8]>::to_vec).collect(),
            from: copy(Kind::From),
            to: copy(Kind::To),
            call_id: copy(Kind::CallId),
            cseq: copy(Kind::CSeq),
            transport: source.transport,
            is_sips: is_sips(uri),
            has_to_tag: to.is_some_and(|to| to.tag().is_some()),
            can_take_tag: to.is_some(),
            tag,
            says_server: false,
        })
    }

    /// The To value with our tag, as in responses above 100.
    pub(crate) fn tagged_to(&self) -> Vec<u8> {
        let mut to = self.to.clone();
        if self.can_take_tag && !self.has_to_tag {
            to.extend_from_slice(b";tag=");
            to.extend_from_slice(self.tag.as_bytes());
        }
        to
    }

    /// A response.
    pub(crate) fn render(&self, config: &EndpointConfig, relief: Relief, reply: &Reply) -> Vec<u8> {
        let status = reply.status;
        let reason = reply
            .reason
            .as_deref()
            .unwrap_or_else(|| reason_phrase(status));
        let mut writer = Writer::response(status, reason.as_bytes());
        for (at, via) in self.vias.iter().enumerate() {
            if at == 0 && self.says_server {
                writer.field("Via", relief.written(via));
            } else {
                writer.field("Via", via);
            }
        }
        let makes_dialog = self.method == Method::Invite && (101..300).contains(&status);
        if makes_dialog {
            for route in &self.record_routes {
                writer.field("Record-Route", route);
            }
        }
        let to = if status == 100 {
            self.to.clone()
        } else {
            self.tagged_to()
        };
        for (name, value) in [
            ("From", &self.from),
            ("To", &to),
            ("Call-ID", &self.call_id),
            ("CSeq", &self.cseq),
        ] {
            if !value.is_empty() {
                writer.field(name, value);
            }
        }
        let given = |name: &str| {
            reply
                .headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let refreshes = self.method == Method::Update && (200..300).contains(&status);
        if (makes_dialog || refreshes) && !given("Contact") {
            writer.field(
                "Contact",
                config.local.contact(self.transport, self.is_sips, ""),
            );
        }
        if status == 405 && !given("Allow") {
            writer.field("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS");
        }
        if self.says_server {
            writer.field("Server", &config.user_agent);
        }
        for (name, value) in &reply.headers {
            writer.field(name, value);
        }
        finish(writer, reply.body.as_ref())
    }
}

/// Where responses to a request from `source` go (18.2.2 and RFC 3581): its source address, and its source
/// port where it asked for that, else the port it names. `maddr` is not followed: it would let anyone aim
/// our answers at a third party. On a stream they go back on the connection the request came by.
pub(crate) fn reply_address(via: Option<&Via<'_>>, source: Peer) -> Peer {
    match via {
        Some(via) if !via.wants_rport() && !source.transport.is_reliable() => {
            sent_by(Some(via), source)
        }
        _ => source,
    }
}

/// Where responses go when the connection of their request is gone: a new one, to the port the sender says
/// it listens on (18.2.2).
pub(crate) fn sent_by(via: Option<&Via<'_>>, source: Peer) -> Peer {
    let default = source.transport.default_port();
    let port = via.and_then(|via| via.port).unwrap_or(default);
    Peer::new(source.transport, SocketAddr::new(source.addr.ip(), port))
}

/// A Via field with `received` and `rport` in its first value, everything else untouched.
fn stamped(field: &[u8], source: SocketAddr) -> Vec<u8> {
    let Some((via, end)) = ViaList::first(field) else {
        return field.to_vec();
    };
    let source_ip = unmapped(source.ip());
    let needs_received = via.wants_rport() || via.host_ip().map(unmapped) != Some(source_ip);
    let has = |name| via.params.get(name).is_some();
    if !needs_received && !has("received") {
        return field.to_vec();
    }
    let (value, others) = field.split_at_checked(end).unwrap_or((field, b""));
    let mut out = Vec::with_capacity(field.len() + 48);
    // A peer's own `received` would be believed further up the path, so it goes.
    let head_len = value.iter().position(|b| *b == b';').unwrap_or(value.len());
    out.extend_from_slice(crate::lex::trim(value.get(..head_len).unwrap_or_default()));
    for (name, text) in via.params.iter() {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"received") || is(b"rport") {
            continue;
        }
        out.push(b';');
        out.extend_from_slice(name);
        if !text.is_empty() {
            out.push(b'=');
            out.extend_from_slice(text);
        }
    }
    if needs_received {
        out.extend_from_slice(format!(";received={source_ip}").as_bytes());
    }
    if via.wants_rport() {
        out.extend_from_slice(format!(";rport={}", source.port()).as_bytes());
    }
    out.extend_from_slice(others);
    out
}

/// An IPv4 address that came over an IPv6 socket, as the IPv4 address it is.
fn unmapped(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}
