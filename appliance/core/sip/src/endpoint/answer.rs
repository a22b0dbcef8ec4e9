//! What an owner does with a peer's request: answer it, challenge it, or forget it.

use std::time::Instant;

use crate::deadline::Reason;
use crate::dialog::{Answer, State as DialogState};
use crate::digest::{self, DigestVerdict};
use crate::endpoint::{DialogId, Endpoint, TxId};
use crate::lane::Owner;
use crate::request::{Reply, Request};
use crate::transaction::server::State;

impl Endpoint {
    /// Answers `tx`. On a new INVITE a tagged 1xx is `progress` and a 2xx `accept`. Ignored where `tx` is closed
    /// or has its final answer; a status outside 100 to 699 is sent as 500.
    pub fn respond(&mut self, now: Instant, tx: TxId, reply: &Reply) {
        let makes_dialog = self
            .tables
            .server(tx)
            .is_some_and(|inbound| inbound.server.is_invite);
        match reply.status {
            101..200 if makes_dialog => {
                self.progress(now, tx, reply, false);
            }
            200..300 if makes_dialog => {
                self.answer_invite(now, tx, reply);
            }
            _ => self.send_reply(now, tx, reply),
        }
    }

    /// Lets the answers to `tx` say what we are (Server, RFC 3261 20.35): its sender has proved itself.
    pub fn introduce(&mut self, tx: TxId) {
        let inbound = self.tables.server(tx);
        if let Some(head) = inbound.and_then(|inbound| inbound.head.as_mut()) {
            head.says_server = true;
        }
    }

    /// Answers `tx` 401, asking for digest with SHA-256 or MD5 in `realm` (RFC 8760). It says `stale=true` where
    /// the request used a nonce that is no longer good.
    pub fn challenge(&mut self, now: Instant, tx: TxId, realm: &str) {
        let is_stale = self
            .tables
            .server(tx)
            .is_some_and(|inbound| inbound.is_stale);
        let nonce = self.identity.nonce(now);
        let mut reply = Reply::new(401);
        let offered = &self.config.challenge;
        for value in digest::challenges(offered, realm, &nonce, is_stale) {
            reply = reply.with_header("WWW-Authenticate", value);
        }
        self.send_reply(now, tx, &reply);
    }

    /// Whether `request` carries a right answer to a challenge of ours, in `realm`, by `user` with `password`. Nonces are
    /// stateless: an overheard answer works again for the same method and uri until its nonce is stale.
    pub fn verify(
        &self,
        now: Instant,
        request: &Request,
        user: &str,
        password: &str,
        realm: &str,
    ) -> DigestVerdict {
        digest::verify(request, (user, password), realm, |nonce| {
            self.identity.is_fresh(now, nonce)
        })
    }

    /// Forgets `tx` and answers nothing; a copy of the request comes as a new one.
    pub fn drop_silently(&mut self, tx: TxId) {
        self.lane.deadlines.clear_all(Owner::Tx(tx));
        if let Some(dialog) = self
            .tables
            .remove_server(tx)
            .and_then(|inbound| inbound.server.dialog)
            && self
                .tables
                .dialog(dialog)
                .is_some_and(|d| d.state == DialogState::Offered { tx })
        {
            self.forget_dialog(dialog);
        }
    }

    /// Sends a 2xx on an INVITE and repeats it until its ACK, for 64*T1 at most (13.3.1.4); the dialog it
    /// makes. Where `tx` is closed nothing is sent and the identity leads nowhere. Behind a reliable 1xx that
    /// carried a session description it waits for the PRACK (RFC 3262 3).
    pub fn accept(&mut self, now: Instant, tx: TxId, reply: &Reply) -> DialogId {
        self.answer_invite(now, tx, reply)
    }

    /// Sends a 1xx or 2xx on an INVITE and keeps its dialog.
    pub(super) fn answer_invite(&mut self, now: Instant, tx: TxId, reply: &Reply) -> DialogId {
        let Some(id) = self.early_dialog(tx) else {
            return self.tables.next_dialog();
        };
        let known = self.tables.server(tx).and_then(|i| i.reliable.as_mut());
        match known.filter(|known| reply.status >= 200 && known.holds_answer()) {
            Some(known) => known.hold(reply),
            None => self.send_reply(now, tx, reply),
        }
        id
    }

    /// The dialog of an INVITE that is still open.
    pub(super) fn early_dialog(&mut self, tx: TxId) -> Option<DialogId> {
        let is_open = self.tables.server(tx).is_some_and(|inbound| {
            inbound.server.is_invite && inbound.server.state == State::Proceeding
        });
        is_open.then(|| self.establish(tx))
    }

    /// The dialog of an INVITE, put into the table if it was not yet.
    fn establish(&mut self, tx: TxId) -> DialogId {
        let fresh = self.tables.next_dialog();
        let Some(inbound) = self.tables.server(tx) else {
            return fresh;
        };
        if let Some(known) = inbound.server.dialog {
            return known;
        }
        inbound.server.dialog = Some(fresh);
        if let Some(seed) = inbound.seed.take() {
            self.tables.add_dialog(fresh, *seed);
        }
        fresh
    }

    /// Renders and sends a response, and keeps what its status changes.
    pub(super) fn send_reply(&mut self, now: Instant, tx: TxId, reply: &Reply) {
        let status = if (100..700).contains(&reply.status) {
            reply.status
        } else {
            500
        };
        let Some(inbound) = self.tables.server(tx) else {
            return;
        };
        let (State::Proceeding, Some(head)) = (inbound.server.state, &inbound.head) else {
            return;
        };
        let bytes = head.render(&self.config, self.relief, reply);
        inbound
            .server
            .send(&mut self.lane, now, status, bytes.clone());
        if status < 200 {
            return;
        }
        inbound.head = None;
        inbound.seed = None;
        inbound.reliable = None;
        for reason in [Reason::ProgressRetransmit, Reason::ProgressUnacknowledged] {
            self.lane.deadlines.clear(Owner::Tx(tx), reason);
        }
        let (is_invite, cseq, to) = (
            inbound.server.is_invite,
            inbound.cseq,
            inbound.server.reply_to,
        );
        let (dialog, refresh) = (inbound.server.dialog, inbound.refresh.take());
        self.tables.unmerge(tx);
        let Some(id) = dialog else { return };
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        if status >= 300 {
            if dialog.state == (DialogState::Offered { tx }) {
                self.forget_dialog(id);
            }
            return;
        }
        if let Some(target) = refresh {
            dialog.path.target = target;
        }
        if is_invite {
            let interval = self.lane.timers.t1;
            let patience = self.lane.timers.patience();
            dialog.state = DialogState::Confirmed;
            dialog.answer = Some(Answer {
                cseq,
                to,
                bytes,
                interval,
                farewell: None,
            });
            self.lane
                .wake_dialog(id, Reason::AnswerRetransmit, now, interval);
            self.lane
                .wake_dialog(id, Reason::AnswerUnacknowledged, now, patience);
        }
    }

    /// Removes a dialog and its deadlines.
    pub(super) fn forget_dialog(&mut self, id: DialogId) {
        self.lane.deadlines.clear_all(Owner::Dialog(id));
        self.tables.remove_dialog(id);
    }
}
