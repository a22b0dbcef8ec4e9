//! Requests of peers: matched to what we know, or handed to the owner (RFC 3261 8.2, 9.2, 12.2.2, 15.1.2).

use std::time::Instant;

use crate::auth_params::AuthParams;
use crate::check::{Essentials, Refusal};
use crate::deadline::Reason;
use crate::dialog::Dialog;
use crate::endpoint::reliable::Reliable;
use crate::endpoint::tables::Inbound;
use crate::endpoint::{Endpoint, Event, TxId, owned};
use crate::header::Kind;
use crate::lane::Owner;
use crate::limits;
use crate::message::{Message, StartLine};
use crate::name_addr::text;
use crate::option_tags;
use crate::reply_head::{ReplyHead, reply_address, sent_by};
use crate::request::Reply;
use crate::transaction::key::Key;
use crate::transaction::server::{Server, State};
use crate::transport::Peer;

/// One request on its way through the endpoint.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'m, 'a> {
    pub(super) now: Instant,
    pub(super) source: Peer,
    pub(super) message: &'m Message<'a>,
    pub(super) essentials: &'m Essentials<'a>,
    pub(super) method: &'a [u8],
}

impl Endpoint {
    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        source: Peer,
        message: &Message<'_>,
        essentials: &Essentials<'_>,
    ) {
        let StartLine::Request { method, .. } = message.start() else {
            return;
        };
        let arrival = Arrival {
            now,
            source,
            message,
            essentials,
            method,
        };
        if method == b"ACK" {
            return self.handle_ack(arrival);
        }
        let key = Key::server(essentials, method);
        if let Some(known) = self
            .tables
            .tx_by(&key)
            .and_then(|tx| self.tables.server(tx))
        {
            return known.server.handle_copy(&mut self.lane);
        }
        let to_tag = essentials.to.tag();
        let dialog = to_tag.and_then(|tag| {
            let remote_tag = essentials.from.tag().unwrap_or_default();
            self.tables
                .dialog_by(&Key::dialog(essentials.call_id, tag, remote_tag))
        });
        let cancelled = (method == b"CANCEL")
            .then(|| self.tables.tx_by(&Key::server(essentials, b"INVITE")))
            .flatten();
        // Calls that run may use a second helping of room, so that they can still end.
        let helpings = 1 + usize::from(dialog.is_some() || cancelled.is_some());
        let room = self.config.capacity.transactions.saturating_mul(helpings);
        if self.tables.transactions() >= room {
            return self.refuse_for_room(arrival);
        }
        if let Some(invite) = cancelled {
            return self.handle_cancel(arrival, key, invite);
        }
        match dialog {
            Some(id) => self.handle_in_dialog(arrival, key, id),
            None => self.handle_new(arrival, key),
        }
    }

    /// Answers without keeping anything: every copy of the request gets the same answer (8.2.7).
    pub(super) fn answer_stateless(&mut self, source: Peer, message: &Message<'_>, reply: &Reply) {
        let part = |kind| message.first(kind).unwrap_or_default();
        let parts = [
            part(Kind::CallId),
            part(Kind::From),
            part(Kind::Via),
            part(Kind::CSeq),
        ];
        let tag = self.identity.stateless_tag(&parts);
        if let Some(head) = ReplyHead::of(message, source, tag) {
            let to = reply_address(message.top_via().as_ref(), source);
            self.lane
                .send(to, head.render(&self.config, self.relief, reply));
        }
    }

    fn refuse_for_room(&mut self, arrival: Arrival<'_, '_>) {
        self.lane.stats.overloads += 1;
        let reply =
            Reply::new(503).with_header("Retry-After", limits::RETRY_AFTER_SECONDS.to_string());
        self.answer_stateless(arrival.source, arrival.message, &reply);
    }

    /// A request that belongs to no dialog of ours.
    fn handle_new(&mut self, arrival: Arrival<'_, '_>, key: Key) {
        let is_call = arrival.method == b"INVITE" && arrival.essentials.to.tag().is_none();
        let merged = if arrival.essentials.to.tag().is_none() {
            Key::merged(arrival.essentials, arrival.method)
        } else {
            None
        };
        if merged
            .as_ref()
            .is_some_and(|merged| self.tables.tx_by(merged).is_some())
        {
            self.lane.stats.received.unacceptable += 1;
            return self.answer_stateless(arrival.source, arrival.message, &Reply::new(482));
        }
        if is_call && self.tables.dialogs() >= self.config.capacity.dialogs {
            return self.refuse_for_room(arrival);
        }
        let Some(request) = owned::request(arrival.message, arrival.essentials) else {
            return;
        };
        let Some(mut inbound) = self.open(arrival, key) else {
            return;
        };
        let (tx, from) = (inbound.server.id, arrival.source);
        inbound.server.merged = merged;
        if is_call && let Some(head) = &inbound.head {
            let local = (head.tagged_to(), head.tag.as_str());
            let (message, essentials) = (arrival.message, arrival.essentials);
            inbound.seed = Some(Box::new(Dialog::offered(
                tx, from, message, essentials, local,
            )));
            inbound.reliable = Reliable::of(message, self.identity.below(u64::MAX));
            self.lane
                .wake_tx(tx, Reason::Trying, arrival.now, limits::TRYING_AFTER);
        }
        self.tables.add_server(inbound);
        self.lane.events.push_back(if is_call {
            Event::Invite { tx, from, request }
        } else {
            Event::Request {
                tx,
                dialog: None,
                from,
                request,
            }
        });
    }

    /// A server transaction for a request; not yet in the table.
    pub(super) fn open(&mut self, arrival: Arrival<'_, '_>, key: Key) -> Option<Inbound> {
        let tx = self.tables.next_tx();
        let tag = self.identity.tag();
        let head = ReplyHead::of(arrival.message, arrival.source, tag)?;
        let reply_to = reply_address(Some(&arrival.essentials.via), arrival.source);
        let mut server = Server::new(tx, key, arrival.method == b"INVITE", reply_to);
        if reply_to.transport.is_reliable() {
            let fallback = sent_by(Some(&arrival.essentials.via), arrival.source);
            server.fallback = Some(fallback).filter(|peer| *peer != reply_to);
        }
        let is_stale = arrival.message.all(Kind::Authorization).any(|value| {
            let value = text(value);
            let nonce = AuthParams::parse(&value).and_then(|auth| auth.get("nonce"));
            nonce.is_some_and(|nonce| !self.identity.is_fresh(arrival.now, &nonce))
        });
        let cseq = arrival.essentials.cseq;
        let head = Some(Box::new(head));
        Some(Inbound {
            server,
            head,
            seed: None,
            refresh: None,
            cseq,
            reliable: None,
            is_stale,
        })
    }

    /// Opens a transaction and answers it at once; its identity.
    pub(super) fn open_and_answer(&mut self, arrival: Arrival<'_, '_>, key: Key, reply: &Reply) {
        let Some(inbound) = self.open(arrival, key) else {
            return;
        };
        let tx = inbound.server.id;
        self.tables.add_server(inbound);
        self.send_reply(arrival.now, tx, reply);
    }

    fn handle_cancel(&mut self, arrival: Arrival<'_, '_>, key: Key, invite: TxId) {
        let Some(mut inbound) = self.open(arrival, key) else {
            return;
        };
        let is_open = self.tables.server(invite).is_some_and(|target| {
            // The answer to CANCEL carries the tag of the answers to its INVITE (9.2).
            if let (Some(ours), Some(theirs)) = (&mut inbound.head, &target.head) {
                ours.tag.clone_from(&theirs.tag);
            }
            target.server.state == State::Proceeding
        });
        let tx = inbound.server.id;
        self.tables.add_server(inbound);
        self.send_reply(arrival.now, tx, &Reply::new(200));
        if is_open {
            self.send_reply(arrival.now, invite, &Reply::new(487));
            let reason = owned::reason(arrival.message);
            self.lane
                .events
                .push_back(Event::Cancelled { tx: invite, reason });
        }
    }

    fn handle_ack(&mut self, arrival: Arrival<'_, '_>) {
        let key = Key::server(arrival.essentials, b"ACK");
        if let Some(known) = self
            .tables
            .tx_by(&key)
            .and_then(|tx| self.tables.server(tx))
            && known.server.handle_ack(&mut self.lane, arrival.now)
        {
            return;
        }
        let tags = (arrival.essentials.to.tag(), arrival.essentials.from.tag());
        let (local, remote) = (tags.0.unwrap_or_default(), tags.1.unwrap_or_default());
        let found = self
            .tables
            .dialog_by(&Key::dialog(arrival.essentials.call_id, local, remote));
        let Some((id, dialog)) = found.and_then(|id| Some((id, self.tables.dialog(id)?))) else {
            self.lane.stats.received.strays += 1;
            return;
        };
        if dialog
            .answer
            .as_ref()
            .is_none_or(|answer| answer.cseq != arrival.essentials.cseq)
        {
            self.lane.stats.retransmissions_received += 1;
            return;
        }
        let farewell = dialog.answer.take().and_then(|answer| answer.farewell);
        self.lane.deadlines.clear_all(Owner::Dialog(id));
        match farewell {
            Some(headers) => self.send_bye(arrival.now, id, headers),
            None => {
                let body = owned::body(arrival.message);
                self.lane
                    .events
                    .push_back(Event::Acked { dialog: id, body });
            }
        }
    }
}

/// The answer to a request that is malformed or not to be served, with what its status obliges to (8.2).
pub(super) fn refusal_reply(message: &Message<'_>, refusal: Refusal) -> Reply {
    let reply = Reply::new(refusal.status());
    match refusal {
        Refusal::Malformed(fault) if refusal.status() == 400 => Reply {
            reason: Some(format!("Bad Request: {fault}")),
            ..reply
        },
        Refusal::Extension => {
            let tags: Vec<String> = option_tags::unsupported(message).map(text).collect();
            reply.with_header("Unsupported", tags.join(", "))
        }
        Refusal::Body => reply
            .with_header("Accept", "application/sdp, multipart/mixed")
            .with_header("Accept-Encoding", "identity"),
        Refusal::Accept => {
            reply.with_header("Warning", "399 branchline \"answers are application/sdp\"")
        }
        _ => reply,
    }
}
