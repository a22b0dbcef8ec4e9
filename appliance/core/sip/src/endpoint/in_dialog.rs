//! Requests of peers inside a dialog (RFC 3261 12.2.2, 14.2, 15.1.2; RFC 3262 3).

use crate::check::Essentials;
use crate::deadline::Reason;
use crate::dialog::{Dialog, State as DialogState};
use crate::endpoint::inbound::Arrival;
use crate::endpoint::reliable::Prack;
use crate::endpoint::{DialogId, EndedBy, Endpoint, Event, owned};
use crate::limits;
use crate::request::Reply;
use crate::transaction::key::Key;
use crate::transport::Peer;

impl Endpoint {
    /// A request inside a dialog (12.2.2).
    pub(super) fn handle_in_dialog(&mut self, arrival: Arrival<'_, '_>, key: Key, id: DialogId) {
        let cseq = arrival.essentials.cseq;
        let (method, now) = (arrival.method, arrival.now);
        self.follow_connection(arrival.source, id);
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        let state = dialog.state;
        let last = dialog.remote_cseq_of(&dialog_key(arrival.essentials));
        if last.is_some_and(|last| cseq < last) {
            return self.open_and_answer(arrival, key, &Reply::new(500));
        }
        *last = Some(cseq);
        if method == b"BYE" && !matches!(state, DialogState::Calling { .. }) {
            return self.handle_bye(arrival, key, id, state);
        }
        // A called party ends a call that was not answered by refusing it, not by BYE (15).
        if state == DialogState::Ending || method == b"BYE" {
            return self.open_and_answer(arrival, key, &Reply::new(481));
        }
        if method == b"INVITE" {
            let is_answering = dialog.answer.is_some() || state != DialogState::Confirmed;
            if dialog.reinvite.is_some() {
                return self.open_and_answer(arrival, key, &Reply::new(491));
            }
            if is_answering {
                let wait = self.identity.below(11).to_string();
                let reply = Reply::new(500).with_header("Retry-After", wait);
                return self.open_and_answer(arrival, key, &reply);
            }
        }
        if method == b"PRACK" && self.is_settled_prack(arrival, &key, id) {
            return;
        }
        let Some(request) = owned::request(arrival.message, arrival.essentials) else {
            return;
        };
        let Some(mut inbound) = self.open(arrival, key) else {
            return;
        };
        let tx = inbound.server.id;
        inbound.server.dialog = Some(id);
        if matches!(
            method,
            b"INVITE" | b"UPDATE" | b"SUBSCRIBE" | b"NOTIFY" | b"REFER"
        ) {
            let contact = arrival.essentials.contact;
            inbound.refresh = contact.map(|contact| contact.uri.as_bytes().to_vec());
        }
        if inbound.server.is_invite {
            self.lane
                .wake_tx(tx, Reason::Trying, now, limits::TRYING_AFTER);
        }
        self.tables.add_server(inbound);
        let (dialog, from) = (Some(id), arrival.source);
        self.lane.events.push_back(Event::Request {
            tx,
            dialog,
            from,
            request,
        });
    }

    /// The peer of a dialog opened a new stream connection: it stands, the old one may not.
    fn follow_connection(&mut self, source: Peer, id: DialogId) {
        let is_new = |dialog: &Dialog| dialog.path.peer != source || dialog.path.is_flow_lost;
        if source.transport.is_reliable() && self.tables.dialog_ref(id).is_some_and(is_new) {
            self.tables.reroute_dialog(id, source);
        }
    }

    fn handle_bye(&mut self, arrival: Arrival<'_, '_>, key: Key, id: DialogId, state: DialogState) {
        self.open_and_answer(arrival, key, &Reply::new(200));
        if let DialogState::Offered { tx } = state {
            // A caller may end an early dialog by BYE; its INVITE is still to be answered (15.1.2).
            self.send_reply(arrival.now, tx, &Reply::new(487));
        }
        self.bound_reinvite(arrival.now, id);
        self.forget_dialog(id);
        if state != DialogState::Ending {
            let reason = owned::reason(arrival.message);
            self.lane.events.push_back(Event::Ended {
                dialog: id,
                by: EndedBy::Peer { reason },
            });
        }
    }

    /// Answers a PRACK; false where its owner has to, because it brings an offer.
    fn is_settled_prack(&mut self, arrival: Arrival<'_, '_>, key: &Key, id: DialogId) -> bool {
        let body = owned::body(arrival.message);
        match self.take_prack(id, arrival.message, body.as_ref()) {
            Prack::Offer(tx) => {
                self.after_prack(arrival.now, tx);
                false
            }
            Prack::Done(tx) => {
                self.open_and_answer(arrival, key.clone(), &Reply::new(200));
                self.after_prack(arrival.now, tx);
                true
            }
            Prack::Late => {
                self.open_and_answer(arrival, key.clone(), &Reply::new(200));
                true
            }
            Prack::Stray => {
                self.open_and_answer(arrival, key.clone(), &Reply::new(481));
                true
            }
        }
    }
}

/// The key of the dialog a request of the peer names.
fn dialog_key(request: &Essentials<'_>) -> Key {
    let local = request.to.tag().unwrap_or_default();
    let remote = request.from.tag().unwrap_or_default();
    Key::dialog(request.call_id, local, remote)
}
