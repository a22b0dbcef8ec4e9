//! Answers of peers to requests of ours (RFC 3261 12.2.1.2, 13.2.2, 17.1, 22).

use std::time::Instant;

use crate::check::Essentials;
use crate::dialog::{Ack, State as DialogState};
use crate::endpoint::tables::Purpose;
use crate::endpoint::{DialogId, EndedBy, Endpoint, Event, TxId, owned};
use crate::header::Kind;
use crate::lane::Owner;
use crate::login::Asker;
use crate::message::{Message, StartLine};
use crate::method::Method;
use crate::name_addr::text;
use crate::request::Body;
use crate::transaction::client::News;
use crate::transaction::key::Key;
use crate::transport::Peer;

/// One response on its way through the endpoint.
#[derive(Clone, Copy)]
struct Arrival<'m, 'a> {
    now: Instant,
    message: &'m Message<'a>,
    essentials: &'m Essentials<'a>,
    status: u16,
    /// Whether it is a 2xx that brings the offer, so that our ACK must bring the answer.
    brings_offer: bool,
}

impl Endpoint {
    pub(super) fn handle_response(
        &mut self,
        (now, from): (Instant, Peer),
        message: &Message<'_>,
        essentials: &Essentials<'_>,
        status: u16,
    ) {
        let branch = essentials.via.branch().unwrap_or_default();
        let key = Key::client(branch, essentials.cseq_method);
        let Some(tx) = self.tables.tx_by(&key) else {
            self.lane.stats.received.strays += 1;
            return;
        };
        if !self.is_of_ours(tx, essentials) {
            self.lane.stats.received.strays += 1;
            return;
        }
        let Some(outbound) = self.tables.client(tx) else {
            return;
        };
        self.reliefs.note(now, from, &essentials.via);
        let news = outbound.client.handle_response(&mut self.lane, now, status);
        let (purpose, told) = (outbound.purpose, outbound.told);
        let has_offered = outbound.draft.as_ref().is_none_or(|d| d.body.is_some());
        if news == News::Copy {
            return;
        }
        let arrival = Arrival {
            now,
            message,
            essentials,
            status,
            brings_offer: !has_offered && !message.body().is_empty(),
        };
        let is_invite = essentials.cseq_method == b"INVITE";
        if is_invite && status >= 300 {
            self.acknowledge_refusal(tx, message);
        }
        let is_retried = match status {
            401 => self.try_again(now, tx, message, Asker::Server),
            407 => self.try_again(now, tx, message, Asker::Proxy),
            422 => self.session_longer(now, tx, message),
            423 => self.register_longer(now, tx, message),
            _ => false,
        };
        if is_retried {
            return;
        }
        match purpose {
            Purpose::Call(id) => self.handle_call_answer(arrival, tx, id),
            Purpose::InDialog(id) if status >= 200 => {
                self.handle_dialog_answer(arrival, tx, told, id);
            }
            Purpose::Farewell(id) if status >= 200 => self.forget_dialog(id),
            Purpose::Alone | Purpose::Register { .. } if status >= 200 => {
                self.tell_answer(arrival, told, None);
            }
            _ => {}
        }
        if status >= 200
            && let Some(outbound) = self.tables.client(tx)
        {
            outbound.draft = None;
        }
    }

    /// Whether a response is that of the request whose branch it has: its Call-ID, From tag and
    /// number are copied from it (8.2.6.2). Any other is no response to us.
    fn is_of_ours(&self, tx: TxId, essentials: &Essentials<'_>) -> bool {
        let Some(outbound) = self.tables.client_ref(tx) else {
            return false;
        };
        let draft = outbound.draft.as_deref();
        let dialog = match outbound.purpose {
            Purpose::Call(id)
            | Purpose::InDialog(id)
            | Purpose::Farewell(id)
            | Purpose::Prack(id) => Some(id),
            Purpose::Alone | Purpose::Register { .. } | Purpose::Unwatched => None,
        };
        let dialog = dialog.and_then(|id| self.tables.dialog_ref(id));
        let names = draft.map(|draft| &draft.names);
        let names = names.or_else(|| dialog.map(|dialog| &dialog.names));
        let is_named = names.is_none_or(|names| {
            let tag = essentials.from.tag().unwrap_or_default();
            names.call_id == essentials.call_id && names.from.ends_with(tag)
        });
        is_named && draft.is_none_or(|draft| draft.cseq == essentials.cseq)
    }

    /// A response to the INVITE of a call of ours.
    fn handle_call_answer(&mut self, arrival: Arrival<'_, '_>, tx: TxId, id: DialogId) {
        let (status, now) = (arrival.status, arrival.now);
        let state = self.tables.dialog(id).map(|dialog| dialog.state);
        match (state, status) {
            (Some(DialogState::Calling { is_cancelled, .. }), 100..200) => {
                let is_asked = self
                    .lane
                    .deadlines
                    .is_set(Owner::Tx(tx), crate::Reason::CancelTimeout);
                if is_cancelled && !is_asked {
                    self.send_cancel(now, tx);
                } else if !is_cancelled && status > 100 {
                    self.handle_progress(arrival, id);
                }
            }
            (Some(DialogState::Calling { is_cancelled, .. }), 200..300) => {
                if let Some(dialog) = self.tables.dialog(id) {
                    dialog.settle(arrival.message, arrival.essentials);
                }
                self.tables.index_dialog(id);
                self.acknowledge_answer(arrival, id);
                if is_cancelled {
                    let dialog = self.tables.dialog(id);
                    let farewell = dialog.map(|dialog| dialog.forks.farewell.clone());
                    self.send_bye(now, id, farewell.unwrap_or_default());
                    self.tell_rejected(id, 487, "cancelled");
                } else {
                    let headers = owned::headers(arrival.message);
                    let body = owned::body(arrival.message);
                    self.lane.events.push_back(Event::Answered {
                        dialog: id,
                        headers,
                        body,
                    });
                }
            }
            (Some(DialogState::Calling { .. }), _) => {
                self.forget_dialog(id);
                let StartLine::Response { reason, .. } = arrival.message.start() else {
                    return;
                };
                self.lane.events.push_back(Event::Rejected {
                    dialog: id,
                    status,
                    reason: text(reason),
                    headers: owned::headers(arrival.message),
                });
            }
            // A 2xx once more: the same branch lost our ACK, or another branch answered too (13.2.2.4).
            (_, 200..300) => self.handle_late_answer(arrival, id),
            _ => {}
        }
    }

    /// A further 2xx to an INVITE that has one already.
    fn handle_late_answer(&mut self, arrival: Arrival<'_, '_>, id: DialogId) {
        let e = arrival.essentials;
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        let tags = (dialog.local_tag.as_bytes(), e.to.tag().unwrap_or_default());
        if dialog.key.as_ref() == Some(&Key::dialog(e.call_id, tags.0, tags.1)) {
            self.lane.stats.retransmissions_received += 1;
            if let Some(Ack::Sent { cseq, to, bytes }) = &dialog.ack
                && *cseq == e.cseq
            {
                self.lane.resend(*to, bytes);
            }
            return;
        }
        // Another phone picked up as well: it is told that it is not wanted.
        let mut other = dialog.clone();
        other.settle(arrival.message, e);
        let mut ack = other.draft_ack(e.cseq, None);
        ack.branch = self.identity.branch();
        self.lane.send(ack.to, ack.render(&self.config, &[]));
        let bye = other.draft(Method::Bye, Vec::new(), None);
        let tx = self.tables.next_tx();
        self.start(arrival.now, tx, bye, Purpose::Unwatched, None);
    }

    /// The final answer to a request inside a dialog.
    fn handle_dialog_answer(
        &mut self,
        arrival: Arrival<'_, '_>,
        tx: TxId,
        told: TxId,
        id: DialogId,
    ) {
        let status = arrival.status;
        let is_invite = arrival.essentials.cseq_method == b"INVITE";
        let is_repeated = self.tables.client(tx).is_some_and(|o| o.draft.is_none());
        if is_repeated {
            return self.handle_late_answer(arrival, id);
        }
        if let Some(dialog) = self.tables.dialog(id) {
            if dialog.reinvite == Some(told) {
                dialog.reinvite = None;
            }
            if (200..300).contains(&status) {
                dialog.retarget(arrival.essentials);
            }
        }
        if is_invite && status < 300 {
            self.acknowledge_answer(arrival, id);
        }
        self.tell_answer(arrival, told, Some(id));
        if matches!(status, 408 | 481) {
            self.end_lost_dialog(arrival.now, id);
        }
    }

    /// The peer no longer knows the dialog or no longer answers in it (12.2.1.2).
    pub(super) fn end_lost_dialog(&mut self, now: Instant, id: DialogId) {
        let state = self.tables.dialog(id).map(|dialog| dialog.state);
        match state {
            Some(DialogState::Confirmed) => self.send_bye(now, id, Vec::new()),
            Some(DialogState::Offered { .. }) => self.bye(now, id, Vec::new()),
            _ => return,
        }
        self.lane.events.push_back(Event::Ended {
            dialog: id,
            by: EndedBy::Timeout,
        });
    }

    /// Sends the ACK of a 2xx that brought an offer, with our answer: after `Answered`, or after the `Response` to
    /// a re-INVITE without a body (13.2.2.4). Ignored where no ACK is owed.
    pub fn acknowledge(&mut self, dialog: DialogId, answer: Body) {
        let owed = self.tables.dialog(dialog).and_then(|d| d.ack.clone());
        if let Some(Ack::Owed { cseq }) = owed {
            self.send_ack(dialog, cseq, Some(answer));
        }
    }

    /// Acknowledges a 2xx, at once where it brought no offer.
    fn acknowledge_answer(&mut self, arrival: Arrival<'_, '_>, id: DialogId) {
        let cseq = arrival.essentials.cseq;
        match self.tables.dialog(id) {
            Some(dialog) if arrival.brings_offer => dialog.ack = Some(Ack::Owed { cseq }),
            _ => self.send_ack(id, cseq, None),
        }
    }

    /// Sends the ACK of a 2xx and keeps it for copies.
    pub(super) fn send_ack(&mut self, id: DialogId, cseq: u32, body: Option<Body>) {
        let branch = self.identity.branch();
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        let mut draft = dialog.draft_ack(cseq, body);
        draft.branch = branch;
        let (to, bytes) = (draft.to, draft.render(&self.config, &[]));
        self.lane.send(to, bytes.clone());
        dialog.ack = Some(Ack::Sent { cseq, to, bytes });
    }

    /// A called phone rings, or plays early media: its early dialog is kept, and a reliable 1xx acknowledged.
    fn handle_progress(&mut self, arrival: Arrival<'_, '_>, id: DialogId) {
        let (message, answer) = (arrival.message, arrival.essentials);
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        let (mut fork, mut is_reliable) = (0, false);
        if answer.to.tag().is_some() {
            let (peer, tag) = (dialog.path.peer, dialog.local_tag.clone());
            let Some((number, is_new)) = dialog.forks.note(message, answer, &tag, peer) else {
                self.lane.stats.received.strays += 1;
                return;
            };
            if is_new {
                self.tables.index_fork(id, number);
            }
            let taken = self.take_reliable(arrival.now, id, number, (message, answer));
            let Some(taken) = taken else { return };
            (fork, is_reliable) = (number, taken);
        }
        self.lane.events.push_back(Event::Progress {
            dialog: id,
            fork,
            status: arrival.status,
            is_reliable,
            body: owned::body(message),
        });
    }

    fn acknowledge_refusal(&mut self, tx: TxId, message: &Message<'_>) {
        let Some(outbound) = self.tables.client(tx) else {
            return;
        };
        if let Some(draft) = &outbound.draft {
            let to = message.first(Kind::To).unwrap_or_default();
            outbound
                .client
                .acknowledge(&mut self.lane, draft.ack_refusal(&self.config, to));
        }
    }

    fn tell_answer(
        &mut self,
        arrival: Arrival<'_, '_>,
        tx: TxId,
        request_dialog: Option<DialogId>,
    ) {
        let headers = owned::headers(arrival.message);
        let (status, body) = (arrival.status, owned::body(arrival.message));
        self.lane.events.push_back(Event::Response {
            tx,
            status,
            request_dialog,
            headers,
            body,
        });
    }
}
