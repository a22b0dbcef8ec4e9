//! A dialog: what two parties remember of their call between requests (RFC 3261 12).
//!
//! Made by the endpoint from an INVITE and its answer; it writes the requests of ours inside the call and
//! checks the order of the peer's. It copies the few values it keeps and borrows nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::check::Essentials;
use crate::draft::{Draft, Names};
use crate::early::Forks;
use crate::endpoint::TxId;
use crate::limits;
use crate::login::Login;
use crate::message::Message;
use crate::method::Method;
use crate::request::Body;
use crate::transaction::key::Key;
use crate::transport::{Peer, Transport};
use crate::uri::{Scheme, UriRef};

/// How far a dialog is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Our INVITE is out; `is_cancelled` once the owner gave up.
    Calling { tx: TxId, is_cancelled: bool },
    /// The peer's INVITE was answered 1xx.
    Offered { tx: TxId },
    /// Answered.
    Confirmed,
    /// Our BYE is out, or goes out with the ACK that is still missing.
    Ending,
}

/// A dialog.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) state: State,
    /// What the peer's requests are found by; `None` until the peer's tag is known.
    pub(crate) key: Option<Key>,
    /// Call-ID, our side and the peer's side as our requests write them.
    pub(crate) names: Names,
    pub(crate) local_tag: String,
    pub(crate) local_cseq: u32,
    pub(crate) remote_cseq: Option<u32>,
    pub(crate) path: Path,
    pub(crate) login: Option<Login>,
    /// Our 2xx, until acknowledged.
    pub(crate) answer: Option<Answer>,
    /// Our last ACK, for copies of the 2xx.
    pub(crate) ack: Option<Ack>,
    /// Our own re-INVITE under way.
    pub(crate) reinvite: Option<TxId>,
    /// The early dialogs of a call of ours.
    pub(crate) forks: Forks,
}

/// The way to the peer.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// The remote target: the peer's Contact.
    pub(crate) target: Vec<u8>,
    /// The route set, nearest hop first, as received.
    pub(crate) routes: Vec<Vec<u8>>,
    /// Where the peer's messages come from.
    pub(crate) peer: Peer,
    /// Whether the stream connection to `peer` broke: what follows goes where the peer says it listens.
    pub(crate) is_flow_lost: bool,
}

/// A 2xx of ours, repeated until its ACK (13.3.1.4).
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) cseq: u32,
    pub(crate) to: Peer,
    pub(crate) bytes: Vec<u8>,
    pub(crate) interval: Duration,
    /// The headers of a BYE that waits for the ACK (15).
    pub(crate) farewell: Option<Vec<(String, String)>>,
}

/// The ACK of a 2xx to an INVITE of ours.
#[derive(Clone, Debug)]
pub(crate) enum Ack {
    /// The 2xx brought the offer, and our answer is still to come.
    Owed { cseq: u32 },
    /// Sent; copies of the 2xx get it again.
    Sent { cseq: u32, to: Peer, bytes: Vec<u8> },
}

impl Dialog {
    /// The dialog the peer's INVITE would make, answered with `tag` and To value `local`.
    pub(crate) fn offered(
        tx: TxId,
        source: Peer,
        message: &Message<'_>,
        invite: &Essentials<'_>,
        local: (Vec<u8>, &str),
    ) -> Self {
        let (local_value, tag) = local;
        let remote_tag = invite.from.tag().unwrap_or_default();
        let from = message.first(crate::header::Kind::From).unwrap_or_default();
        // RFC 2543 callers may send no Contact; their From is all there is to aim at.
        let target = invite
            .contact
            .map_or(invite.from.uri, |contact| contact.uri);
        let routes = message.record_routes().filter_map(Result::ok);
        Self {
            state: State::Offered { tx },
            key: Some(Key::dialog(invite.call_id, tag.as_bytes(), remote_tag)),
            names: Names {
                call_id: invite.call_id.to_vec(),
                from: local_value,
                to: from.to_vec(),
            },
            local_tag: tag.to_owned(),
            local_cseq: 0,
            remote_cseq: Some(invite.cseq),
            path: Path {
                target: target.as_bytes().to_vec(),
                routes: routes
                    .take(limits::MAX_ROUTES)
                    .map(|r| route_value(&r))
                    .collect(),
                peer: source,
                is_flow_lost: false,
            },
            login: None,
            answer: None,
            ack: None,
            reinvite: None,
            forks: Forks::default(),
        }
    }

    /// The dialog as a 2xx to our INVITE settles it.
    pub(crate) fn settle(&mut self, message: &Message<'_>, answer: &Essentials<'_>) {
        let remote_tag = answer.to.tag().unwrap_or_default();
        self.key = Some(Key::dialog(
            answer.call_id,
            self.local_tag.as_bytes(),
            remote_tag,
        ));
        self.names.to = message
            .first(crate::header::Kind::To)
            .unwrap_or_default()
            .to_vec();
        self.path.routes = route_set(message);
        self.retarget(answer);
        self.state = State::Confirmed;
    }

    /// Takes the peer's new Contact, if it sent one (target refresh, 12.2).
    pub(crate) fn retarget(&mut self, from_peer: &Essentials<'_>) {
        if let Some(contact) = from_peer.contact {
            self.path.target = contact.uri.as_bytes().to_vec();
        }
    }

    /// A new request of ours; takes the next CSeq number.
    pub(crate) fn draft(
        &mut self,
        method: Method,
        headers: Vec<(String, String)>,
        body: Option<Body>,
    ) -> Draft {
        self.local_cseq = self.local_cseq.saturating_add(1);
        let draft = Draft::on(&self.path, method, self.names.clone(), self.local_cseq);
        Draft {
            headers,
            body,
            ..draft
        }
    }

    /// A new request of ours in the early dialog that spoke last; `None` where none did.
    pub(crate) fn draft_early(
        &mut self,
        method: Method,
        headers: Vec<(String, String)>,
        body: Option<Body>,
    ) -> Option<Draft> {
        let early = self.forks.latest()?;
        self.local_cseq = self.local_cseq.saturating_add(1);
        let names = Names {
            to: early.to.clone(),
            ..self.names.clone()
        };
        let draft = Draft::on(&early.path, method, names, self.local_cseq);
        Some(Draft {
            headers,
            body,
            ..draft
        })
    }

    /// The last number of the peer that `key` names: the dialog's, or that of one of its early dialogs.
    pub(crate) fn remote_cseq_of(&mut self, key: &Key) -> &mut Option<u32> {
        match self.forks.by_key(key) {
            Some(early) => &mut early.remote_cseq,
            None => &mut self.remote_cseq,
        }
    }

    /// The ACK to a 2xx of our INVITE numbered `cseq`, with our answer where the 2xx brought the offer.
    pub(crate) fn draft_ack(&self, cseq: u32, body: Option<Body>) -> Draft {
        let draft = Draft::on(&self.path, Method::Ack, self.names.clone(), cseq);
        Draft { body, ..draft }
    }
}

impl Path {
    /// Request-URI, Route values and address of a request to the peer (12.2.1.1; strict routers included).
    pub(crate) fn next(&self) -> (Vec<u8>, Vec<Vec<u8>>, Peer) {
        let first = self.routes.first().and_then(|route| route_uri(route));
        match first {
            None => (self.target.clone(), Vec::new(), self.address(&self.target)),
            Some(hop) if is_loose(hop) => {
                (self.target.clone(), self.routes.clone(), self.address(hop))
            }
            Some(hop) => {
                let mut routes: Vec<Vec<u8>> = self.routes.iter().skip(1).cloned().collect();
                routes.push([b"<", self.target.as_slice(), b">"].concat());
                (hop.to_vec(), routes, self.address(hop))
            }
        }
    }

    /// The address of the next hop when the connection to it has broken.
    pub(crate) fn fallback(&self) -> Peer {
        self.next().2
    }

    /// The address of a hop: its own where it is a number we can reach, else where the peer's messages
    /// come from. Names are never resolved here. A stream that stands is used again (RFC 5923).
    fn address(&self, hop: &[u8]) -> Peer {
        let Ok(uri) = UriRef::parse(hop) else {
            return self.peer;
        };
        let transport = hop_transport(&uri).unwrap_or(self.peer.transport);
        let peer_ip = self.peer.addr.ip().to_canonical();
        let is_same = |ip: IpAddr| {
            transport.is_reliable()
                && transport == self.peer.transport
                && ip.to_canonical() == peer_ip
                && !self.is_flow_lost
        };
        match uri.host_ip() {
            Some(ip) if is_same(ip) => self.peer,
            Some(ip) if is_private(ip) && !is_private(peer_ip) => self.peer,
            Some(ip) => {
                let port = uri.port().unwrap_or_else(|| transport.default_port());
                Peer::new(transport, SocketAddr::new(ip, port))
            }
            None => self.peer,
        }
    }
}

/// The transport a URI names: by its parameter, or TLS by its scheme.
fn hop_transport(uri: &UriRef<'_>) -> Option<Transport> {
    let named = uri
        .param("transport")
        .flatten()
        .and_then(Transport::from_param);
    if uri.scheme() == Scheme::Sips {
        return Some(Transport::Tls);
    }
    named
}

/// An address that means nothing outside its own network: a peer behind a NAT names one.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    }
}

fn is_loose(hop: &[u8]) -> bool {
    UriRef::parse(hop).is_ok_and(|uri| uri.param("lr").is_some())
}

/// The route set a response gives its caller: nearest hop first (12.1.2).
pub(crate) fn route_set(message: &Message<'_>) -> Vec<Vec<u8>> {
    let routes = message.record_routes().filter_map(Result::ok);
    let mut routes: Vec<Vec<u8>> = routes
        .take(limits::MAX_ROUTES)
        .map(|r| route_value(&r))
        .collect();
    routes.reverse();
    routes
}

/// One address of a Record-Route as a Route value, bytes as received.
fn route_value(route: &crate::name_addr::NameAddr<'_>) -> Vec<u8> {
    [b"<", route.uri.as_bytes(), b">", route.params.as_bytes()].concat()
}

fn route_uri(route: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b'>', route)?;
    route.get(1..end)
}
