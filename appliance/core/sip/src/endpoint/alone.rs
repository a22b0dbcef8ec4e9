//! Requests of ours outside any dialog: OPTIONS, REGISTER and whatever else an owner asks (RFC 3261 8.1, 10.2, 11.1).

use std::time::Instant;

use crate::draft::{Draft, Names};
use crate::endpoint::tables::Purpose;
use crate::endpoint::{Endpoint, TxId};
use crate::limits;
use crate::login::Login;
use crate::method::Method;
use crate::request::{OutgoingRegister, OutgoingRequest};
use crate::transport::Peer;
use crate::uri::Uri;

/// A place at a registrar that we take again and again: one Call-ID, numbers that go up (10.2.4).
#[derive(Debug)]
pub(crate) struct Registration {
    pub(super) registrar: Uri,
    pub(super) aor: Uri,
    pub(super) names: Names,
    pub(super) cseq: u32,
    /// Its last request.
    pub(super) used: TxId,
    pub(crate) login: Option<Login>,
    /// The shortest interval its registrar takes, once it has said so (423); seconds.
    pub(super) least: u32,
}

impl Endpoint {
    /// Sends a request outside any dialog. Its `Response` follows: 503 at once where there is no room, 408
    /// where nobody answers. INVITE, ACK and CANCEL are not sent this way: 400.
    pub fn request_to(&mut self, now: Instant, request: OutgoingRequest) -> TxId {
        let (to, method, uri) = (request.to, request.method, request.uri);
        self.identity.note(now);
        let tx = self.tables.next_tx();
        if matches!(method, Method::Invite | Method::Ack | Method::Cancel) {
            self.tell_response(tx, 400, None);
            return tx;
        }
        if !self.has_room(tx) {
            return tx;
        }
        let tag = self.identity.tag();
        let local = self.config.local.of(to.transport);
        let names = Names {
            call_id: self.identity.call_id().into_bytes(),
            from: format!("<sip:{local}>;tag={tag}").into_bytes(),
            to: format!("<{uri}>").into_bytes(),
        };
        let draft = Draft {
            headers: request.headers,
            body: request.body,
            ..Draft::new(to, method, &uri, names)
        };
        self.start(now, tx, draft, Purpose::Alone, None);
        tx
    }

    /// Sends OPTIONS to `uri` outside any dialog: is the peer alive? Its `Response` follows, 400 at once where
    /// `uri` is none, 503 where there is no room.
    pub fn send_options(&mut self, now: Instant, to: Peer, uri: &str) -> TxId {
        let Ok(uri) = Uri::parse(uri) else {
            let tx = self.tables.next_tx();
            self.tell_response(tx, 400, None);
            return tx;
        };
        let accept = vec![("Accept".to_owned(), "application/sdp".to_owned())];
        let request = OutgoingRequest {
            to,
            method: Method::Options,
            uri,
            headers: accept,
            body: None,
        };
        self.request_to(now, request)
    }

    /// Registers, refreshes or, with `expires` 0, takes a binding back. Challenges (401, 407) are answered and a
    /// too brief interval (423) is made longer, once each, and not offered again; then its `Response` follows, with the header fields of
    /// the 200: its Contact or Expires says for how long the registrar granted it. 503 at once where there is no
    /// room or the connection cannot be opened, 408 where nobody answers.
    ///
    /// All registrations of one `aor` at one `registrar` share a Call-ID, whatever address they go to.
    pub fn register(&mut self, now: Instant, register: OutgoingRegister) -> TxId {
        self.identity.note(now);
        let tx = self.tables.next_tx();
        if !self.has_room(tx) {
            return tx;
        }
        let id = self.registration(tx, &register);
        let Some((draft, asked)) = self.register_draft(id, &register) else {
            return tx;
        };
        let purpose = Purpose::Register { id, asked };
        self.start(now, tx, draft, purpose, None);
        tx
    }

    /// The registration this request belongs to. Where there are too many, the one that rested longest is
    /// forgotten: its next request begins a new Call-ID.
    fn registration(&mut self, tx: TxId, register: &OutgoingRegister) -> TxId {
        let is_it = |r: &Registration| r.registrar == register.registrar && r.aor == register.aor;
        if let Some((id, known)) = self.registrations.iter_mut().find(|(_, r)| is_it(r)) {
            known.used = tx;
            return *id;
        }
        if self.registrations.len() >= limits::MAX_REGISTRATIONS {
            let rested = self.registrations.iter().min_by_key(|(_, r)| r.used);
            if let Some(id) = rested.map(|(id, _)| *id) {
                self.registrations.remove(&id);
            }
        }
        let (aor, tag) = (&register.aor, self.identity.tag());
        let fresh = Registration {
            registrar: register.registrar.clone(),
            aor: register.aor.clone(),
            names: Names {
                call_id: self.identity.call_id().into_bytes(),
                from: format!("<{aor}>;tag={tag}").into_bytes(),
                to: format!("<{aor}>").into_bytes(),
            },
            cseq: 0,
            used: tx,
            login: None,
            least: 0,
        };
        self.registrations.insert(tx, fresh);
        tx
    }

    /// The request, and the seconds that it asks for.
    fn register_draft(&mut self, id: TxId, register: &OutgoingRegister) -> Option<(Draft, u32)> {
        let known = self.registrations.get_mut(&id)?;
        known.cseq = known.cseq.saturating_add(1);
        let is_other = |login: &Login| Some(login.credentials()) != register.credentials.as_ref();
        if known.login.as_ref().is_none_or(is_other) {
            known.login = register.credentials.clone().map(Login::new);
        }
        let (to, registrar) = (register.to, &register.registrar);
        let user = register.aor.user().unwrap_or_default();
        let is_sips = crate::draft::is_sips(registrar.as_str().as_bytes());
        let contact = self.config.local.contact(to.transport, is_sips, user);
        let params = register.contact_params.trim_start_matches(';');
        let semicolon = if params.is_empty() { "" } else { ";" };
        let asked = match register.expires {
            0 => 0,
            expires => expires.max(known.least),
        };
        let mut draft = Draft::new(to, Method::Register, registrar, known.names.clone());
        draft.cseq = known.cseq;
        draft.headers = vec![
            (
                "Contact".to_owned(),
                format!("{contact}{semicolon}{params}"),
            ),
            ("Expires".to_owned(), asked.to_string()),
        ];
        Some((draft, asked))
    }

    /// Takes the next number of a registration, for its request sent once more.
    pub(super) fn next_register_cseq(&mut self, id: TxId) -> Option<u32> {
        let known = self.registrations.get_mut(&id)?;
        known.cseq = known.cseq.saturating_add(1);
        Some(known.cseq)
    }

    /// Whether another transaction may begin; else `tx` was answered 503.
    fn has_room(&mut self, tx: TxId) -> bool {
        let is_full = self.tables.transactions() >= self.config.capacity.transactions;
        if is_full {
            self.lane.stats.overloads += 1;
            self.tell_response(tx, 503, None);
        }
        !is_full
    }
}
