//! Server transactions: a request of a peer from its arrival until no copy of it can come any more
//! (RFC 3261 17.2, RFC 6026 7.1).
//!
//! A finished one keeps its key, its deadline and the bytes of its last response.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::deadline::Reason;
use crate::endpoint::{DialogId, TxId};
use crate::lane::{Lane, Owner};
use crate::offset::Offset;
use crate::transaction::key::Key;
use crate::transport::Peer;

/// How far a server transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// No final response yet.
    Proceeding,
    /// Final response sent (for INVITE: a refusal, repeated until its ACK).
    Completed,
    /// The refusal was acknowledged.
    Confirmed,
    /// An INVITE was answered 2xx; the dialog repeats that itself.
    Accepted,
}

/// What a due deadline did to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It lives on.
    Lives,
    /// 100 Trying is due.
    WantsTrying,
    /// It is over.
    Gone,
}

/// A server transaction.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) id: TxId,
    pub(crate) state: State,
    pub(crate) is_invite: bool,
    pub(crate) key: Key,
    /// Where a copy on another path would be found, while this one has no final response.
    pub(crate) merged: Option<Key>,
    /// Where responses go.
    pub(crate) reply_to: Peer,
    /// Where they go once the connection of the request is gone.
    pub(crate) fallback: Option<Peer>,
    /// The dialog it belongs to or has made.
    pub(crate) dialog: Option<DialogId>,
    /// The response a copy of the request is answered with.
    last: Vec<u8>,
    interval: Duration,
}

/// A finished transaction as a value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lingering {
    id: u64,
    state: State,
    is_invite: bool,
    key: Key,
    reply_to: Peer,
    fallback: Option<Peer>,
    last: Vec<u8>,
    interval: Duration,
    /// When it is woken, and for what.
    pub(crate) wakes: Vec<(Reason, Offset)>,
}

impl Server {
    /// A transaction that was finished elsewhere.
    pub(crate) fn lingered(lingering: Lingering) -> Self {
        let Lingering {
            id,
            state,
            is_invite,
            key,
            reply_to,
            ..
        } = lingering;
        Self {
            state,
            fallback: lingering.fallback,
            last: lingering.last,
            interval: lingering.interval,
            ..Self::new(TxId(id), key, is_invite, reply_to)
        }
    }

    /// A finished one as a value.
    pub(crate) fn lingering(&self, wakes: Vec<(Reason, Offset)>) -> Lingering {
        Lingering {
            id: self.id.0,
            state: self.state,
            is_invite: self.is_invite,
            key: self.key.clone(),
            reply_to: self.reply_to,
            fallback: self.fallback,
            last: self.last.clone(),
            interval: self.interval,
            wakes,
        }
    }

    /// Whether its final response was sent: it goes on by itself.
    pub(crate) fn is_answered(&self) -> bool {
        self.state != State::Proceeding
    }

    pub(crate) fn new(id: TxId, key: Key, is_invite: bool, reply_to: Peer) -> Self {
        Self {
            id,
            state: State::Proceeding,
            is_invite,
            key,
            merged: None,
            reply_to,
            fallback: None,
            dialog: None,
            last: Vec::new(),
            interval: Duration::ZERO,
        }
    }

    /// Takes a copy of the request.
    pub(crate) fn handle_copy(&self, lane: &mut Lane) {
        lane.stats.retransmissions_received += 1;
        let answers = matches!(self.state, State::Proceeding | State::Completed);
        if answers && !self.last.is_empty() {
            lane.resend(self.reply_to, &self.last);
        }
    }

    /// Sends a refusal that may have been lost with its connection once more.
    pub(crate) fn resend_refusal(&self, lane: &mut Lane) {
        if self.is_invite && self.state == State::Completed {
            lane.resend(self.reply_to, &self.last);
        }
    }

    /// Takes an ACK; whether it was for a refusal of this transaction.
    pub(crate) fn handle_ack(&mut self, lane: &mut Lane, now: Instant) -> bool {
        match self.state {
            State::Completed if self.is_invite => {
                self.state = State::Confirmed;
                lane.deadlines.clear_all(Owner::Tx(self.id));
                let linger = self.linger(lane.timers.t4);
                lane.wake_tx(self.id, Reason::AckLinger, now, linger);
                self.last = Vec::new();
                true
            }
            State::Confirmed => {
                lane.stats.retransmissions_received += 1;
                true
            }
            _ => false,
        }
    }

    /// Sends a response.
    pub(crate) fn send(&mut self, lane: &mut Lane, now: Instant, status: u16, bytes: Vec<u8>) {
        let patience = lane.timers.patience();
        lane.deadlines.clear(Owner::Tx(self.id), Reason::Trying);
        lane.send(self.reply_to, bytes.clone());
        self.last = bytes;
        if status < 200 {
            return;
        }
        if !self.is_invite {
            self.state = State::Completed;
            let linger = self.linger(patience);
            lane.wake_tx(self.id, Reason::RequestLinger, now, linger);
        } else if status < 300 {
            self.state = State::Accepted;
            self.last = Vec::new();
            lane.wake_tx(self.id, Reason::AcceptedLinger, now, patience);
        } else {
            self.state = State::Completed;
            self.interval = lane.timers.t1;
            if !self.reply_to.transport.is_reliable() {
                lane.wake_tx(self.id, Reason::RefusalRetransmit, now, self.interval);
            }
            lane.wake_tx(self.id, Reason::RefusalUnacknowledged, now, patience);
        }
    }

    /// How long copies of the request may still come; none do on a reliable transport (timers I and J).
    fn linger(&self, unreliable: Duration) -> Duration {
        if self.reply_to.transport.is_reliable() {
            Duration::ZERO
        } else {
            unreliable
        }
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, lane: &mut Lane, now: Instant, reason: Reason) -> Fate {
        match reason {
            Reason::Trying => Fate::WantsTrying,
            Reason::RefusalRetransmit => {
                lane.resend(self.reply_to, &self.last);
                self.interval = (self.interval * 2).min(lane.timers.t2);
                lane.wake_tx(self.id, Reason::RefusalRetransmit, now, self.interval);
                Fate::Lives
            }
            Reason::RefusalUnacknowledged => {
                lane.stats.timeouts += 1;
                Fate::Gone
            }
            _ => Fate::Gone,
        }
    }
}
