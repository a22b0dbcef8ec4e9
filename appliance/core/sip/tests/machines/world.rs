//! A stage for one endpoint: virtual time, a peer that is a text file, and what came out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip::{
    Body, Endpoint, EndpointConfig, Event, OutgoingInvite, Peer, Reason, Reply, Transmit, TxId, Uri,
};

pub(crate) const SDP: &str = "v=0\r\n";

/// An endpoint, its clock, and the messages and events it gave since they were last taken.
pub(crate) struct Stage {
    pub(crate) endpoint: Endpoint,
    pub(crate) now: Instant,
    pub(crate) start: Instant,
    pub(crate) peer: Peer,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(EndpointConfig::new(SocketAddr::from((
            [192, 0, 2, 9],
            5060,
        ))))
    }

    pub(crate) fn with(config: EndpointConfig) -> Self {
        let now = Instant::now();
        let endpoint = Endpoint::new(config, [42; 32]);
        Self {
            endpoint,
            now,
            start: now,
            peer: "192.0.2.1:5060".parse().unwrap(),
        }
    }

    pub(crate) fn receive(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        self.endpoint
            .handle_message(self.now, self.peer, text.as_bytes());
    }

    pub(crate) fn sent(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.endpoint.poll_transmit())
            .map(text)
            .collect()
    }

    /// The one message sent since.
    pub(crate) fn sent_one(&mut self) -> String {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:#?}");
        sent.remove(0)
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.endpoint.poll_event()).collect()
    }

    /// The one event since.
    pub(crate) fn event(&mut self) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:#?}");
        events.remove(0)
    }

    /// Sleeps until the next deadline and handles it; when it was, in milliseconds since the start.
    pub(crate) fn wake(&mut self) -> Option<(u128, Reason)> {
        let (at, reason) = self.endpoint.poll_timeout()?;
        self.now = at.max(self.now);
        self.endpoint.handle_timeout(self.now);
        Some(((at - self.start).as_millis(), reason))
    }

    /// Handles all deadlines up to `ms` after the start; the times and first lines of what was sent.
    pub(crate) fn run_until(&mut self, ms: u64) -> Vec<(u128, String)> {
        let end = self.start + Duration::from_millis(ms);
        let mut sent = Vec::new();
        while let Some((at, _)) = self.endpoint.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = at.max(self.now);
            self.endpoint.handle_timeout(self.now);
            let since = (self.now - self.start).as_millis();
            let lines = self
                .sent()
                .into_iter()
                .map(|m| m.lines().next().unwrap().to_owned());
            sent.extend(lines.map(|line| (since, line)));
        }
        self.now = end;
        sent
    }

    /// An INVITE arrives; its transaction.
    pub(crate) fn invited(&mut self) -> TxId {
        self.receive(&invite("a"));
        match self.event() {
            Event::Invite { tx, .. } => tx,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn text(transmit: Transmit) -> String {
    String::from_utf8(transmit.bytes).unwrap()
}

/// The value of a header field in a message of ours.
pub(crate) fn field(message: &str, name: &str) -> String {
    let prefix = format!("{name}: ");
    let line = message.lines().find(|line| line.starts_with(&prefix));
    line.unwrap_or_else(|| panic!("no {name} in {message}"))[prefix.len()..].to_owned()
}

/// The tag our endpoint put on a To or From.
pub(crate) fn tag(message: &str, name: &str) -> String {
    field(message, name)
        .split(";tag=")
        .nth(1)
        .expect("a tag")
        .to_owned()
}

/// An INVITE of the peer with this branch.
pub(crate) fn invite(branch: &str) -> String {
    format!(
        "INVITE sip:4000@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{branch};rport\n\
         Record-Route: <sip:192.0.2.1;lr>\nFrom: <sip:ann@192.0.2.1>;tag=ann\nTo: <sip:4000@192.0.2.9>\n\
         Call-ID: c1\nCSeq: 1 INVITE\nContact: <sip:ann@192.0.2.1:5060>\nMax-Forwards: 70\n\
         Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n"
    )
}

/// A request of the peer in the dialog of `invite`.
pub(crate) fn in_dialog(method: &str, cseq: u32, branch: &str, our_tag: &str) -> String {
    format!(
        "{method} sip:192.0.2.9:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{branch};rport\n\
         From: <sip:ann@192.0.2.1>;tag=ann\nTo: <sip:4000@192.0.2.9>;tag={our_tag}\nCall-ID: c1\n\
         CSeq: {cseq} {method}\nMax-Forwards: 70\nContact: <sip:ann@192.0.2.1:5060>\nContent-Length: 0\n\n"
    )
}

/// The ACK of a refusal to `invite`.
pub(crate) fn ack_refusal(branch: &str, our_tag: &str) -> String {
    in_dialog("ACK", 1, branch, our_tag).replace("sip:192.0.2.9:5060", "sip:4000@192.0.2.9")
}

/// The CANCEL of `invite`.
pub(crate) fn cancel(branch: &str) -> String {
    invite(branch).replace("INVITE", "CANCEL").replace(
        "Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n",
        "Content-Length: 0\n\n",
    )
}

/// A response of the peer to a request of ours.
pub(crate) fn answer(request: &str, status: &str, extra: &str) -> String {
    let to = field(request, "To");
    let to = if to.contains(";tag=") || status.starts_with("100") {
        to
    } else {
        format!("{to};tag=bob")
    };
    format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {to}\nCall-ID: {}\nCSeq: {}\n{extra}Content-Length: 0\n\n",
        field(request, "Via"),
        field(request, "From"),
        field(request, "Call-ID"),
        field(request, "CSeq"),
    )
}

/// A call of ours to the peer.
pub(crate) fn outgoing() -> OutgoingInvite {
    OutgoingInvite {
        to: "192.0.2.1:5060".parse().unwrap(),
        request_uri: Uri::parse("sip:bob@192.0.2.1").unwrap(),
        from_uri: Uri::parse("sip:box@192.0.2.9").unwrap(),
        to_uri: Uri::parse("sip:bob@192.0.2.1").unwrap(),
        display: Some("The \"Box\"".to_owned()),
        body: Some(Body::new("application/sdp", SDP)),
        credentials: None,
        headers: Vec::new(),
    }
}

pub(crate) fn ok() -> Reply {
    Reply::new(200).with_body(Body::new("application/sdp", SDP))
}
