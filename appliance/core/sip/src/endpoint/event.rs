//! What an endpoint asks of its owner and tells it: identities, messages to send, events.

use std::fmt;

use crate::request::{Body, Headers, Request};
use crate::transport::Peer;

/// A transaction of one endpoint, counted from 1 and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub u64);

/// A dialog of one endpoint, counted from 1 and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialogId(pub u64);

impl fmt::Display for TxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tx-{}", self.0)
    }
}

impl fmt::Display for DialogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dialog-{}", self.0)
    }
}

/// One message to be sent now. On a stream the owner uses the connection it has with that peer, or opens one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: Peer,
    /// What.
    pub bytes: Vec<u8>,
}

/// Who ended a dialog the owner did not end itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The peer's BYE, already answered 200; with its Reason header (RFC 3326) where it had one.
    Peer {
        /// The Reason value as received.
        reason: Option<String>,
    },
    /// A request of ours inside the dialog was answered 408 or 481, or not at all (RFC 3261 12.2.1.2).
    Timeout,
}

/// What an endpoint tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new call. The owner must `progress`, `accept`, `respond`, `challenge` or `drop_silently`; nothing was
    /// sent yet, and 100 Trying follows by itself only if the owner says nothing for 200 ms.
    Invite {
        /// The transaction to answer.
        tx: TxId,
        /// Where it came from.
        from: Peer,
        /// The request.
        request: Request,
    },
    /// Any other request. A BYE inside a dialog never comes here: it is answered 200 and ends the dialog. With
    /// a To tag and no dialog it belongs to a call we do not know (481 is the RFC's answer).
    Request {
        /// The transaction to answer.
        tx: TxId,
        /// The dialog it belongs to.
        dialog: Option<DialogId>,
        /// Where it came from.
        from: Peer,
        /// The request.
        request: Request,
    },
    /// The caller gave up: its CANCEL was answered 200 and its INVITE 487.
    Cancelled {
        /// The INVITE's transaction, now closed; an early dialog of it is gone.
        tx: TxId,
        /// The Reason of the CANCEL (RFC 3326): another phone took the call, for one.
        reason: Option<String>,
    },
    /// Our 2xx to an INVITE or re-INVITE was acknowledged.
    Acked {
        /// The dialog.
        dialog: DialogId,
        /// The answer, where our 2xx carried the offer.
        body: Option<Body>,
    },
    /// A reliable 1xx of ours was acknowledged (RFC 3262); its PRACK was answered 200. One that brings an offer
    /// of the caller is told without body, and follows as a `Request` to be answered.
    Pracked {
        /// The INVITE's transaction.
        tx: TxId,
        /// Its early dialog.
        dialog: DialogId,
        /// The answer, where our 1xx carried the offer.
        body: Option<Body>,
    },
    /// Our 2xx was never acknowledged, BYE was sent and the dialog is gone (RFC 3261 13.3.1.4); or a reliable
    /// 1xx was not, and the INVITE was refused 504 (RFC 3262 3).
    Unacknowledged {
        /// The dialog.
        dialog: DialogId,
    },
    /// The called party rings or is being looked for (100 is not told).
    Progress {
        /// The dialog.
        dialog: DialogId,
        /// Which phone of a forked call says so, counted from 0 in the order they spoke up.
        fork: usize,
        /// 101 to 199.
        status: u16,
        /// Whether it was reliable; its PRACK was sent.
        is_reliable: bool,
        /// Early media, where offered.
        body: Option<Body>,
    },
    /// The called party answered; the ACK was sent. Where our INVITE had no offer and `body` is one, the ACK
    /// waits for `acknowledge` with our answer.
    Answered {
        /// The dialog.
        dialog: DialogId,
        /// The header fields of the 2xx.
        headers: Headers,
        /// The answer, or the offer.
        body: Option<Body>,
    },
    /// Our INVITE failed; the dialog is gone. 408 where nobody answered, 487 after `cancel`.
    Rejected {
        /// The dialog.
        dialog: DialogId,
        /// 300 to 699.
        status: u16,
        /// The reason phrase as received.
        reason: String,
        /// The header fields; empty where no answer came.
        headers: Headers,
    },
    /// The final answer to any other request of ours; 408 where none came.
    Response {
        /// The transaction `request` or `send_options` named.
        tx: TxId,
        /// 200 to 699.
        status: u16,
        /// The dialog it was sent in.
        request_dialog: Option<DialogId>,
        /// The header fields; empty where no answer came.
        headers: Headers,
        /// The body.
        body: Option<Body>,
    },
    /// The dialog is gone and the owner did not end it.
    Ended {
        /// The dialog.
        dialog: DialogId,
        /// Who ended it.
        by: EndedBy,
    },
}
