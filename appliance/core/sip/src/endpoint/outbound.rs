//! What an owner asks of a peer: a call, its end, requests inside it (RFC 3261 8.1, 9.1, 13.2, 15).

use std::time::Instant;

use crate::deadline::Reason;
use crate::dialog::{Ack, Dialog, Path, State as DialogState};
use crate::draft::{Draft, Names};
use crate::early::Forks;
use crate::endpoint::tables::{Answered, Outbound, Purpose};
use crate::endpoint::{DialogId, Endpoint, Event, TxId, reliable};
use crate::login::Login;
use crate::method::Method;
use crate::request::{Body, Headers, OutgoingInvite, Reply};
use crate::transaction::client::{Client, State};
use crate::transaction::key::Key;

impl Endpoint {
    /// Places a call. Its fate comes as `Progress`, then one of `Answered` and `Rejected`; 503 at once where
    /// there is no room.
    pub fn invite(&mut self, now: Instant, invite: OutgoingInvite) -> DialogId {
        self.identity.note(now);
        let id = self.tables.next_dialog();
        let capacity = self.config.capacity;
        if self.tables.dialogs() >= capacity.dialogs
            || self.tables.transactions() >= capacity.transactions
        {
            self.lane.stats.overloads += 1;
            self.tell_rejected(id, 503, "no room for another call");
            return id;
        }
        let local_tag = self.identity.tag();
        let from = from_value(&invite, &local_tag);
        let names = Names {
            call_id: self.identity.call_id().into_bytes(),
            from: from.into_bytes(),
            to: format!("<{}>", invite.to_uri).into_bytes(),
        };
        let tx = self.tables.next_tx();
        let mut draft = Draft::new(
            invite.to,
            Method::Invite,
            &invite.request_uri,
            names.clone(),
        );
        let dialog = Dialog {
            state: DialogState::Calling {
                tx,
                is_cancelled: false,
            },
            key: None,
            names,
            local_tag,
            local_cseq: 1,
            remote_cseq: None,
            path: Path {
                target: draft.uri.clone(),
                routes: Vec::new(),
                peer: invite.to,
                is_flow_lost: false,
            },
            login: invite.credentials.map(Login::new),
            answer: None,
            ack: None,
            reinvite: None,
            forks: Forks::default(),
        };
        self.tables.add_dialog(id, dialog);
        draft.headers = invite.headers;
        // An owner that says itself what is supported has decided.
        let is_said = draft.headers.iter().any(|(name, _)| name == "Supported");
        if self.config.offers_100rel && !is_said && invite.body.is_some() {
            let tag = reliable::TAG.to_owned();
            draft.headers.push(("Supported".to_owned(), tag));
        }
        draft.body = invite.body;
        self.start(now, tx, draft, Purpose::Call(id), None);
        id
    }

    /// Gives up a call placed with `invite`. One `Rejected` follows: 487 as a rule, whatever the peer's own status
    /// if it was quicker. Where its 2xx was quicker, it is acknowledged and ended by BYE. Ignored once the call is
    /// answered or gone.
    pub fn cancel(&mut self, now: Instant, dialog: DialogId) {
        self.cancel_because(now, dialog, Vec::new());
    }

    /// As `cancel`, with header fields for the CANCEL: a [`crate::ReasonHeader`] says why (RFC 3326).
    pub fn cancel_because(
        &mut self,
        now: Instant,
        dialog: DialogId,
        headers: Vec<(String, String)>,
    ) {
        let Some(DialogState::Calling {
            tx,
            is_cancelled: false,
        }) = self.tables.dialog(dialog).map(|dialog| dialog.state)
        else {
            return;
        };
        if let Some(calling) = self.tables.dialog(dialog) {
            calling.state = DialogState::Calling {
                tx,
                is_cancelled: true,
            };
            calling.forks.farewell = headers;
        }
        // Nothing may be cancelled before the peer has said 1xx; until then the wish is kept (9.1).
        if self
            .tables
            .client(tx)
            .is_some_and(|o| o.client.state == State::Proceeding)
        {
            self.send_cancel(now, tx);
        }
    }

    /// Ends a dialog: BYE where it is established, else `cancel` or 480. Nothing more is told of it, but for
    /// the `Rejected` of a `cancel`. A BYE after our own unacknowledged 2xx waits for the ACK (15).
    pub fn bye(&mut self, now: Instant, dialog: DialogId, cause_headers: Vec<(String, String)>) {
        let Some(ending) = self.tables.dialog(dialog) else {
            return;
        };
        match ending.state {
            DialogState::Calling { .. } => self.cancel_because(now, dialog, cause_headers),
            DialogState::Offered { tx } => {
                let reply = Reply {
                    headers: cause_headers,
                    ..Reply::new(480)
                };
                self.send_reply(now, tx, &reply);
            }
            DialogState::Confirmed => match &mut ending.answer {
                Some(answer) => {
                    answer.farewell = Some(cause_headers);
                    ending.state = DialogState::Ending;
                }
                None => self.send_bye(now, dialog, cause_headers),
            },
            DialogState::Ending => {}
        }
    }

    /// Sends a request inside a dialog: REFER, INFO, OPTIONS, a re-INVITE... While a call of ours rings, UPDATE and
    /// the like go to the phone that spoke last. Its `Response` always follows: 481 at
    /// once where there is no such dialog, 491 where another INVITE is under way (14.1), 408 where nobody answers.
    pub fn request(
        &mut self,
        now: Instant,
        dialog: DialogId,
        method: Method,
        headers: Vec<(String, String)>,
        body: Option<Body>,
    ) -> TxId {
        let tx = self.tables.next_tx();
        let is_invite = method == Method::Invite;
        let Some(open) = self.tables.dialog(dialog) else {
            self.tell_response(tx, 481, Some(dialog));
            return tx;
        };
        let can_send = match open.state {
            DialogState::Confirmed => true,
            DialogState::Offered { .. } => !is_invite,
            DialogState::Calling { .. } => !is_invite && open.forks.latest().is_some(),
            DialogState::Ending => false,
        };
        let is_busy = is_invite && (open.reinvite.is_some() || open.answer.is_some());
        if !can_send || is_busy {
            self.tell_response(tx, if is_busy { 491 } else { 481 }, Some(dialog));
            return tx;
        }
        let is_early = matches!(open.state, DialogState::Calling { .. });
        let draft = if is_early {
            open.draft_early(method, headers, body)
        } else {
            Some(open.draft(method, headers, body))
        };
        let Some(draft) = draft else {
            self.tell_response(tx, 481, Some(dialog));
            return tx;
        };
        if is_invite {
            open.reinvite = Some(tx);
        }
        self.start(now, tx, draft, Purpose::InDialog(dialog), None);
        tx
    }

    /// Sends a draft in a client transaction of its own; `told` is the identity the owner knows it by.
    pub(super) fn start(
        &mut self,
        now: Instant,
        tx: TxId,
        mut draft: Draft,
        purpose: Purpose,
        told: Option<TxId>,
    ) {
        draft.branch = self.identity.branch();
        let method = draft.method.as_str().as_bytes();
        let key = Key::client(draft.branch.as_bytes(), method);
        let is_invite = draft.method == Method::Invite;
        let credentials = self.credentials(purpose, &draft);
        let bytes = draft.render(&self.config, &credentials);
        let to = (draft.to, bytes);
        let client = Client::start(&mut self.lane, now, tx, key, is_invite, to);
        let draft = Some(Box::new(draft));
        self.tables.add_client(Outbound {
            client,
            draft,
            purpose,
            told: told.unwrap_or(tx),
            answered: Answered::default(),
            is_longer: false,
        });
    }

    /// Sends BYE on an established dialog, which lives on only to take the answer.
    pub(super) fn send_bye(&mut self, now: Instant, id: DialogId, headers: Vec<(String, String)>) {
        let tx = self.tables.next_tx();
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        dialog.state = DialogState::Ending;
        let owed = dialog.ack.clone();
        self.bound_reinvite(now, id);
        if let Some(Ack::Owed { cseq }) = owed {
            // Our answer never came; the 2xx is acknowledged all the same (13.2.2.4).
            self.send_ack(id, cseq, None);
        }
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        let draft = dialog.draft(Method::Bye, headers, None);
        self.start(now, tx, draft, Purpose::Farewell(id), None);
    }

    /// A peer should refuse a re-INVITE whose dialog ends (15.1.2), but one that has said 1xx may say no more: it is
    /// waited for 64*T1 from now on.
    pub(super) fn bound_reinvite(&mut self, now: Instant, id: DialogId) {
        let reinvite = self.tables.dialog_ref(id).and_then(|d| d.reinvite);
        if let Some(tx) = reinvite.and_then(|told| self.tables.client_told(told)) {
            let patience = self.lane.timers.patience();
            self.lane.wake_tx(tx, Reason::CancelTimeout, now, patience);
        }
    }

    /// Sends CANCEL for an INVITE that was told 1xx, and waits no longer than 64*T1 for its end (9.1).
    pub(super) fn send_cancel(&mut self, now: Instant, invite: TxId) {
        let tx = self.tables.next_tx();
        let Some(outbound) = self.tables.client(invite) else {
            return;
        };
        let Some(draft) = &outbound.draft else { return };
        let key = Key::client(draft.branch.as_bytes(), b"CANCEL");
        let headers = match outbound.purpose {
            Purpose::Call(id) => self.tables.dialog_ref(id).map(|d| d.forks.farewell.clone()),
            _ => None,
        };
        let Some(outbound) = self.tables.client(invite) else {
            return;
        };
        let Some(draft) = &outbound.draft else { return };
        let cancel = draft.cancel(&self.config, &headers.unwrap_or_default());
        let to = (outbound.client.to, cancel);
        let patience = self.lane.timers.patience();
        self.lane
            .wake_tx(invite, Reason::CancelTimeout, now, patience);
        let client = Client::start(&mut self.lane, now, tx, key, false, to);
        let (draft, purpose) = (None, Purpose::Unwatched);
        self.tables.add_client(Outbound {
            client,
            draft,
            purpose,
            told: tx,
            answered: Answered::default(),
            is_longer: false,
        });
    }

    /// Tells the owner that a call of ours failed.
    pub(super) fn tell_rejected(&mut self, dialog: DialogId, status: u16, reason: &str) {
        let reason = reason.to_owned();
        self.lane.events.push_back(Event::Rejected {
            dialog,
            status,
            reason,
            headers: Headers::default(),
        });
    }

    /// Tells the owner a final answer that no peer sent.
    pub(super) fn tell_response(
        &mut self,
        tx: TxId,
        status: u16,
        request_dialog: Option<DialogId>,
    ) {
        let (headers, body) = (Headers::default(), None);
        self.lane.events.push_back(Event::Response {
            tx,
            status,
            request_dialog,
            headers,
            body,
        });
    }
}

/// Our From: display name quoted, then URI and tag.
fn from_value(invite: &OutgoingInvite, tag: &str) -> String {
    let display = invite.display.as_deref().map(|name| {
        let plain: String = name.chars().filter(|c| !c.is_control()).collect();
        format!("\"{}\" ", plain.replace('\\', "\\\\").replace('"', "\\\""))
    });
    format!(
        "{}<{}>;tag={tag}",
        display.unwrap_or_default(),
        invite.from_uri
    )
}
